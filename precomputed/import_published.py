"""Import a run log of the paper, printed percentages per wave, as a heat map file.

    python -m precomputed.import_published LOG.csv clip-vit-b-32_cifar10 precomputed/heatmaps

The log's columns are i, j, top1_error_percent, top5_error_percent; one row per wave of the half plane j >= 0.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.data.classes import CIFAR10, imagenet100
from core.fourier.basis import frequency_to_cell
from core.fourier.heatmap import SCHEMA, Heatmap

REPOSITORY = "https://github.com/yurigalindo/FourierHeatmap"
COMMIT = "b97de37"
CITATION = "Galindo & Faria, Understanding CLIP Robustness"

# What the logs say of themselves, and where the paper says otherwise.
RUNS: dict[str, dict[str, Any]] = {
    "clip-vit-b-32_cifar10": {
        "classifier": {
            "name": "clip-vit-b-32",
            "kind": "zero-shot",
            "weights_id": "OpenAI CLIP ViT-B/32",
            "sha256": None,
        },
        "dataset": {"name": "cifar10", "split": "test", "n": 10_000, "content_hash": None},
        "image_size": 32,
        "epsilon": 4.0,
        "template": "a photo of a {class}",
        "figure": "Figure 1, left",
        "run": "2021-11-23, TITAN Xp, 3 h 36 min",
        "note": "",
    },
    "resnet-56_cifar10": {
        "classifier": {
            "name": "resnet-56",
            "kind": "closed-set",
            "weights_id": "pytorch_resnet_cifar10 resnet56-4bfd9763",
            "sha256": "4bfd97631478d6b638d2764fd2baff3edb1d7d82252d54439343b6596b9b5367",
        },
        "dataset": {"name": "cifar10", "split": "test", "n": 10_000, "content_hash": None},
        "image_size": 32,
        "epsilon": 4.0,
        "template": None,
        "figure": "Figure 1, right",
        "run": "2021-11-18, 18 min",
        "note": 'The paper calls the classifier of this figure "Resnet50"; the run\'s log says ResNet-56.',
    },
    "resnet-50_imagenet100": {
        "classifier": {
            "name": "resnet-50",
            "kind": "closed-set",
            "weights_id": "torchvision resnet50 IMAGENET1K_V1",
            "sha256": None,
        },
        "dataset": {"name": "imagenet100", "split": "val", "n": 1_000, "content_hash": None},
        "image_size": 224,
        "epsilon": 15.7,
        "template": None,
        "figure": "Figure 2, right",
        "run": "2022-02-27, 5 h 57 min",
        "note": "The printed digits show 1,000 images (10 per class), where the paper's text suggests 5,000. "
        "The paper draws the central 63 x 63 of these 125 x 125 waves.",
    },
}


def import_published(log: Path, run: str) -> Heatmap:
    """The heat map of one run log.

    Args:
        log: the CSV file.
        run: which of `RUNS` it is.
    Raises:
        ValueError: an unknown run, missing columns, or a hole in the half plane.
    """
    if run not in RUNS:
        raise ValueError(f"run {run!r} is unknown; use one of {', '.join(RUNS)}")
    facts = RUNS[run]
    with open(log, encoding="utf-8", newline="") as stream:
        rows = [
            (int(row["i"]), int(row["j"]), float(row["top1_error_percent"]), float(row["top5_error_percent"]))
            for row in csv.DictReader(stream)
        ]
    # The last column, and the row opposite to it, are Nyquist waves, which a centred odd map cannot hold.
    half = max(j for _, j, _, _ in rows) - 1
    rates = np.full((2, 2 * half + 1, 2 * half + 1), np.nan)
    inside = [row for row in rows if max(abs(row[0]), abs(row[1])) <= half]
    for i, j, top1, top5 in inside:
        # Waves with j = 0 were run as (i, 0) and as (-i, 0): both measurements stay as they were.
        mirrored = [] if j == 0 else [(-i, -j)]
        for wave in [(i, j), *mirrored]:
            rates[(slice(None), *frequency_to_cell(*wave, 2 * half + 1))] = top1 / 100, top5 / 100
    if np.isnan(rates).any():
        raise ValueError(f"{log.name} lacks {int(np.isnan(rates[0]).sum())} waves of its half plane")
    unknown = np.full(rates.shape[1:], -1, dtype=np.int64)
    return Heatmap(
        unknown,
        unknown.copy(),
        np.zeros_like(unknown),
        np.full(3, -1, dtype=np.int64),
        _metadata(facts),
        rates,
    )


def _metadata(facts: dict[str, Any]) -> dict[str, Any]:
    classes = CIFAR10 if facts["dataset"]["name"] == "cifar10" else imagenet100()
    kept = ("classifier", "dataset", "image_size", "epsilon", "template")
    return {
        "schema": SCHEMA,
        **{key: facts[key] for key in kept},
        "norm": "l2 per channel",
        "sign_rule": "independent random sign per image and channel",
        "seed": None,
        "dtype": "float32",
        "class_names": list(classes.names),
        "source": {
            "type": "published",
            "citation": f"{CITATION}, {facts['figure']}",
            "run": facts["run"],
            "url": REPOSITORY,
            "commit": COMMIT,
            "licence": "MIT",
            "rounding": "percentages printed with three significant digits",
            "repeated": "waves with j = 0 were measured twice, as (i, 0) and as (-i, 0); their spread, about one "
            "point, is the noise of the run",
            "note": facts["note"],
        },
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one heat map file."""
    options = argparse.ArgumentParser(
        prog="python -m precomputed.import_published", description=(__doc__ or "").split("\n")[0]
    )
    options.add_argument("log", type=Path, help="the run log, CSV")
    options.add_argument("run", choices=sorted(RUNS), help="which run it is")
    options.add_argument("output", type=Path, help="folder to write RUN_published.npz into")
    given = options.parse_args(arguments)
    import_published(given.log, given.run).save(given.output / f"{given.run}_published.npz")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
