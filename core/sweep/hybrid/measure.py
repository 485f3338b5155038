"""The loop over cutoffs: each pair of pictures mixed, and put to the network."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.data.provenance import classifier_facts, computed_source, dataset_facts
from core.device import device_name
from core.fourier.hybrid import clipped_share, mixed
from core.sweep.hybrid.outcomes import HybridOutcomes
from core.sweep.hybrid.pairs import HybridConfig, draw_pairs
from core.sweep.predictions import batches, finite_top1

if TYPE_CHECKING:
    from core.classifiers.base import Classifier
    from core.data.dataset import ImageDataset

BATCH = 64
_CONFIGURATION = ("classifier", "dataset", "image_size", "edge", "seed", "class_names", "template")


def empty_outcomes(classifier: Classifier, dataset: ImageDataset, config: HybridConfig) -> HybridOutcomes:
    """What will be measured, before anything is."""
    pairs, count = draw_pairs(dataset.labels, config.pairs, seed=config.seed), len(config.cutoffs)
    metadata = {
        "classifier": classifier_facts(classifier),
        "dataset": dataset_facts(dataset),
        "image_size": dataset.image_size,
        "edge": config.edge,
        "seed": config.seed,
        "class_names": list(dataset.classes.names),
        "template": classifier.template,
        "source": {},
    }
    labels = dataset.labels[pairs.T]
    says = np.zeros((2, count, config.pairs), dtype=bool)
    cutoffs, clipped = np.array(config.cutoffs, dtype=np.float64), np.full(count, np.nan)
    return HybridOutcomes(cutoffs, says, labels, np.zeros_like(labels), clipped, metadata)


def same_configuration(a: HybridOutcomes, b: HybridOutcomes) -> bool:
    """Whether one can go on where the other stopped."""
    same = all(a.metadata.get(name) == b.metadata.get(name) for name in _CONFIGURATION)
    return same and np.array_equal(a.cutoffs, b.cutoffs) and np.array_equal(a.labels, b.labels)


def growing_hybrids(
    classifier: Classifier,
    dataset: ImageDataset,
    config: HybridConfig,
    start: HybridOutcomes | None = None,
    *,
    batch_size: int = BATCH,
) -> Iterator[HybridOutcomes]:
    """The outcomes after each cutoff; the last are whole.

    Args:
        start: of the same configuration: what was measured is kept.
    Raises:
        ValueError: at the first step, when `start` is of another configuration.
        RuntimeError: the logits are not finite.
    """
    outcomes = empty_outcomes(classifier, dataset, config)
    if start is not None:
        if not same_configuration(start, outcomes):
            raise ValueError("these hybrids were made with other settings")
        outcomes = start
    pairs, begun = draw_pairs(dataset.labels, config.pairs, seed=config.seed), time.perf_counter()
    before = outcomes.metadata["source"].get("wall_seconds", 0.0)
    for k in range(outcomes.done, len(config.cutoffs)):
        predictions = outcomes.predictions
        if k == 0:
            predictions = np.stack([_whole(classifier, dataset.images, side, batch_size) for side in pairs.T])
        said, taken = [], []
        for batch in batches(pairs, batch_size):
            low, high = (dataset.images[side].astype(np.float32) / 255 for side in batch.T)
            unclipped = mixed(low, high, config.cutoffs[k], config.edge)
            taken.append(clipped_share(unclipped))
            said.append(finite_top1(classifier, unclipped.clip(0, 1).astype(np.float32)))
        says, clipped = outcomes.says.copy(), outcomes.clipped.copy()  # a kept state never changes later
        says[:, k] = np.concatenate(said) == outcomes.labels
        clipped[k] = np.concatenate(taken).mean()
        seconds = round(before + time.perf_counter() - begun, 2)
        facts = {**outcomes.metadata, "source": computed_source(device_name(classifier), wall_seconds=seconds)}
        outcomes = replace(outcomes, says=says, clipped=clipped, predictions=predictions, metadata=facts)
        yield outcomes


def _whole(classifier: Classifier, images: np.ndarray, places: np.ndarray, batch_size: int) -> np.ndarray:
    """(n,) predictions of pictures that are not mixed."""
    parts = batches(places, batch_size)
    return np.concatenate([finite_top1(classifier, images[some].astype(np.float32) / 255) for some in parts])
