"""Results of tables: errors under waves and by class, crossovers of hybrids, errors under corruptions."""

from __future__ import annotations

import weakref
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from core.data.corruptions import STRENGTHS
from core.data.stored import OUTCOME_FACTS
from core.fourier.crossover import Crossover, crossover, crossover_difference
from core.fourier.heatmap import Heatmap, outcome_rows
from core.fourier.table import POSITIVE, Number, Outcomes, outcome_file
from core.fourier.waves import half_plane, rounded_radius, wave_values
from core.shared.files import Fact
from core.shared.numbers import (
    Frequency,
    Interval,
    clustered_interval,
    newcombe,
    paired_interval,
    wilson,
)


@dataclass(frozen=True, eq=False)
class Errors:
    """An error, or a difference of two, with everything needed to compare it with another.

    measured: a number, or (W,) for as many waves. scores: (n,) or (W, n), each image's term in the mean, such as 0 or
    1; None if unknown. images: equal for the same images in the same order.
    """

    measured: Interval
    scores: np.ndarray | None = None
    images: Hashable = None

    def minus(self, other: Errors) -> Errors:
        """Subtract other errors: image by image where both know the same images, else as of independent images."""
        if self.scores is None or other.scores is None or self.images != other.images:
            return Errors(newcombe(self.measured, other.measured))
        scores = self.scores - other.scores
        return Errors(paired_interval(scores), scores, self.images)


def images_of(heatmap: Heatmap) -> Hashable:
    """Return a key that is equal for maps of the same images in the same order; None for a map without labels."""
    if heatmap.labels is None:
        return None
    content = heatmap.metadata["dataset"].get("content_hash")
    # Unnamed images are equal only to themselves; a weak reference does not keep the map alive.
    return (content, heatmap.labels.tobytes()) if isinstance(content, str) else weakref.ref(heatmap)


def same_images(first: Heatmap, second: Heatmap) -> bool:
    """Return True if both maps store which images they misclassify, for the same images in the same order."""
    return first.labels is not None and images_of(first) == images_of(second)


def errors_under(heatmap: Heatmap, waves: Sequence[Frequency], top: int = 1) -> Errors:
    """Return the errors under each of W waves of the map."""
    measured = Interval(*(wave_values(part, waves) for part in heatmap.interval(top)))
    return Errors(measured, _scores(heatmap, waves) if top == 1 else None, images_of(heatmap))


def _scores(heatmap: Heatmap, waves: Sequence[Frequency | None]) -> np.ndarray | None:
    """(W, n) int8, 1 where an image is misclassified; None is the clean image."""
    return None if heatmap.bits is None else (~heatmap.hit(outcome_rows(waves, heatmap.size))).view(np.int8)


def clean_error(heatmap: Heatmap, top: int = 1) -> Errors | None:
    """Return the error without any wave; None where the source does not state it."""
    value = heatmap.clean_rate(top)
    if value is None:
        return None
    scores = _scores(heatmap, [None]) if top == 1 else None
    measured = wilson(value, int(heatmap.clean[2])).item()
    return Errors(measured, None if scores is None else scores[0], images_of(heatmap))


@lru_cache(8)
def map_outcomes(heatmap: Heatmap) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the ring of each measured wave, (W,), and (W, n) bool, the images misclassified; None without outcomes."""
    if heatmap.bits is None:
        return None
    rows = np.flatnonzero(heatmap.measured[1:])
    return rounded_radius(np.array(half_plane(heatmap.size))[rows]), ~heatmap.hit(1 + rows)


@dataclass(frozen=True, eq=False)
class HybridOutcomes(Outcomes):
    """Outcomes on n pairs of pictures, unmixed, then at each of C cutoffs.

    The classes asked for are those of the low and of the high picture; labels and predictions are (2, n).
    Numbers: cutoffs, ascending, in cycles per image; 0 for the unmixed pictures. clipped: mean share of the contrast
    lost by clipping.
    """

    TRANSFORM, ASKED, KEPT = "hybrids", 2, 2
    NUMBERS = {"cutoffs": Number(high=1e6), "clipped": Number(dtype=np.float32, high=POSITIVE)}
    FILE = outcome_file(
        TRANSFORM,
        (*OUTCOME_FACTS, Fact("class_names", "list", 1, 2**16)),
        NUMBERS,
        required=("bits", "labels", "predictions", *NUMBERS),
    )

    def __post_init__(self) -> None:
        if self.labels is None or self.labels.shape[:-1] != (2,) or self.n == 0:
            raise ValueError("hybrids need the labels of pairs of pictures, at least one")
        super().__post_init__()
        cutoffs = self.numbers["cutoffs"]
        if len(cutoffs) < 3 or cutoffs[0] != 0 or not (np.diff(cutoffs) > 0).all():
            raise ValueError(
                f"cutoffs must be at least two finite, ascending numbers above 0; got {cutoffs[1:].tolist()}"
            )

    @property
    def n(self) -> int:
        assert self.labels is not None
        return int(self.labels.shape[-1])

    @property
    def settings(self) -> dict[str, Any]:
        return {"number of pairs": self.n, "cutoffs": self.cutoffs.tolist()}

    @property
    def cutoffs(self) -> np.ndarray:
        """(C,) float64, ascending, in cycles per image."""
        return self.numbers["cutoffs"][1:]

    @cached_property
    def says(self) -> np.ndarray:
        """(2, M, n) bool, True where the low or the high picture's class is predicted, at M measured cutoffs."""
        rows = np.flatnonzero(self.measured[1:]) + 1
        return np.stack([self.hit(rows, column) for column in (0, 1)])

    def subset(self, chosen: np.ndarray) -> HybridOutcomes:
        """Return the outcomes on chosen pairs, (n,) bool."""
        assert self.labels is not None and self.predictions is not None
        says = np.stack([self.hit(slice(None), column)[:, chosen] for column in (0, 1)], axis=1)
        return replace(
            self,
            counts=np.where(self.measured, says.shape[-1], 0),
            hits=np.where(self.measured[:, None], says.sum(axis=-1), -1),
            bits=np.packbits(says, axis=-1),
            labels=self.labels[:, chosen],
            predictions=self.predictions[:, chosen],
        )


@lru_cache(32)
def crossover_of(outcomes: HybridOutcomes) -> Crossover | None:
    """Return the crossover cutoff of the network; None if it has none, or not enough is measured."""
    low, high = outcomes.says
    cutoffs = outcomes.cutoffs[outcomes.measured[1:]]
    return crossover(low, high, cutoffs.tolist()) if len(cutoffs) > 1 else None


@lru_cache(32)
def first_pairs(outcomes: HybridOutcomes, count: int) -> HybridOutcomes:
    """Return the outcomes on the first pairs, equal to those of fewer pairs of the same seed."""
    return outcomes if outcomes.n <= count else outcomes.subset(np.arange(outcomes.n) < count)


def same_pairs(a: HybridOutcomes, b: HybridOutcomes) -> bool:
    """Return True if both networks saw the same pairs, possibly at different cutoffs."""
    same = a.metadata["dataset"]["content_hash"] == b.metadata["dataset"]["content_hash"]
    assert a.labels is not None and b.labels is not None
    return same and a.metadata["seed"] == b.metadata["seed"] and np.array_equal(a.labels, b.labels)


def paired_difference(a: HybridOutcomes, b: HybridOutcomes) -> Interval | None:
    """Return a's crossover cutoff minus b's, paired; None if either has none or their pairs differ."""
    first, second = crossover_of(a), crossover_of(b)
    return crossover_difference(first, second) if first and second and same_pairs(a, b) else None


@dataclass(frozen=True, eq=False)
class CorruptionOutcomes(Outcomes):
    """Outcomes on n pictures, clean, then under each of D corruptions at each of S strengths.

    Number spectrum: (R,) mean energy of the change by rounded radius, as in `energy_by_radius`. In the metadata,
    `corruptions` are D keys, each with its S amounts.
    """

    TRANSFORM, ASKED, KEPT = "corruptions", 1, 1
    NUMBERS = {"spectrum": Number((None,), np.float32, high=POSITIVE)}
    FILE = outcome_file(
        TRANSFORM,
        (*OUTCOME_FACTS, Fact("pictures", "whole number", 1, 2**32), Fact("corruptions", "JSON object", 1, 100)),
        NUMBERS,
        required=("bits", *NUMBERS),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for key, amounts in self.metadata["corruptions"].items():
            if not isinstance(amounts, list) or len(amounts) != len(STRENGTHS):
                raise ValueError(f"{key!r} must have {len(STRENGTHS)} amounts")
            if not all(isinstance(amount, int | float) for amount in amounts):
                raise ValueError(f"the amounts of {key!r} must be numbers")
        if len(self.counts) != (rows := 1 + len(self.keys) * len(STRENGTHS)):
            raise ValueError(f"{len(self.keys)} corruptions take {rows} rows; got {len(self.counts)}")

    @property
    def n(self) -> int:
        return int(self.metadata["pictures"])

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the D corruptions, in order."""
        return tuple(self.metadata["corruptions"])

    @property
    def images(self) -> Hashable:
        """Key of the pictures and corruptions: equal keys mean paired outcomes."""
        facts = self.metadata
        amounts = tuple((key, *amounts) for key, amounts in facts["corruptions"].items())
        return facts["dataset"]["content_hash"], facts["seed"], self.n, amounts

    @cached_property
    def clean(self) -> np.ndarray:
        """(n,) bool, True where a clean picture is classified correctly."""
        return self.hit(0)

    @cached_property
    def correct(self) -> np.ndarray:
        """(D, S, n) bool, True where a corrupted picture is classified correctly."""
        return self.hit(slice(1, None)).reshape(len(self.keys), len(STRENGTHS), self.n)

    @property
    def spectrum(self) -> np.ndarray:
        """(D, S, R) float64 energy of the change by rounded radius; NaN where not measured."""
        values = self.numbers["spectrum"][1:].astype(np.float64)
        return values.reshape(len(self.keys), len(STRENGTHS), -1)

    def clean_errors(self) -> Errors:
        """Return the errors on the clean pictures."""
        return self._mean_errors(~self.clean[None])

    def errors(self, *keys: str, strength: int | None = None) -> Errors:
        """Return the mean error over one or several corruptions, at one strength or over all, image by image."""
        rows = [self.keys.index(key) for key in keys]
        columns = slice(None) if strength is None else [STRENGTHS.index(strength)]
        return self._mean_errors(~self.correct[rows][:, columns].reshape(-1, self.n))

    def _mean_errors(self, wrong: np.ndarray) -> Errors:
        scores = wrong.mean(axis=0)
        return Errors(clustered_interval(scores).item(), scores, self.images)
