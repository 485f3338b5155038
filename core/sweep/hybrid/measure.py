"""The loop over cutoffs: each pair of pictures mixed, and put to the network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.provenance import outcome_facts
from core.fourier.hybrid import clipped_share, mixed
from core.shared.device import device_name
from core.sweep.hybrid.outcomes import HybridOutcomes
from core.sweep.hybrid.pairs import HybridConfig, draw_pairs
from core.sweep.outcomes import grow_in_file, growing
from core.sweep.predictions import batches, finite_top1, pixels, undisturbed_top1

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.data.dataset import ImageDataset

BATCH = 64


def empty_outcomes(classifier: Classifier, dataset: ImageDataset, config: HybridConfig) -> HybridOutcomes:
    """What will be measured, before anything is."""
    pairs, count = draw_pairs(dataset.labels, config.pairs, seed=config.seed), len(config.cutoffs)
    labels, says = dataset.labels[pairs.T], np.zeros((2, count, config.pairs), dtype=bool)
    cutoffs, clipped = np.array(config.cutoffs, dtype=np.float64), np.full(count, np.nan)
    facts = outcome_facts(classifier, dataset, config.seed, edge=config.edge)
    return HybridOutcomes(cutoffs, says, labels, np.zeros_like(labels), clipped, facts)


def growing_hybrids(
    classifier: Classifier,
    dataset: ImageDataset,
    config: HybridConfig,
    start: HybridOutcomes,
    *,
    batch_size: int = BATCH,
) -> Iterator[HybridOutcomes]:
    """The outcomes after each cutoff that `start`, of these settings, lacks.

    Raises:
        RuntimeError: the logits are not finite.
    """
    pairs = draw_pairs(dataset.labels, config.pairs, seed=config.seed)

    def measure(outcomes: HybridOutcomes, k: int) -> dict[str, Any]:
        arrays = {"says": outcomes.says.copy(), "clipped": outcomes.clipped.copy()}
        if k == 0:
            whole = [undisturbed_top1(classifier, dataset, side, batch_size) for side in pairs.T]
            arrays["predictions"] = np.stack(whole)
        said, taken = [], []
        for batch in batches(pairs, batch_size):
            low, high = (pixels(dataset, side) for side in batch.T)
            unclipped = mixed(low, high, config.cutoffs[k], config.edge)
            taken.append(clipped_share(unclipped))
            said.append(finite_top1(classifier, unclipped.clip(0, 1).astype(np.float32)))
        arrays["says"][:, k] = np.concatenate(said) == outcomes.labels
        arrays["clipped"][k] = np.concatenate(taken).mean()
        return arrays

    return growing(start, measure, device_name(classifier))


def run_hybrids(
    classifier: Classifier,
    dataset: ImageDataset,
    config: HybridConfig,
    output: Path,
    *,
    batch_size: int = BATCH,
    description: str | None = None,
) -> HybridOutcomes:
    """Measure what `output` lacks; as `growing_hybrids` and `grow_in_file`."""
    return grow_in_file(
        output,
        empty_outcomes(classifier, dataset, config),
        lambda start: growing_hybrids(classifier, dataset, config, start, batch_size=batch_size),
        description,
    )
