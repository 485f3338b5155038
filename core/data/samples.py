"""The bundled sample images: 100 CIFAR-10 test images and a dozen free photographs, each with its provenance.

They were chosen and written by `precomputed/make_samples.py`.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.data.classes import CIFAR10, PRECOMPUTED, imagenet
from core.data.archive import open_archive, read_images
from core.data.dataset import ImageDataset
from core.data.folder import read_pictures

SAMPLES = PRECOMPUTED / "samples"
SAMPLE_NAMES = ("cifar10-samples", "photographs")
PHOTOGRAPH_SIZE = 224


@dataclass(frozen=True)
class SampleCredit:
    """Where a sample image comes from: what it shows, who made it, where it is published, its licence."""

    title: str
    author: str
    source: str
    licence: str


def load_samples(name: str) -> ImageDataset:
    """Load bundled images; needs no network and no other file.

    Args:
        name: "cifar10-samples", 100 test images of 32 x 32 pixels, 10 for each class; or "photographs",
            pictures cropped to 224 x 224 pixels whose labels are among ImageNet's 1,000 classes.
    Raises:
        ValueError: an unknown name.
        FileNotFoundError, RuntimeError: the bundled files are missing or damaged.
    """
    record = _record(name)
    if name == "cifar10-samples":
        archive = open_archive(SAMPLES / "cifar10" / "images.npz")
        images = np.empty((archive.shape[0], 3, *archive.shape[1:3]), dtype=np.uint8)
        read_images(archive, np.arange(archive.shape[0]), images)
        return ImageDataset(name, "test", images, archive.labels, CIFAR10, record["title"])
    photographs = record["photographs"]
    images = np.empty((len(photographs), 3, PHOTOGRAPH_SIZE, PHOTOGRAPH_SIZE), dtype=np.uint8)
    read_pictures([SAMPLES / name / photograph["file"] for photograph in photographs], images)
    labels = np.array([photograph["imagenet_index"] for photograph in photographs], dtype=np.int64)
    return ImageDataset(name, "test", images, labels, imagenet(), record["title"])


def sample_credits(name: str) -> tuple[SampleCredit, ...]:
    """Credits of the images that `load_samples(name)` returns, in the same order.

    Raises:
        ValueError, FileNotFoundError, RuntimeError: as `load_samples`.
    """
    record = _record(name)
    if name == "cifar10-samples":
        return tuple(
            SampleCredit(f"{image['class']}, test image {image['index']}", *(record[k] for k in _SHARED))
            for image in record["images"]
        )
    return tuple(
        SampleCredit(photograph["title"], *(photograph[k] for k in _SHARED)) for photograph in record["photographs"]
    )


_SHARED = ("author", "source", "licence")


def _record(name: str) -> dict[str, Any]:
    if name not in SAMPLE_NAMES:
        raise ValueError(f"sample images {name!r} are unknown; known: {', '.join(SAMPLE_NAMES)}")
    file = SAMPLES / ("cifar10" if name == "cifar10-samples" else name) / "provenance.json"
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(f"the bundled samples {file} are missing: check the repository out again") from None
    except ValueError as error:
        raise RuntimeError(f"{file}: damaged ({error}): check the repository out again") from error
