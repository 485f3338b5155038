"""The profiled network, and rows for a profile's files: path, cost and maker. No torch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.data.dataset import ImageDataset
from core.data.datasets import load_dataset
from core.data.sample_sets import SAMPLE_SETS

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.data.classes import ClassSet

SAMPLES = "cifar10-samples"
GRADIENT_PASSES = 3  # cost of a forward and backward pass, in forward passes
SMALL = 32  # pixels: larger pictures would take some parts too long, or have no judges
UNFINISHED = ".unfinished"  # suffix of an incomplete file, which no page reads


@dataclass(eq=False)
class ProfiledNetwork:
    """The profiled network.

    load: loads it for a class set. quick: less data than a full profile. images: the first pictures of the data set in
    an order fixed by the seed; None for all. judges: loads the judges of its pictures, for
    its name and a device; None for the usual ones. again: whether to recompute finished files.
    """

    name: str
    load: Callable[[ClassSet], Classifier]
    images: Callable[[int | None], ImageDataset]
    quick: bool
    seed: int = 0
    batch_size: int | None = None
    judges: Callable[[str, Any], tuple[Classifier, Classifier | None]] | None = None
    again: bool = False
    _loaded: dict[ClassSet, Classifier] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """The network's name for file names."""
        return re.sub(r"[^\w.-]+", "-", self.name)

    def classifier(self, classes: ClassSet) -> Classifier:
        """Return the classifier for some classes; the last one stays loaded."""
        if classes not in self._loaded:
            self._loaded.clear()
            self._loaded[classes] = self.load(classes)
        return self._loaded[classes]

    def count(self, amounts: tuple[int, int]) -> int:
        """Return the amount for a quick or a full profile."""
        return amounts[not self.quick]


@dataclass(frozen=True)
class ProfileFile:
    """A file of a profile: its path in the folder, its cost in forward passes, and its maker.

    is_there: whether an existing file suffices.
    """

    path: Path
    passes: float
    make: Callable[[Path], None]
    is_there: Callable[[Path], bool] = Path.is_file


@dataclass(frozen=True)
class ProfilePart:
    """A part of a profile.

    key: for the option --parts. what: name in a sentence. items: yields a network's files, in order.
    """

    key: str
    what: str
    items: Callable[[ProfiledNetwork], Iterator[ProfileFile]]


def usual_dataset(vocabulary: str | None, data_dir: Path | None = None) -> str:
    """Return CIFAR-10 if available, else its bundled pictures; the photographs for ImageNet networks."""
    if vocabulary not in (None, "cifar10"):
        return next(row.dataset for row in SAMPLE_SETS.values() if row.class_set == vocabulary)
    try:
        load_dataset("cifar10", data_dir, limit=1)
    except FileNotFoundError:
        return SAMPLES
    return "cifar10"


def grown(make: Callable[[Path], None], count: int, path: Path) -> None:
    """Write a file under another name while incomplete, and rename it when done."""
    unfinished = unfinished_path(path, count)
    make(unfinished)
    unfinished.replace(path)


def unfinished_path(path: Path, count: int) -> Path:
    """Return the path of a file while it is incomplete; count: tells amounts of data apart."""
    return path.with_name(f"{path.stem}-{count}{UNFINISHED}")
