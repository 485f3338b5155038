"""What starts of generation are drawn from, for every class of a data set, and the file that holds it. No torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from core.data.dataset import ImageDataset
from core.files import ArchiveKind, Fact, write_atomically

FACTS = (Fact("class_names", "list"), Fact("dataset", "text"), Fact("split", "text"))


@dataclass(frozen=True, eq=False, kw_only=True)
class ByClass(ABC):
    """Numbers of K classes.

    Args:
        class_names: in label order.
        mean: (K, 3, h, w) float32 in [0, 1].
        counts: (K,) images of each class.
        metadata: data set's name, split, source and content hash.
    """

    class_names: tuple[str, ...]
    mean: np.ndarray
    counts: np.ndarray
    metadata: dict[str, Any]

    kind: ClassVar[ArchiveKind]
    word: ClassVar[str]  # what errors call the numbers

    def find(self, name: str) -> tuple[int, str]:
        """A class's label, and which images its numbers come from.

        Raises:
            ValueError: unknown class.
        """
        if name not in self.class_names:
            raise ValueError(f"no {self.word} for class {name!r}; there are some for {', '.join(self.class_names)}")
        label, facts = self.class_names.index(name), self.metadata
        return label, f"{self.counts[label]:,} {facts['split']} images of class {name!r}, {facts['dataset']}"

    @abstractmethod
    def stored(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """The file's arrays, rounded, and facts beside `metadata`."""

    @classmethod
    @abstractmethod
    def restored(cls, class_names: tuple[str, ...], metadata: dict[str, Any], **arrays: np.ndarray) -> Self:
        """From the file's arrays and all its facts."""

    def save(self, path: str | Path) -> None:
        """Write atomically, rounded as `stored` says.

        Raises:
            FileNotFoundError: the folder does not exist.
        """
        arrays, facts = self.stored()
        write_atomically(
            Path(path), self.kind.pack(arrays, {**self.metadata, **facts, "class_names": self.class_names})
        )

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a file written by `save`.

        Raises:
            FileNotFoundError: no such file.
            RuntimeError: damaged, or of an unknown schema version.
        """
        return cls.kind.load(
            path, lambda facts, **arrays: cls.restored(tuple(facts.pop("class_names")), facts, **arrays)
        )


def images_by_class(dataset: ImageDataset) -> list[np.ndarray]:
    """The images of each class, in label order."""
    return [dataset.images[dataset.labels == label] for label in range(len(dataset.classes))]


def common_fields(dataset: ImageDataset) -> dict[str, Any]:
    """The fields of `ByClass` that do not depend on what its numbers are."""
    names, facts = dataset.classes.names, ("split", "source", "content_hash")
    return {
        "class_names": names,
        "counts": np.bincount(dataset.labels, minlength=len(names)),
        "metadata": {"dataset": dataset.name, **{fact: getattr(dataset, fact) for fact in facts}},
    }
