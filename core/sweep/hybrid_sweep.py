"""Sweep over the cutoffs of hybrid images: which of two pictures is predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.data.stored import outcome_facts
from core.fourier.outcomes import HybridOutcomes
from core.fourier.waves import clipped_fraction, mix
from core.sweep.grow import PictureTransforms, unmeasured

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier
    from core.data.sample_sets import ImageDataset

MAX_PAIRS = 1_000_000
_COARSE_SIZE = 32  # pixels
_SMALL_CUTOFFS = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 11.0, 16.0)


@dataclass(frozen=True)
class HybridConfig(PictureTransforms[HybridOutcomes]):
    """Settings of a measurement on hybrids, besides classifier and data set.

    pairs: number of pairs. cutoffs: ascending, in cycles per image. seed: for the choice of pairs.
    """

    number = "clipped"

    pairs: int
    cutoffs: tuple[float, ...]
    seed: int = 0
    batch_size: int | None = None

    def positions(self, dataset: ImageDataset) -> np.ndarray:
        """Return (n, 2) positions of the low and the high pictures."""
        return draw_pairs(dataset.labels, self.pairs, seed=self.seed)

    def empty(self, classifier: Classifier, dataset: ImageDataset) -> HybridOutcomes:
        labels, rows = dataset.labels[self.positions(dataset).T].astype(np.uint16), 1 + len(self.cutoffs)
        return HybridOutcomes(
            *unmeasured(rows, 2),
            outcome_facts(classifier, dataset, self.seed),
            np.zeros((rows, 2, -(-self.pairs // 8)), np.uint8),
            labels,
            np.zeros_like(labels),
            {"cutoffs": np.array([0.0, *self.cutoffs]), "clipped": np.full(rows, np.nan, np.float32)},
        )

    def apply(self, row: int, pictures: list[np.ndarray], positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the hybrids of one cutoff, and the share of their contrast lost by clipping."""
        low, high = pictures
        unclipped = mix(low, high, self.cutoffs[row - 1])
        return unclipped.clip(0, 1).astype(np.float32), clipped_fraction(unclipped).mean()


def default_cutoffs(image_size: int) -> tuple[float, ...]:
    """Return cutoffs up to half the size: dense near small networks' crossovers, above 32 pixels by quarter octave."""
    if image_size <= _COARSE_SIZE:
        return tuple(cutoff for cutoff in _SMALL_CUTOFFS if cutoff <= image_size / 2)
    octaves = np.log2(image_size / 2)
    return tuple(round(float(2 ** (k / 4)), 3) for k in range(int(4 * octaves) + 1))


def draw_pairs(labels: np.ndarray, count: int, *, seed: int) -> np.ndarray:
    """Draw pairs of pictures of different classes; fewer of the same seed are the first of more.

    The pictures are shuffled and paired: none is used twice until all have been used; then they are reshuffled.

    Args:
        labels: (N,) classes.
    Returns:
        (count, 2) int64 positions of the low and the high pictures.
    Raises:
        ValueError: all pictures have one class.
    """
    if (labels == labels[0]).all():
        raise ValueError("hybrids need pictures of different classes, and these all have one")
    generator = np.random.Generator(np.random.PCG64(seed))
    pairs = np.empty((0, 2), dtype=np.int64)
    while len(pairs) < count:
        two = generator.permutation(len(labels))[: len(labels) // 2 * 2].reshape(-1, 2)
        pairs = np.concatenate([pairs, two[labels[two[:, 0]] != labels[two[:, 1]]]])
    return pairs[:count]
