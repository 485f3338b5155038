"""Statistics by class, from which starts of generation are drawn, and their file. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from core.data.sample_sets import map_title
from core.shared.files import ArchiveContent, Fact

FACTS = (Fact("class_names", "list"), Fact("dataset", "text"), Fact("split", "text"))


@dataclass(frozen=True, eq=False)
class StatisticsByClass(ArchiveContent):
    """Statistics of K classes.

    numbers: as stored, rounded; the first axis is the class, in label order. metadata: class names, data set's name,
    split, source and content hash.
    """

    numbers: dict[str, np.ndarray]
    metadata: dict[str, Any]

    word: ClassVar[str]  # name of the numbers in errors

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(self.metadata["class_names"])

    @property
    def counts(self) -> list[int]:
        """Number of images of each class."""
        return list(self.numbers["counts"]) if "counts" in self.numbers else self.metadata["counts"]

    def arrays(self) -> dict[str, np.ndarray]:
        return self.numbers

    @classmethod
    def build(cls, metadata: dict[str, Any], **arrays: np.ndarray) -> Self:
        return cls(arrays, metadata)

    def find(self, name: str) -> tuple[int, str]:
        """Return a class's label and a description of its images.

        Raises:
            ValueError: unknown class.
        """
        if name not in self.class_names:
            raise ValueError(f"no {self.word} for class {name!r}; there are some for {', '.join(self.class_names)}")
        label = self.class_names.index(name)
        return label, self.images_in_words(self.counts[label], f"“{name}”")

    def images_in_words(self, count: int, what: str) -> str:
        """Return a phrase such as '5,000 training images of “cat” in CIFAR-10'."""
        return images_in_words(count, self.metadata["split"], what, self.metadata["dataset"])


def images_in_words(count: int, split: str, what: str, dataset: str) -> str:
    """'5,000 training images of “cat” in CIFAR-10'."""
    return f"{count:,} {'training' if split == 'train' else split} images of {what} in {map_title(dataset)}"
