"""Measured numbers with confidence intervals: error rates, differences, means; also for whole maps."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np


class Interval(NamedTuple):
    """A number, such as an error in [0, 1] or a difference in [-1, 1], with the ends of its interval.

    Three floats, or three arrays of one shape; NaN if unknown, and at both ends for a number without noise.
    """

    value: Any
    low: Any
    high: Any

    @classmethod
    def exact(cls, value: float) -> Interval:
        """Return a number without an interval."""
        return cls(value, math.nan, math.nan)

    @property
    def clear(self) -> Any:
        """Whether a difference exceeds the noise: its interval excludes zero."""
        return (self.low > 0) | (self.high < 0)

    @property
    def ends(self) -> list[float | None]:
        """Both ends as JSON, null if there is none."""
        return [None if math.isnan(end) else end for end in (self.low, self.high)]

    def item(self) -> Interval:
        """Return the measurement in plain floats; its arrays must hold one number each."""
        return Interval(*(np.asarray(part).item() for part in self))


def wilson(rate: np.ndarray | float, n: np.ndarray | int, confidence: float = 0.95) -> Interval:
    """Return a proportion with its Wilson score interval.

    Args:
        rate: observed fraction in [0, 1]; NaN if unknown.
        n: number of trials; 0 if unknown.
        confidence: between 0 and 1.
    Source: Wilson 1927; Agresti & Coull 1998 recommend it over the normal approximation.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence lies between 0 and 1; got {confidence}")
    z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    rate = np.asarray(rate, dtype=np.float64)
    trials = np.where(np.asarray(n) > 0, n, np.nan)
    centre = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    half = np.sqrt(z2 * (rate * (1 - rate) + z2 / (4 * trials)) / trials) / (1 + z2 / trials)
    return Interval(rate[()], np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1))  # [()]: numbers stay numbers


def newcombe(a: Interval, b: Interval) -> Interval:
    """Return a minus b, two independent proportions, with an interval from theirs.

    Source: Newcombe 1998, method 10. For the same images it ignores the pairing and may be too wide or too narrow;
    `core.fourier.maps.contrasts` pairs if possible.
    """
    low = np.hypot(a.value - a.low, b.high - b.value)
    high = np.hypot(a.high - a.value, b.value - b.low)
    difference = a.value - b.value
    return Interval(difference, difference - low, difference + high)


def paired_interval(differences: np.ndarray, confidence: float = 0.95) -> Interval:
    """Return the mean of paired differences in [-1, 1] along the last axis.

    Source: Agresti & Min 2005 for differences of -1, 0 and 1: half an observation is added to each cell of the 2 x 2
    table. Differs by: also takes means over several waves, by their squares.
    """
    n = differences.shape[-1] + 2
    mean = differences.sum(axis=-1) / n
    variance = ((differences**2).sum(axis=-1) + 1) / n - mean**2
    half = NormalDist().inv_cdf((1 + confidence) / 2) * np.sqrt(variance / n)
    return Interval(differences.mean(axis=-1), np.clip(mean - half, -1, 1), np.clip(mean + half, -1, 1))


def clustered_interval(scores: np.ndarray, confidence: float = 0.95) -> Interval:
    """Return the mean of scores in [0, 1], one per image, along the last axis.

    The interval is Wilson's for the effective number of images, mean * (1 - mean) / variance of the mean (Kish 1965):
    for a single wave that is n, for many waves that change predictions of different images it is larger.
    """
    n, mean = scores.shape[-1], scores.mean(axis=-1)
    variance = scores.var(axis=-1) / n
    known = (variance > 0) & (mean > 0) & (mean < 1)
    effective = np.divide(mean * (1 - mean), variance, out=np.full(mean.shape, float(n)), where=known)
    return wilson(mean, effective, confidence)


def bootstrap_interval(value: float, drawn: np.ndarray) -> Interval:
    """Return a number with its 95 % interval from (D,) values of resampled data, none NaN.

    Source: the percentile bootstrap, Efron 1979.
    """
    return Interval(value, *np.quantile(drawn, (0.025, 0.975)).tolist())


FEWEST = 6  # observations for an interval: fewer all lie on one side of the median in more than 5 % of draws


def median_interval(values: np.ndarray) -> Interval:
    """Return the median of (n,) values with its distribution-free 95 % interval, NaN below `FEWEST` values.

    Source: the sign test, inverted (Thompson 1936).
    """
    from scipy import stats

    low, high = stats.quantile_test(values, p=0.5).confidence_interval(0.95)
    return Interval(np.median(values), low, high).item()


def student(values: np.ndarray) -> Interval:
    """Return the mean of (n,) values with Student's 95 % interval, NaN for a single value."""
    mean = values.mean()
    if len(values) < 2:
        return Interval(mean, np.nan, np.nan).item()
    from scipy import stats  # a tenth of a second, and few ask

    margin = stats.sem(values) * stats.t.ppf(0.975, len(values) - 1)
    return Interval(mean, mean - margin, mean + margin).item()


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Pearson's correlation of two (n,) arrays; NaN for fewer than three values, or if one is constant."""
    if len(first) < 3 or first.std() == 0 or second.std() == 0:
        return math.nan
    return float(np.corrcoef(first, second)[0, 1])
