"""A profiled network, and the files of its profile. Does not import torch."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.classifiers.registry import classifier_spec
from core.data.sample_sets import ClassSet, ImageDataset
from core.shared.files import make_folder

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier


GRADIENT_PASSES = 3  # cost of a forward and backward pass, in forward passes
MAX_PROFILED_SIDE = 32  # pixels: larger pictures would take some parts too long, or have no judges
_UNFINISHED = ".unfinished"  # suffix of an incomplete file, which no page reads


def profile_name(classifier: str) -> str:
    """Return the name of a classifier's profile and of its files."""
    return re.sub(r"[^\w.-]+", "-", classifier)


@dataclass(eq=False)
class ProfiledNetwork:
    """The profiled network.

    load: loads it for a class set. quick: less data than a full profile. images: the first pictures of the data set in
    an order fixed by the seed; None for all. judge: loads the judge of its pictures onto a device; None for
    the usual one. again: whether to recompute finished files. dtype: of the maps' forward passes.
    """

    name: str
    load: Callable[[ClassSet], Classifier]
    images: Callable[[int | None], ImageDataset]
    quick: bool
    seed: int = 0
    batch_size: int | None = None
    judge: Callable[[Any], Classifier | None] | None = None
    again: bool = False
    dtype: str = "float32"
    _loaded: dict[ClassSet, Classifier] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """Name of the network in file names."""
        return profile_name(self.name)

    @property
    def vocabulary(self) -> str | None:
        """Vocabulary of its fixed classes; None if classes come as prompts."""
        return classifier_spec(self.name).vocabulary

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

    make: writes the file, or completes it where it is incomplete; sweeps return its content. is_enough: whether an
    existing file suffices. replaces: path of a file with less data.
    """

    path: Path
    passes: float
    make: Callable[[Path], Any]
    is_enough: Callable[[Path], bool] = Path.is_file
    replaces: Path | None = None

    def is_there(self, folder: Path) -> bool:
        """Return whether a profile's folder has a sufficient file."""
        path = folder / self.path
        return path.is_file() and self.is_enough(path)

    def make_in(self, folder: Path) -> None:
        """Make the file in a profile's folder; while incomplete it has another name, which tells amounts apart."""
        path = folder / self.path
        unfinished = path.with_name(f"{path.stem}-{self.passes:.0f}{_UNFINISHED}")
        make_folder(path.parent)
        self.make(unfinished)
        unfinished.replace(path)
        if self.replaces is not None:
            (folder / self.replaces).unlink(missing_ok=True)


class MissingDataError(Exception):
    """A network or its pictures lack what a part needs; the message continues a sentence about the part."""
