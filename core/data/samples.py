"""The bundled sample images: 100 CIFAR-10 test images and a dozen free photographs, each with its provenance.

`precomputed/make_samples.py` chose and wrote them.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.data.archive import read_archive
from core.data.dataset import ImageDataset
from core.data.folder import read_picture
from core.data.sample_sets import SampleSet, sets_by_dataset


@dataclass(frozen=True)
class SampleCredit:
    """Title, author, source and licence of a sample image."""

    title: str
    author: str
    source: str
    licence: str


def load_samples(name: str) -> ImageDataset:
    """Load bundled images.

    Args:
        name: "cifar10-samples", 100 test images of 32 x 32 pixels, 10 for each class; or "photographs",
            pictures cropped to 224 x 224 pixels whose labels are among ImageNet's 1,000 classes.
    Raises:
        ValueError: an unknown name.
        FileNotFoundError, RuntimeError: a bundled file is missing or damaged.
    """
    row = _row(name)
    record = _record(row)
    if photographs := record.get("photographs"):
        images = np.stack([read_picture(row.folder / photograph["file"], row.side) for photograph in photographs])
        labels = np.array([photograph["imagenet_index"] for photograph in photographs], dtype=np.int64)
    else:
        archive = read_archive(row.folder / "images.npz")
        images, labels = archive.images, archive.labels
    return ImageDataset(name, "test", images.transpose(0, 3, 1, 2).copy(), labels, row.classes, record["title"])


def sample_credits(name: str) -> tuple[SampleCredit, ...]:
    """Return the credits of the images of `load_samples(name)`, in the same order.

    Raises:
        ValueError, FileNotFoundError: as `load_samples`.
    """
    record = _record(_row(name))
    entries = record.get("photographs") or [
        record | {"title": f"{image['class']}, test image {image['index']}"} for image in record["images"]
    ]
    return tuple(
        SampleCredit(*(entry[field] for field in ("title", "author", "source", "licence"))) for entry in entries
    )


def _row(name: str) -> SampleSet:
    known = sets_by_dataset()
    if name not in known:
        raise ValueError(f"sample images {name!r} are unknown; known: {', '.join(known)}")
    return known[name]


def _record(row: SampleSet) -> dict[str, Any]:
    return json.loads((row.folder / "provenance.json").read_text(encoding="utf-8"))
