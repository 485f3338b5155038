"""Compute the statistics and covariances of a data set's classes, for the starts of *Draw*, and what resizes keep.

    python -m precomputed.makers.class_statistics --data-dir DIR [--output FOLDER]

reads the training images of CIFAR-10, or of what `--dataset` names as `core.sweep waves --dataset` does, and writes
NAME.npz and NAME_covariance.npz into precomputed/statistics, NAME being that of the classes. Squares of 2 x 2 pixels
and 64 components are coarse enough to be a blur, and take 0.5 MB. natural_pixels.json has the mean and the covariance
of the colours of all their pixels. precomputed/strength/resize_attenuation.npz, for use without torch, has for pairs
of sizes the share of each wave's norm that a resize keeps, a map named IMAGE_NETWORK in pixels.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from core.classifiers.classifier import Preprocess
from core.data.class_statistics import (
    NATURAL_PIXELS,
    STATISTICS,
    DatasetCovariance,
    DatasetStatistics,
    class_covariance,
    class_statistics,
    covariance_path,
)
from core.data.datasets import add_dataset_options, named_dataset
from core.data.sample_sets import ImageDataset
from core.fourier.waves import STORED_ATTENUATION, largest_side, resize_attenuation
from core.shared.cli import run_script
from core.shared.files import npz_bytes, write_atomically, write_json

GRAIN, _KEPT_COMPONENTS = 2, 64


def dataset_statistics(dataset: ImageDataset) -> DatasetStatistics:
    """Return the statistics of every class, from all images.

    Raises:
        ValueError: a class with fewer than two images, whose spread is unknown.
    """
    named = zip(_images(dataset), dataset.classes.names, strict=True)
    statistics = [class_statistics(images, f"class {name!r}") for images, name in named]
    arrays = {part: np.stack([getattr(row, part) for row in statistics]).astype(np.float16) for part in ("mean", "std")}
    return DatasetStatistics({**arrays, "counts": np.bincount(dataset.labels)}, _facts(dataset))


def dataset_covariance(dataset: ImageDataset, grain: int, components: int) -> DatasetCovariance:
    """Return the covariances of every class, from all images; errors as for `class_covariance`."""
    members = _images(dataset)
    covariances = [class_covariance(images, grain, "", components) for images in members]
    mean, factors = (np.stack([getattr(row, part) for row in covariances]) for part in ("mean", "factors"))
    scales = np.abs(factors).max(axis=2).clip(1e-30) / 127  # few images have components that are all zeros
    arrays = {
        "mean": mean.astype(np.float16),
        "factors": (factors / scales[..., None]).round().astype(np.int8),
        "scales": scales.astype(np.float32),
    }
    facts = {"counts": [len(images) for images in members], "image_size": dataset.image_size}
    return DatasetCovariance(arrays, {**_facts(dataset), **facts})


def pixel_colors(dataset: ImageDataset) -> dict[str, Any]:
    """Return mean and covariance of all pixel colours, in [0, 1], with their source, as a JSON object."""
    pixels = dataset.images.transpose(1, 0, 2, 3).reshape(3, -1) / np.float32(255)
    mean = pixels.mean(axis=1, dtype=np.float64)
    deviations = pixels - mean[:, None].astype(np.float32)
    covariance = (deviations @ deviations.T).astype(np.float64) / pixels.shape[1]
    source = f"{len(dataset):,} {dataset.split} images of {dataset.name}"
    facts = {"content_hash": dataset.content_hash, "origin": dataset.source}
    return {"mean": mean.tolist(), "covariance": covariance.tolist(), "source": source, **facts}


def _images(dataset: ImageDataset) -> list[np.ndarray]:
    """Return the images of each class, in label order."""
    return [dataset.images[dataset.labels == label] for label in range(len(dataset.classes))]


def _facts(dataset: ImageDataset) -> dict[str, Any]:
    facts = {name: getattr(dataset, name) for name in ("split", "source", "content_hash")}
    return {"class_names": dataset.classes.names, "dataset": dataset.name, **facts}


SIZES = ((32, 64), (32, 224))  # CIFAR-10 into Mini CLIP and into CLIP ViT-B/32, both bicubic


def resize_attenuations() -> dict[str, np.ndarray]:
    """Return the file's arrays."""
    return {
        f"{size}_{side}": resize_attenuation(
            Preprocess(side, (0.0,) * 3, (1.0,) * 3), size, largest_side(size, size)
        ).astype(np.float32)
        for size, side in SIZES
    }


def main(argv: list[str] | None = None) -> int:
    """Write the files; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_dataset_options(parser, default="cifar10")
    parser.add_argument("--output", default=STATISTICS, type=Path, help="folder to write into")
    args = parser.parse_args(argv)
    return run_script(lambda: _run(args), "nothing was written")


def _run(args: argparse.Namespace) -> str:
    dataset = named_dataset(args, split="train")
    name = dataset.classes.name
    dataset_statistics(dataset).save(args.output / f"{name}.npz")
    dataset_covariance(dataset, GRAIN, _KEPT_COMPONENTS).save(args.output / covariance_path(name).name)
    write_json(args.output / NATURAL_PIXELS.name, pixel_colors(dataset))
    if args.output == STATISTICS:
        write_atomically(STORED_ATTENUATION, npz_bytes(**resize_attenuations()))
    return f"{len(dataset.classes)} classes, {len(dataset):,} images -> {args.output}"


if __name__ == "__main__":
    raise SystemExit(main())
