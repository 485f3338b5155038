"""The corruptions as transforms of a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.data.provenance import outcome_facts
from core.images.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from core.images.radii import energy_by_radius
from core.sweep.corruption.outcomes import CorruptionOutcomes

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.data.dataset import ImageDataset


@dataclass(frozen=True)
class CorruptionConfig:
    """Settings of a measurement, besides classifier, data set and table of corruptions.

    pictures: their number, at least 1; at most all are used. seed: of their choice and of random corruptions.
    """

    pictures: int
    seed: int = 0

    def __post_init__(self) -> None:
        if self.pictures < 1:
            raise ValueError(f"pictures must be at least 1; got {self.pictures}")

    def places(self, dataset: ImageDataset) -> np.ndarray:
        """Return (n, 1) distinct positions; fewer of the same seed are the first of more."""
        return np.random.default_rng(self.seed).permutation(len(dataset))[: self.pictures, None]

    def empty(self, classifier: Classifier, dataset: ImageDataset) -> CorruptionOutcomes:
        """Return outcomes before any measurement."""
        side, pictures = dataset.image_size, min(self.pictures, len(dataset))
        amounts = {row.key: [row.amount(s, side) for s in STRENGTHS] for row in CORRUPTIONS.values()}
        facts = outcome_facts(classifier, dataset, self.seed, pictures=pictures, corruptions=amounts)
        rows, radii = (len(CORRUPTIONS), len(STRENGTHS)), len(energy_by_radius(np.zeros((1, 1, side, side))))
        correct, spectrum = np.zeros((*rows, pictures), dtype=bool), np.full((*rows, radii), np.nan)
        return CorruptionOutcomes(np.zeros(pictures, dtype=bool), correct, spectrum, facts)

    def apply(
        self, place: tuple[int, ...], pictures: list[np.ndarray], positions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the pictures under one corruption at one strength, and the energy of the change by radius."""
        row, (images,) = list(CORRUPTIONS.values())[place[0]], pictures
        changed = corrupt(images, row, STRENGTHS[place[1]], positions[:, 0].tolist(), seed=self.seed)
        return changed, energy_by_radius(changed - images)
