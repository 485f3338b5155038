"""The loop over disturbances and strengths: every picture disturbed, and put to the network."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core.data.provenance import classifier_facts, computed_source, dataset_facts
from core.device import device_name
from core.images.disturbances import DISTURBANCES, STRENGTHS, disturbed
from core.images.radii import energy_by_radius
from core.sweep.disturb.outcomes import DisturbedOutcomes
from core.sweep.predictions import batches, finite_top1

if TYPE_CHECKING:
    from core.classifiers.base import Classifier
    from core.data.dataset import ImageDataset

BATCH = 64
_CONFIGURATION = ("classifier", "dataset", "image_size", "seed", "pictures", "disturbances", "class_names", "template")


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
    metadata = {
        "classifier": classifier_facts(classifier),
        "dataset": dataset_facts(dataset),
        "image_size": side,
        "seed": config.seed,
        "pictures": pictures,
        "disturbances": {row.key: [row.amount(s, side) for s in STRENGTHS] for row in DISTURBANCES.values()},
        "class_names": list(dataset.classes.names),
        "template": classifier.template,
        "source": {},
    }
    rows = len(DISTURBANCES), len(STRENGTHS)
    radii = len(energy_by_radius(np.zeros((1, 1, side, side))))
    correct, spectrum = np.zeros((*rows, pictures), dtype=bool), np.full((*rows, radii), np.nan)
    return DisturbedOutcomes(np.zeros(pictures, dtype=bool), correct, spectrum, metadata)


def same_configuration(a: DisturbedOutcomes, b: DisturbedOutcomes) -> bool:
    """Whether one can go on where the other stopped."""
    return all(a.metadata.get(name) == b.metadata.get(name) for name in _CONFIGURATION)


def growing_disturbances(
    classifier: Classifier,
    dataset: ImageDataset,
    config: DisturbConfig,
    start: DisturbedOutcomes | None = None,
    *,
    batch_size: int = BATCH,
) -> Iterator[DisturbedOutcomes]:
    """The outcomes after each disturbance and strength; the last are whole.

    Args:
        start: of the same configuration: what was measured is kept.
    Raises:
        ValueError: at the first step, when `start` is of another configuration.
        RuntimeError: the logits are not finite.
    """
    outcomes = empty_outcomes(classifier, dataset, config)
    if start is not None:
        if not same_configuration(start, outcomes):
            raise ValueError("these disturbances were measured with other settings")
        outcomes = start
    positions, begun = draw_pictures(len(dataset), config), time.perf_counter()
    before = outcomes.metadata["source"].get("wall_seconds", 0.0)
    for d, s in np.argwhere(~outcomes.done).tolist():
        row, undisturbed = list(DISTURBANCES.values())[d], outcomes.undisturbed
        if not outcomes.done.any():
            undisturbed = np.concatenate(
                [
                    finite_top1(classifier, _pixels(dataset, some)) == dataset.labels[some]
                    for some in batches(positions, batch_size)
                ]
            )
        right, energy = [], np.zeros(outcomes.spectrum.shape[-1])
        for some in batches(positions, batch_size):
            images = _pixels(dataset, some)
            changed = disturbed(images, row, STRENGTHS[s], some.tolist(), seed=config.seed)
            energy += energy_by_radius(changed - images) * len(some) / len(positions)
            right.append(finite_top1(classifier, changed) == dataset.labels[some])
        correct, spectrum = outcomes.correct.copy(), outcomes.spectrum.copy()  # a kept state never changes later
        correct[d, s], spectrum[d, s] = np.concatenate(right), energy
        seconds = round(before + time.perf_counter() - begun, 2)
        facts = {**outcomes.metadata, "source": computed_source(device_name(classifier), wall_seconds=seconds)}
        outcomes = replace(outcomes, undisturbed=undisturbed, correct=correct, spectrum=spectrum, metadata=facts)
        yield outcomes


def _pixels(dataset: ImageDataset, positions: np.ndarray) -> np.ndarray:
    return dataset.images[positions].astype(np.float32) / 255
