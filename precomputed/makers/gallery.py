"""Write the drawings that pages show, as lossy files: the gallery, the opening and the cards.

    python -m precomputed.makers.drawings --work FOLDER --photographs DIR   # draws the gallery's words
    OMP_NUM_THREADS=1 python -m precomputed.makers.gallery --work FOLDER

Writes precomputed/views: 100 words as drawn by both methods (gallery/, gallery.json), a strip of frames of each of
`OPENING_WORDS` by each method, one of these words by all four (opening-*.webp, opening.json), and the pictures of two
cards. What networks say of a picture is computed from the file that is shown. Takes five minutes of a core.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from core.classifiers.classifier import Classifier
from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.holes import fill_hole, middle_square
from core.data.picture_files import decode_image, to_uint8
from core.data.sample_sets import imagenet
from core.data.stored import classifier_facts, computed_source
from core.pgd.drawings import (
    CARDS,
    DRAWINGS,
    GALLERY_FILE,
    OPENING_FILE,
    SIZE,
    familiar,
    judged_path,
    strip_path,
)
from core.pgd.methods import COMPARED, METHODS, MethodName
from core.pgd.pictures import ranks
from core.pgd.settings import defaults
from core.pgd.starts import draw_starts
from core.pgd.steps import Generation, pgd_steps
from core.shared.device import class_probabilities, device_name, prepare_torch
from core.shared.files import make_folder, write_atomically
from precomputed.makers.drawings import PAINTER, judge_names, short, still
from precomputed.makers.plans import SEED, drawn_classes

# Picked by eye from the gallery's 100 words, and pages say so; of the first five frames are stored, too.
PICKED = (
    "tiger", "alp", "meerkat", "sea cucumber", "toy terrier", "trilobite", "wine bottle", "bell pepper", "dhole",
    "thatch", "swing", "coral reef",
)  # fmt: skip
OPENING_WORDS = PICKED[:5]
FOUR = PICKED[0]  # drawn by all four methods
FRAMES, GROWTH = 10, 1.7  # of a strip: frame k is at (k / 9)^1.7 of the run, so that most show its beginning
STRIP_QUALITY = 80  # of WebP
CARD_SIZE = 160  # pixels


def main() -> None:
    """Write all files from the finished drawings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder of precomputed.makers.drawings")
    work = parser.parse_args().work
    prepare_torch()
    torch.set_num_threads(1)
    painter, judges = load_classifier(PAINTER), [load_classifier(name) for name in judge_names()]
    make_folder(DRAWINGS / "gallery")
    rows = [_word(work, label, COMPARED, painter, judges) for label in drawn_classes()]
    four = _word(work, imagenet().names.index(FOUR), tuple(METHODS), painter, judges[:1])
    strips = {word: _strips(word, painter, judges[0]) for word in OPENING_WORDS}
    facts = made_by(painter)
    known = [classifier_facts(judge) for judge in judges]
    write_facts(GALLERY_FILE, facts | {"judges": known, "size": SIZE, "words": rows})
    write_facts(OPENING_FILE, facts | {"judge": known[0], "picked": PICKED, "words": strips, "methods": four})
    _write_cards(rows)


def made_by(painter: Classifier, start: str = "") -> dict[str, Any]:
    """Return what a file of facts says of how its pictures were made; start: as in `defaults`."""
    config = defaults("generation", SIZE, "views", start=start).to_json()
    source = computed_source(
        device_name(painter.device), torch=torch.__version__, cpu=torch.backends.cpu.get_cpu_capability()
    )
    return {"painter": classifier_facts(painter), "seed": SEED, "config": config, "source": source}


def write_facts(path: Path, content: dict[str, Any]) -> None:
    """Write a file of facts on shown pictures."""
    write_atomically(path, json.dumps(content, indent=1, ensure_ascii=False).encode())


def show(
    frames: Sequence[np.ndarray],
    path: Path,
    label: int,
    painter: Classifier,
    judges: Sequence[Classifier],
) -> dict[str, Any]:
    """Write (3, H, W) uint8 frames, stacked, as a lossy file; return what the networks say of this file."""
    picture = np.concatenate(frames, axis=1)
    write_atomically(path, still(picture) if path.suffix == ".jpg" else webp(picture))
    return said_of(path, len(frames), label, painter, judges)


def said_of(path: Path, frames: int, label: int, painter: Classifier, judges: Sequence[Classifier]) -> dict[str, Any]:
    """Return the painter's confidence in each frame of a file, or in its only one, and what judges say of the last."""
    pixels = decode_image(path.read_bytes()).transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    images = np.stack(np.split(pixels, frames, axis=1))
    confidence = [short(shares[label]) for shares in class_probabilities(painter, images)]
    judged = [class_probabilities(judge, images[-1:]) for judge in judges]
    return {
        "confidence": confidence if frames > 1 else confidence[0],
        "says": [imagenet().names[int(shares.argmax())] for shares in judged],
        "ranks": [int(ranks(shares, [label])[0]) for shares in judged],
        "shares": [short(shares.max()) for shares in judged],
    }


def webp(picture: np.ndarray, size: int = 0) -> bytes:
    """Encode a (3, H, W) uint8 picture as a lossy file, shrunk to a size unless that is 0."""
    file, image = io.BytesIO(), Image.fromarray(picture.transpose(1, 2, 0))
    image = image.resize((size, size), Image.Resampling.LANCZOS) if size else image
    image.save(file, "WEBP", quality=STRIP_QUALITY, method=6)
    return file.getvalue()


def _word(
    work: Path, label: int, methods: Sequence[MethodName], painter: Classifier, judges: Sequence[Classifier]
) -> dict[str, Any]:
    """Write a word's finished drawings by these methods; return what the networks say of each."""
    row: dict[str, Any] = {"label": label, "word": imagenet().names[label]}
    for method in methods:
        with np.load(work / f"draw-{method}-{label}.npz", allow_pickle=False) as file:
            row[method] = show([file["result"]], judged_path(label, method), label, painter, judges)
    return row


def _strips(word: str, painter: Classifier, judge: Classifier) -> dict[str, Any]:
    """Draw a word by both methods; write the frames of each, and return what the networks say of them."""
    label, ours = imagenet().names.index(word), defaults("generation", SIZE, "views")
    start = torch.from_numpy(draw_starts([word], 1, "photographs", SEED, "grey"))
    steps = [round(ours.steps * (k / (FRAMES - 1)) ** GROWTH) for k in range(FRAMES)]
    row: dict[str, Any] = {}
    for method in COMPARED:
        config = replace(ours, method=ours.method.variant(method))
        states = pgd_steps(painter, Generation(torch.tensor([label])), start, config, seed=SEED)
        stored = [state for state in states if state.step in steps]
        frames = [to_uint8(state.images[0].numpy()).transpose(2, 0, 1) for state in stored]
        facts = show(frames, strip_path(word, method), label, painter, [judge])
        row[method] = {"steps": steps, "norm": short(stored[-1].perturbation_norm[0]), **facts}
    return row


def _write_cards(rows: Sequence[dict[str, Any]]) -> None:
    """Write the cards' pictures: a hole in a photograph, and the first familiar drawing that the judge recognises."""
    samples = load_samples("photographs")
    image = samples.images[samples.labels.tolist().index(imagenet().names.index("hen"))]
    hole = fill_hole(image.astype(np.float32) / np.float32(255), middle_square(SIZE, SIZE // 3))
    write_atomically(CARDS["hole"], webp(to_uint8(hole).transpose(2, 0, 1), CARD_SIZE))
    label = next(row["label"] for row in rows if row["word"] in familiar() and row["views"]["ranks"][0] == 1)
    picture = decode_image(judged_path(label, "views").read_bytes()).transpose(2, 0, 1)
    write_atomically(CARDS["judge"], webp(picture, CARD_SIZE))


if __name__ == "__main__":
    main()
