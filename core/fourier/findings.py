"""What can be said about heat maps in a sentence: single waves, ring means, sign changes, with intervals.

Every interval is one of its own (pointwise). Two maps of one data set share their images, and so do two waves of one
map: where maps say which images they misclassify, differences are paired and rings take each image as one observation
(`core.fourier.paired`). From counts alone intervals are Wilson's, and Newcombe's for differences, which ignores the
pairing: on the same images it may come out too wide or too narrow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.fourier.analysis import radial_profile
from core.fourier.basis import Frequency
from core.fourier.heatmap import Heatmap
from core.fourier.intervals import Interval, newcombe, wilson
from core.fourier.outcomes import by_class
from core.fourier.paired import PairedWaves, minus_clean_paired, paired_interval, paired_waves, ring_score_differences


@dataclass(frozen=True)
class Estimate:
    """An error in [0, 1], or a difference of two in [-1, 1], with the ends of its interval."""

    value: float
    low: float
    high: float

    @staticmethod
    def of(value: float, interval: Iterable[float | np.ndarray]) -> Estimate:
        """A number with an interval of it, whose ends may be arrays of one value."""
        return Estimate(float(value), *map(float, interval))

    @property
    def clear(self) -> bool:
        """True for a difference beyond the noise: its interval leaves zero out."""
        return self.low > 0 or self.high < 0

    def minus(self, other: Estimate) -> Estimate:
        """This error less another, with Newcombe's interval: as if the two were measured on different images."""
        mine, others = (Interval(np.asarray(one.low), np.asarray(one.high)) for one in (self, other))
        ends = newcombe(np.asarray(self.value), mine, np.asarray(other.value), others)
        return Estimate.of(self.value - other.value, ends)


@dataclass(frozen=True)
class Ring:
    """Mean error over the waves of one rounded radius, in cycles per image.

    waves: how many different ones. whole: False where the map's square cuts the ring, so that only the waves in the
    corners are in the mean.
    """

    radius: int
    error: Estimate
    waves: int
    whole: bool


@dataclass(frozen=True)
class SignRun:
    """Neighbouring rings, radius `first` to `last`, where one map errs more than the other.

    sign: 1 where the first map errs more, -1 where the second does. largest: the largest difference, first minus
    second, at radius `at`. clear: the first and last ring whose difference is beyond the noise; None without any.
    """

    sign: int
    first: int
    last: int
    at: int
    largest: Estimate
    clear: tuple[int, int] | None


@dataclass(frozen=True)
class ClassError:
    """Error among the `images` of one class. label: its position among the classes."""

    label: int
    error: Estimate
    images: int


def cell_error(heatmap: Heatmap, frequency: Frequency, top: int = 1) -> Estimate | None:
    """Error under one wave; None where the map does not reach it or has not computed it."""
    half = heatmap.side // 2
    i, j = frequency
    if max(abs(i), abs(j)) > half:
        return None
    cell = (half + i, half + j)
    value = float(heatmap.rate(top)[cell])
    if not np.isfinite(value):
        return None
    return Estimate.of(value, (end[cell] for end in heatmap.interval(top)))


def clean_error(heatmap: Heatmap, top: int = 1) -> Estimate | None:
    """Error without any wave; None where the source does not give it."""
    value = heatmap.clean_rate(top)
    return None if value is None else Estimate.of(value, wilson(value, int(heatmap.clean[2])))


def cell_rise(heatmap: Heatmap, frequency: Frequency, top: int = 1) -> Estimate | None:
    """Error with the wave minus error without; None where either is unknown."""
    error, clean = cell_error(heatmap, frequency, top), clean_error(heatmap, top)
    if error is None or clean is None:
        return None
    paired = minus_clean_paired(heatmap) if top == 1 else None
    return _difference(error, clean, paired, frequency)


def cell_contrast(first: Heatmap, second: Heatmap, frequency: Frequency, top: int = 1) -> Estimate | None:
    """Error of the first map minus error of the second under one wave; None where either is unknown."""
    a, b = (cell_error(heatmap, frequency, top) for heatmap in (first, second))
    if a is None or b is None:
        return None
    return _difference(a, b, paired_waves(first, second) if top == 1 else None, frequency)


def _difference(a: Estimate, b: Estimate, paired: PairedWaves | None, frequency: Frequency) -> Estimate:
    """One error less another under one wave, paired where that is known."""
    ends = paired and paired.interval_at(frequency)
    return Estimate(a.value - b.value, *ends) if ends else a.minus(b)


def class_errors(heatmap: Heatmap, frequency: Frequency) -> tuple[ClassError, ...]:
    """Errors class by class under one wave; empty where the map has no outcomes, or not of this wave."""
    found = {label: cell_error(part, frequency) for label, part in (by_class(heatmap) or {}).items()}
    images = Counter([] if heatmap.labels is None else heatmap.labels.tolist())
    return tuple(ClassError(label, error, images[label]) for label, error in found.items() if error is not None)


def class_errors_of(labels: np.ndarray, predictions: np.ndarray) -> tuple[ClassError, ...]:
    """Errors class by class of (N,) predictions, for the classes among the (N,) labels."""
    found = []
    for label in np.unique(labels).tolist():
        wrong = predictions[labels == label] != label
        found.append(ClassError(label, Estimate.of(wrong.mean(), wilson(wrong.mean(), wrong.size)), wrong.size))
    return tuple(found)


def ring_means(heatmap: Heatmap, top: int = 1) -> tuple[Ring, ...]:
    """The rings from the middle to the corners; a ring without any computed wave is left out."""
    profile, half = radial_profile(heatmap, top, corners=True), heatmap.side // 2
    columns = (profile.radius, profile.rate, profile.low, profile.high, profile.waves)
    return tuple(
        Ring(radius, Estimate(rate, low, high), waves, radius <= half)
        for radius, rate, low, high, waves in zip(*(column.tolist() for column in columns), strict=True)
    )


def ring_at(heatmap: Heatmap, radius: int) -> Ring | None:
    """The ring of this rounded radius; None where nothing of it is computed."""
    return next((ring for ring in ring_means(heatmap) if ring.radius == radius), None)


def ring_differences(first: Heatmap, second: Heatmap) -> tuple[tuple[int, Estimate], ...]:
    """First minus second, ring by ring as (radius, difference); the larger map is cropped to the smaller."""
    side = min(first.side, second.side)
    first, second = first.crop(side), second.crop(side)
    if (paired := ring_score_differences(first, second)) is not None:
        return tuple((radius, mean_of(scores)) for radius, scores in paired.items())
    a, b = ({ring.radius: ring.error for ring in ring_means(heatmap)} for heatmap in (first, second))
    return tuple((radius, a[radius].minus(b[radius])) for radius in sorted(a.keys() & b.keys()))


def mean_of(differences: np.ndarray) -> Estimate:
    """Mean of (n,) differences, an image each, with its paired interval."""
    return Estimate.of(differences.mean(), paired_interval(differences))


def sign_runs(differences: Iterable[tuple[int, Estimate]]) -> tuple[SignRun, ...]:
    """Differences ring by ring, as runs of one sign. Between two runs lies a sign change; where both are `clear` it is
    beyond the noise, and lies between their clear rings. A ring without any difference goes on with the run before."""
    runs: list[list[tuple[int, Estimate]]] = []
    signs: list[int] = []
    for radius, estimate in differences:
        sign = int(np.sign(estimate.value)) or (signs[-1] if signs else 0)
        if not signs or sign != signs[-1]:
            signs.append(sign)
            runs.append([])
        runs[-1].append((radius, estimate))
    found = []
    for sign, run in zip(signs, runs, strict=True):
        at, largest = max(run, key=lambda pair: abs(pair[1].value))
        clear = [radius for radius, estimate in run if estimate.clear]
        found.append(SignRun(sign, run[0][0], run[-1][0], at, largest, (clear[0], clear[-1]) if clear else None))
    return tuple(found)
