"""A profiled network, and the files of its profile. Does not import torch."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.classifiers.registry import classifier_spec
from core.data.sample_sets import ClassSet, ImageDataset
from core.shared.files import make_folder

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier


MAX_PROFILED_SIZE = 32  # pixels: larger pictures would take hours in some parts, or have no judges
_UNFINISHED = ".unfinished"  # suffix of an incomplete file, which no page reads


def profile_name(classifier: str) -> str:
    """Return the name of a classifier's profile and of its files."""
    return re.sub(r"[^\w.-]+", "-", classifier)


def map_path(classifier: str, data: ImageDataset) -> Path:
    """Return the file of a classifier's map in its profile."""
    return Path("heatmaps", f"{profile_name(classifier)}_{data.name}-{len(data)}.npz")


@dataclass(frozen=True, eq=False)
class ProfiledNetwork:
    """The profiled network.

    classifier: loads it for a class set. quick: less data than a full profile. images: the first pictures of the data
    set in an order fixed by the seed; None for all. judge: loads the judge of its pictures onto a device; None for the
    usual one.
    """

    name: str
    classifier: Callable[[ClassSet], Classifier]
    images: Callable[[int | None], ImageDataset]
    quick: bool
    seed: int = 0
    judge: Callable[..., Classifier] | None = None

    @property
    def file_name(self) -> str:
        """Name of the network in file names."""
        return profile_name(self.name)

    @property
    def vocabulary(self) -> str | None:
        """Vocabulary of its fixed classes; None if classes come as prompts."""
        return classifier_spec(self.name).vocabulary

    def count(self, amounts: tuple[int, int]) -> int:
        """Return the amount for a quick or a full profile."""
        return amounts[not self.quick]


@dataclass(frozen=True)
class ProfileFile:
    """A file of a profile: its path in the folder, and its maker.

    make: writes or completes the file. is_enough: returns True if an existing file suffices.
    """

    path: Path
    make: Callable[[Path], object]
    is_enough: Callable[[Path], bool] = Path.is_file

    def is_there(self, folder: Path) -> bool:
        """Return True if a profile's folder has a sufficient file."""
        path = folder / self.path
        return path.is_file() and self.is_enough(path)

    def make_in(self, folder: Path, amount: str) -> None:
        """Make the file in a profile's folder; while incomplete it has another name, with the amount: quick or full."""
        path = folder / self.path
        unfinished = path.with_name(f"{path.stem}-{amount}{_UNFINISHED}")
        make_folder(path.parent)
        self.make(unfinished)
        unfinished.replace(path)


class MissingDataError(Exception):
    """A network or its pictures lack what a part needs; the message continues a sentence about the part."""
