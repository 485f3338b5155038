"""Import a run log of the paper, printed percentages per wave, as a heat map file.

    python -m precomputed.makers.published LOG.csv clip-vit-b-32_cifar10 precomputed/heatmaps

The log's columns are i, j, top1_error_percent, top5_error_percent; one row per wave of the half plane j >= 0.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from core.data.sample_sets import CIFAR10, imagenet100
from core.fourier.heatmap import Heatmap
from core.fourier.waves import half_plane, wave_values

CIFAR10_TEST = {
    "dataset": {"name": "cifar10", "split": "test", "n": 10_000, "content_hash": None},
    "image_size": 32,
    "epsilon": 4.0,
}
# What each log says of itself, and where the paper says otherwise: metadata, then the source's own part of them.
_RUNS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "clip-vit-b-32_cifar10": (
        CIFAR10_TEST
        | {
            "classifier": {
                "name": "clip-vit-b-32",
                "kind": "zero-shot",
                "weights_id": "OpenAI CLIP ViT-B/32",
                "sha256": None,
                "patch_grid": 7,
            },
            "template": "a photo of a {class}",
        },
        {
            "figure": "Figure 1, left",
            "run": "2021-11-23, TITAN Xp, 3 h 36 min",
            "note": 'Which code made this map cannot be recovered: its log is called "nohup_out_clip_unkonw", and the '
            "log of an earlier run with the same options (nohup_out_clip, 2021-11-11) gives 79.4 % error at (0, 0), "
            "where this one gives 17.8 %. Pictures normalised twice, and mended in between, would explain it; the "
            "repository keeps no commit of that time.",
        },
    ),
    "resnet-56_cifar10": (
        CIFAR10_TEST
        | {
            "classifier": {
                "name": "resnet-56",
                "kind": "closed-set",
                "weights_id": "pytorch_resnet_cifar10 resnet56-4bfd9763",
                "sha256": "4bfd97631478d6b638d2764fd2baff3edb1d7d82252d54439343b6596b9b5367",
            },
            "template": None,
            # Not in the log: core.sweep with these weights on all test images, normalised as in the paper's run.
            "clean_measured_here": {"top1_errors": 672, "n": 10_000},
        },
        {
            "figure": "Figure 1, right",
            "run": "2021-11-18, 18 min",
            "note": 'The paper calls the classifier of this figure "Resnet50"; the run\'s log says ResNet-56.',
        },
    ),
    "resnet-50_imagenet100": (
        {
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
        },
        {
            "figure": "Figure 2, right",
            "run": "2022-02-27, 5 h 57 min",
            "note": "The printed digits show 1,000 images (10 per class), where the paper's text suggests 5,000. "
            "The paper draws the central 63 x 63 of these 125 x 125 waves.",
        },
    ),
}


def import_published(log: Path, run: str) -> Heatmap:
    """Return the heat map of the log of a run in `_RUNS`.

    Raises:
        ValueError: the log has another shape, or lacks waves.
    """
    rows = np.loadtxt(log, delimiter=",", skiprows=1)
    i, j = rows[:, 0].astype(int), rows[:, 1].astype(int)
    # The last column, and the row opposite to it, are Nyquist waves, which a centred odd map cannot hold.
    half = j.max() - 1
    rates = np.full((2, 2 * half + 1, 2 * half + 1), np.nan)
    inside = np.maximum(abs(i), abs(j)) <= half
    # Waves with j = 0 were run as (i, 0) and as (-i, 0): both measurements stay as they were.
    for chosen, sign in ((inside & (j > 0), -1), (inside, 1)):
        rates[:, half + sign * i[chosen], half + sign * j[chosen]] = rows[chosen, 2:].T / 100
    if np.isnan(rates).any():
        raise ValueError(f"{log.name} lacks {int(np.isnan(rates[0]).sum())} waves of its half plane")
    facts, source = _RUNS[run]
    metadata = {
        **facts,
        "norm": "l2 per channel",
        "sign_rule": "independent random sign per image and channel",
        "seed": None,
        "dtype": "float32",
        "class_names": list((CIFAR10 if facts["dataset"]["name"] == "cifar10" else imagenet100()).names),
        "source": {
            "type": "published",
            "citation": f"Galindo & Faria, Understanding CLIP Robustness, {source['figure']}",
            "run": source["run"],
            "url": "https://github.com/yurigalindo/FourierHeatmap",
            "commit": "b97de37",
            "licence": "MIT",
            "rounding": "percentages printed with three significant digits",
            "repeated": "waves with j = 0 were measured twice, as (i, 0) and as (-i, 0), with other signs: the two "
            f"differ by {100 * np.abs(rates[0, :half, half] - rates[0, :half:-1, half]).mean():.2f} points on average",
            "note": source["note"],
        },
    }
    waves = np.array(half_plane(rates.shape[-1]))
    printed = np.full((1 + len(waves), 2, 2), np.nan)
    printed[1:] = np.stack([wave_values(rates, sign * waves).T for sign in (1, -1)], axis=1)
    counts, hits = np.zeros(len(printed), np.int64), np.full((len(printed), 2), -1)
    return Heatmap(counts, hits, metadata, numbers={"printed_rates": printed})


def main() -> None:
    """Write one heat map file."""
    parser = argparse.ArgumentParser(
        prog="python -m precomputed.makers.published", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("log", type=Path, help="the run log, CSV")
    parser.add_argument("run", choices=sorted(_RUNS), help="which run it is")
    parser.add_argument("output", type=Path, help="folder to write RUN_published.npz into")
    args = parser.parse_args()
    import_published(args.log, args.run).save(args.output / f"{args.run}_published.npz")


if __name__ == "__main__":
    main()
