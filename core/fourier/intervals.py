"""Confidence intervals for error rates, element by element over whole maps."""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np


class Interval(NamedTuple):
    """Lower and upper bound, arrays of one shape; NaN where nothing is known."""

    low: np.ndarray
    high: np.ndarray


def wilson(rate: np.ndarray | float, n: np.ndarray | int, confidence: float = 0.95) -> Interval:
    """Wilson score interval of a proportion.

    Args:
        rate: observed fraction in [0, 1]; NaN where unknown.
        n: number of trials; 0 where unknown.
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
    return Interval(np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1))


def newcombe(rate_a: np.ndarray, interval_a: Interval, rate_b: np.ndarray, interval_b: Interval) -> Interval:
    """Interval of `rate_a - rate_b`, two independent proportions, from their Wilson intervals.

    Source: Newcombe 1998, method 10. On the same images it ignores the pairing and may be too wide
    or too narrow; see `core.fourier.paired`.
    """
    difference = rate_a - rate_b
    low = difference - np.hypot(rate_a - interval_a.low, interval_b.high - rate_b)
    high = difference + np.hypot(interval_a.high - rate_a, rate_b - interval_b.low)
    return Interval(low, high)


def student(values: np.ndarray) -> Interval:
    """Student's 95 % interval of the mean of (n,) values; NaN for a single one."""
    if len(values) < 2:
        return Interval(np.array(np.nan), np.array(np.nan))
    from scipy import stats  # a tenth of a second, and few ask

    margin = stats.sem(values) * stats.t.ppf(0.975, len(values) - 1)
    return Interval(values.mean() - margin, values.mean() + margin)
