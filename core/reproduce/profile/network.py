"""The network whose profile is made, and files as rows: where each lies, what it costs, what makes it. No torch."""

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
GRADIENT_PASSES = 3  # what a pass forward and back costs, in passes forward
SMALL = 32  # pixels: of larger pictures some parts would take too long, or nobody judges them
UNFINISHED = ".unfinished"  # ends the name of a file that grows: no page reads it


@dataclass(eq=False)
class ProfiledNetwork:
    """The network whose profile is made.

    load: it, for a class set; a quick profile and a full one differ by how much of the data they take. images: the
    first pictures of the data set in an order that the seed fixes; None for all. judges: of what it paints, for its
    name and a device; None for the usual ones. again: whether nothing that is finished is taken over.
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
        """The network's name as part of a file's."""
        return re.sub(r"[^\w.-]+", "-", self.name)

    def classifier(self, classes: ClassSet) -> Classifier:
        """Return it for some classes; the last one stays loaded."""
        if classes not in self._loaded:
            self._loaded.clear()
            self._loaded[classes] = self.load(classes)
        return self._loaded[classes]

    def count(self, amounts: tuple[int, int]) -> int:
        """Choose between the amounts of a quick and of a full profile."""
        return amounts[not self.quick]


@dataclass(frozen=True)
class ProfileFile:
    """One file of a profile: its path in the folder, what it costs in passes forward, and what writes it.

    is_there: whether a file is what would be made, or more.
    """

    path: Path
    passes: float
    make: Callable[[Path], None]
    is_there: Callable[[Path], bool] = Path.is_file


@dataclass(frozen=True)
class ProfilePart:
    """A kind of file.

    key: for the option --parts. what: within a sentence. items: the files of a network, in order.
    """

    key: str
    what: str
    items: Callable[[ProfiledNetwork], Iterator[ProfileFile]]


def usual_dataset(vocabulary: str | None, data_dir: Path | None = None) -> str:
    """Name CIFAR-10 where it is here, else its bundled pictures; the photographs for networks of ImageNet's classes."""
    if vocabulary not in (None, "cifar10"):
        return next(row.dataset for row in SAMPLE_SETS.values() if row.class_set == vocabulary)
    try:
        load_dataset("cifar10", data_dir, limit=1)
    except FileNotFoundError:
        return SAMPLES
    return "cifar10"


def grown(make: Callable[[Path], None], count: int, path: Path) -> None:
    """Let a file of so many pictures grow under another name, and give it its own once it is whole."""
    unfinished = path.with_name(f"{path.stem}-{count}{UNFINISHED}")
    make(unfinished)
    unfinished.replace(path)
