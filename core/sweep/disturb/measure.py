"""The loop over disturbances and strengths: every picture disturbed, and put to the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.provenance import outcome_facts
from core.images.disturbances import DISTURBANCES, STRENGTHS, disturbed
from core.images.radii import energy_by_radius
from core.shared.device import device_name
from core.sweep.disturb.outcomes import DisturbedOutcomes
from core.sweep.outcomes import growing
from core.sweep.predictions import batches, finite_top1, pixels, undisturbed_top1

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.data.dataset import ImageDataset

BATCH = 64


@dataclass(frozen=True)
class DisturbConfig:
    """What a file depends on, beside classifier, data set and table of disturbances.

    pictures: how many, at least 1; more than there are means all. seed: of their choice, and of what is random.
    """

    pictures: int
    seed: int = 0

    def __post_init__(self) -> None:
        if self.pictures < 1:
            raise ValueError(f"pictures must be at least 1; got {self.pictures}")


def draw_pictures(count: int, config: DisturbConfig) -> np.ndarray:
    """Positions among `count` pictures, each once; fewer of the same seed are the first of more."""
    return np.random.default_rng(config.seed).permutation(count)[: config.pictures]


def empty_outcomes(classifier: Classifier, dataset: ImageDataset, config: DisturbConfig) -> DisturbedOutcomes:
    """What will be measured, before anything is."""
    side, pictures = dataset.image_size, min(config.pictures, len(dataset))
    amounts = {row.key: [row.amount(s, side) for s in STRENGTHS] for row in DISTURBANCES.values()}
    facts = outcome_facts(classifier, dataset, config.seed, pictures=pictures, disturbances=amounts)
    rows, radii = (len(DISTURBANCES), len(STRENGTHS)), len(energy_by_radius(np.zeros((1, 1, side, side))))
    correct, spectrum = np.zeros((*rows, pictures), dtype=bool), np.full((*rows, radii), np.nan)
    return DisturbedOutcomes(np.zeros(pictures, dtype=bool), correct, spectrum, facts)


def growing_disturbances(
    classifier: Classifier,
    dataset: ImageDataset,
    config: DisturbConfig,
    start: DisturbedOutcomes,
    *,
    batch_size: int = BATCH,
) -> Iterator[DisturbedOutcomes]:
    """The outcomes after each disturbance and strength that `start`, of these settings, lacks.

    Raises:
        RuntimeError: the logits are not finite.
    """
    positions = draw_pictures(len(dataset), config)

    def measure(outcomes: DisturbedOutcomes, d: int, s: int) -> dict[str, Any]:
        arrays = {"correct": outcomes.correct.copy(), "spectrum": outcomes.spectrum.copy()}
        if not outcomes.measured.any():
            found = undisturbed_top1(classifier, dataset, positions, batch_size)
            arrays["undisturbed"] = found == dataset.labels[positions]
        row, right, energy = list(DISTURBANCES.values())[d], [], np.zeros(outcomes.spectrum.shape[-1])
        for some in batches(positions, batch_size):
            images = pixels(dataset, some)
            changed = disturbed(images, row, STRENGTHS[s], some.tolist(), seed=config.seed)
            energy += energy_by_radius(changed - images) * len(some) / len(positions)
            right.append(finite_top1(classifier, changed) == dataset.labels[some])
        arrays["correct"][d, s], arrays["spectrum"][d, s] = np.concatenate(right), energy
        return arrays

    return growing(start, measure, device_name(classifier))
