"""Sweep over corruptions: the error under each at each strength."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.data.corruptions import CORRUPTIONS, STRENGTHS, corrupt, energy_by_radius
from core.data.stored import outcome_facts
from core.fourier.outcomes import CorruptionOutcomes
from core.sweep.grow import PictureTransforms, unmeasured

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier
    from core.data.sample_sets import ImageDataset


@dataclass(frozen=True)
class CorruptionConfig(PictureTransforms[CorruptionOutcomes]):
    """Settings of a measurement, besides classifier, data set and table of corruptions.

    pictures: number of pictures; at most all are used. seed: for their choice and for random corruptions.
    """

    number = "spectrum"

    pictures: int
    seed: int = 0
    batch_size: int | None = None

    def positions(self, dataset: ImageDataset) -> np.ndarray:
        """Return (n, 1) distinct positions; fewer of the same seed are the first of more."""
        return np.random.default_rng(self.seed).permutation(len(dataset))[: self.pictures, None]

    def empty(self, classifier: Classifier, dataset: ImageDataset) -> CorruptionOutcomes:
        size, n = dataset.image_size, min(self.pictures, len(dataset))
        amounts = {row.key: [row.amount(s, size) for s in STRENGTHS] for row in CORRUPTIONS.values()}
        facts = outcome_facts(classifier, dataset, self.seed, pictures=n, corruptions=amounts)
        rows, radii = 1 + len(CORRUPTIONS) * len(STRENGTHS), len(energy_by_radius(np.zeros((1, 1, size, size))))
        bits, spectrum = np.zeros((rows, 1, -(-n // 8)), np.uint8), np.full((rows, radii), np.nan, np.float32)
        return CorruptionOutcomes(*unmeasured(rows, 1), facts, bits, numbers={"spectrum": spectrum})

    def apply(self, row: int, pictures: list[np.ndarray], positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the pictures under one corruption at one strength, and the energy of the change by radius."""
        number, strength = divmod(row - 1, len(STRENGTHS))
        (images,) = pictures
        corruption = list(CORRUPTIONS.values())[number]
        changed = corrupt(images, corruption, STRENGTHS[strength], positions[:, 0].tolist(), seed=self.seed)
        return changed, energy_by_radius(changed - images)
