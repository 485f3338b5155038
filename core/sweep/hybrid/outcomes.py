"""Predictions of a network on hybrid images, by pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from core.data.provenance import OUTCOME_FACTS
from core.fourier.crossover import Crossover, crossover, crossover_difference
from core.fourier.intervals import Interval, wilson
from core.shared.files import ArchiveKind, Fact, check_array
from core.sweep.transforms import TransformOutcomes

ALIKE = 0.05  # mean confusion of two classes from which `dissimilar_pairs` excludes them
HYBRIDS = ArchiveKind(
    name="file of hybrids",
    maker="core.sweep.hybrid",
    schema=1,
    required=("cutoffs", "says", "labels", "predictions", "clipped"),
    facts=(
        *OUTCOME_FACTS,
        Fact("class_names", "list", 1, 2**16),
    ),
)


@dataclass(frozen=True, eq=False)
class HybridOutcomes(TransformOutcomes):
    """Outcomes on n pairs at C cutoffs.

    cutoffs: (C,) float64, ascending, in cycles per image. says: (2, C, n) bool: whether the low and the high picture's
    class is predicted. labels, predictions: (2, n) int64, true and predicted class of the low and the high picture of
    each pair, unmixed. clipped: (C,) mean share of the contrast lost by clipping; NaN if not yet measured.
    """

    FILE, what, unit = HYBRIDS, "hybrids", "cutoff"

    cutoffs: np.ndarray
    says: np.ndarray
    labels: np.ndarray
    predictions: np.ndarray
    clipped: np.ndarray
    metadata: Mapping[str, Any]

    @property
    def pairs(self) -> int:
        return self.labels.shape[1]

    @property
    def measured(self) -> np.ndarray:
        return np.isfinite(self.clipped)

    def originals(self, predictions: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        return {"predictions": predictions}

    def part(self, place: tuple[int, ...], says: np.ndarray, value: np.ndarray) -> dict[str, np.ndarray]:
        said, clipped = self.says.copy(), self.clipped.copy()
        said[:, place[0]], clipped[place] = says, value
        return {"says": said, "clipped": clipped}

    @property
    def done(self) -> int:
        """Number of measured cutoffs, the first ones."""
        return int(self.measured.sum())

    @property
    def shares(self) -> tuple[Interval, Interval]:
        """Shares of pairs with the low and the high picture's class predicted, by measured cutoff (Wilson)."""
        low, high = (wilson(side[: self.done].mean(axis=1), self.pairs) for side in self.says)
        return low, high

    def subset(self, chosen: np.ndarray) -> HybridOutcomes:
        """Return the outcomes on chosen pairs, (n,) bool."""
        parts = {name: getattr(self, name)[..., chosen] for name in ("says", "labels", "predictions")}
        return replace(self, **parts)

    def same_settings(self, other: HybridOutcomes) -> bool:
        alike = np.array_equal(self.cutoffs, other.cutoffs) and np.array_equal(self.labels, other.labels)
        return alike and super().same_settings(other)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the file's arrays, outcomes packed as bits."""
        few = _few(self.metadata)
        return {
            "cutoffs": self.cutoffs,
            "says": np.packbits(self.says, axis=2),
            "labels": self.labels.astype(few),
            "predictions": self.predictions.astype(few),
            "clipped": self.clipped.astype(np.float32),
        }

    @classmethod
    def build(cls, metadata: dict[str, Any], **arrays: np.ndarray) -> HybridOutcomes:
        cutoffs, says, labels, predictions, clipped = (arrays[name] for name in HYBRIDS.required)
        count, pairs, few = len(cutoffs), labels.shape[-1], _few(metadata)
        check_array("labels", labels, (2, pairs), few)
        check_array("predictions", predictions, (2, pairs), few)
        check_array("says", says, (2, count, -(-pairs // 8)), np.uint8)
        check_array("clipped", clipped, (count,), np.float32)
        if cutoffs.dtype != np.float64 or count < 2 or not np.isfinite(cutoffs).all() or (np.diff(cutoffs) <= 0).any():
            raise ValueError("cutoffs must be finite and ascend")
        later = np.diff(np.isfinite(clipped).astype(int)) > 0  # a cutoff measured after an unmeasured one
        classes = len(metadata["class_names"])
        if pairs == 0 or later.any() or max(labels.max(), predictions.max()) >= classes:
            raise ValueError("labels or cutoffs do not fit")
        says = np.unpackbits(says, axis=2, count=pairs).astype(bool)
        return cls(
            cutoffs, says, labels.astype(np.int64), predictions.astype(np.int64), clipped.astype(np.float64), metadata
        )


def _few(metadata: Mapping[str, Any]) -> type[np.uint8] | type[np.uint16]:
    """Return the dtype of class indices in the file."""
    return np.uint8 if len(metadata["class_names"]) <= 256 else np.uint16


@lru_cache(32)
def crossover_of(outcomes: HybridOutcomes) -> Crossover | None:
    """Return the crossover cutoff of the network; None if it has none, or too little is measured."""
    done = outcomes.done
    if done < 2:
        return None
    low, high = outcomes.says[:, :done]
    return crossover(low, high, outcomes.cutoffs[:done].tolist())


@lru_cache(32)
def first_pairs(outcomes: HybridOutcomes, count: int) -> HybridOutcomes:
    """Return the outcomes on the first pairs, equal to those of fewer pairs of the same seed."""
    return outcomes if outcomes.pairs <= count else outcomes.subset(np.arange(outcomes.pairs) < count)


def same_pairs(a: HybridOutcomes, b: HybridOutcomes) -> bool:
    """Return whether both networks saw the same pairs, possibly at different cutoffs."""
    same = a.metadata["dataset"]["content_hash"] == b.metadata["dataset"]["content_hash"]
    return same and a.metadata["seed"] == b.metadata["seed"] and np.array_equal(a.labels, b.labels)


def paired_difference(a: HybridOutcomes, b: HybridOutcomes) -> Interval | None:
    """Return a's crossover cutoff minus b's, paired; None if either has none or their pairs differ."""
    first, second = crossover_of(a), crossover_of(b)
    return crossover_difference(first, second) if first and second and same_pairs(a, b) else None


def dissimilar_pairs(outcomes: HybridOutcomes, alike: float = ALIKE) -> np.ndarray:
    """Return which pairs have classes that this network rarely confuses, (n,) bool.

    Measured on the pairs' unmixed pictures: the mean share of two classes taken for each other must be below `alike`.
    """
    classes = len(outcomes.metadata["class_names"])
    taken = np.zeros((classes, classes))
    np.add.at(taken, (outcomes.labels.ravel(), outcomes.predictions.ravel()), 1)
    taken /= np.maximum(taken.sum(axis=1, keepdims=True), 1)
    return ((taken + taken.T) / 2)[tuple(outcomes.labels)] < alike
