"""Numbers on pages and in reports: how they are written, and their intervals. Does not import torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from core.shared.text import Number

Frequency = tuple[int, int]
# For an interval of a median: fewer values all lie on one side of it in more than 5% of draws.
MIN_VALUES = 6
Z95 = NormalDist().inv_cdf((1 + 0.95) / 2)  # of a normal distribution's 95% interval


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
        """True if a difference exceeds the noise: its interval excludes zero."""
        return (self.low > 0) | (self.high < 0)

    def item(self) -> Interval:
        """Return the measurement in plain floats; its arrays must hold one number each."""
        return Interval(*(np.asarray(part).item() for part in self))


def decimal(number: float, digits: int = 1, *, sign: bool = False) -> str:
    """'6.7' or '−1.4', with a true minus; with `sign` '+6.7' as well.

    Every number on pages, in reports and in docs/results.md is rounded here, each by itself: a difference may end on
    another digit than that of its rounded terms. Halves go to the even digit, as in maps: 12.35 to 12.4.
    """
    return f"{np.round(number, digits):{'+' if sign else ''}.{digits}f}".replace("-", "\N{MINUS SIGN}")


def percent(fraction: float, digits: int = 1) -> str:
    """0.3312 -> '33.1%'."""
    return f"{decimal(100 * fraction, digits)}%"


def confidence(fraction: float) -> str:
    """'33.1%', but never 0% or 100%."""
    if fraction > 0.999:
        return "over 99.9%"
    return "under 0.1%" if fraction < 0.001 else percent(fraction)


def sureness(fraction: float) -> str:
    """'88%' of a network's confidence, from 1% to 99%: none is certain."""
    return f"{min(99, max(1, round(100 * fraction)))}%"


def p_value(p: float) -> str:
    """'= 0.03', '= 0.002' or '< 0.001', to follow 'p'."""
    return f"= {decimal(p, 2 if p >= 0.01 else 3)}" if p >= 0.001 else "< 0.001"


def interval(measured: Interval) -> str:
    """Both ends in percentage points: '32.2 to 34.0'; with signs if these differ: '−0.9 to +1.6'.

    For a clear difference, magnitudes: the ends without sign, the smaller first.
    """
    ends = [100 * end for end in measured[1:]]
    if measured.low < 0 < measured.high:
        return " to ".join(decimal(end, sign=True) for end in ends)
    return " to ".join(decimal(end) for end in sorted(map(abs, ends)))


def small(number: float) -> str:
    """Three digits; powers of ten below a thousandth."""
    if number >= 1e-3 or number == 0:
        return f"{number:.3g}"
    return f"{number:.1e}".replace("e-0", "e-").replace("-", "\N{MINUS SIGN}")


def small_with_interval(measured: Interval) -> Number:
    """'3.8 (3.1 to 4.5)' of a non-negative number; the number alone if it has no interval."""
    if math.isnan(measured.low):
        return Number(small(measured.value))
    low, high = (small(max(0.0, end)) for end in measured[1:])
    return Number(small(measured.value), f"{low} to {high}")


def duration(seconds: float) -> str:
    """'42 s', '12 min', '3.5 h'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def join_list(parts: Sequence[str], word: str = "and") -> str:
    """'1, 2 and 4', or with another word before the last."""
    return f" {word} ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def wilson(rate: np.ndarray | float, n: np.ndarray | int) -> Interval:
    """Return a proportion with its 95% Wilson score interval.

    Args:
        rate: observed fraction in [0, 1]; NaN if unknown.
        n: number of trials; 0 if unknown.
    Source: Wilson 1927; Agresti & Coull 1998 recommend it over the normal approximation.
    """
    z2 = Z95**2
    rate = np.asarray(rate, dtype=np.float64)
    trials = np.where(np.asarray(n) > 0, n, np.nan)
    centre = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    half = np.sqrt(z2 * (rate * (1 - rate) + z2 / (4 * trials)) / trials) / (1 + z2 / trials)
    return Interval(rate[()], np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1))  # [()]: numbers stay numbers


def newcombe(a: Interval, b: Interval) -> Interval:
    """Return a minus b, two independent proportions, with an interval from theirs.

    Source: Newcombe 1998, method 10. For the same images it ignores the pairing, which can widen or narrow it;
    `core.fourier.contrasts` pairs if possible.
    """
    low = np.hypot(a.value - a.low, b.high - b.value)
    high = np.hypot(a.high - a.value, b.value - b.low)
    difference = a.value - b.value
    return Interval(difference, difference - low, difference + high)


def paired_interval(differences: np.ndarray) -> Interval:
    """Return the mean of paired differences in [-1, 1] along the last axis, with its 95% interval.

    Source: Agresti & Min 2005 for differences of -1, 0 and 1: half an observation is added to each cell of the 2 x 2
    table. Differs by: also takes means over several waves, by their squares.
    """
    n = differences.shape[-1] + 2
    mean = differences.sum(axis=-1) / n
    variance = ((differences**2).sum(axis=-1) + 1) / n - mean**2
    half = Z95 * np.sqrt(variance / n)
    return Interval(differences.mean(axis=-1), np.clip(mean - half, -1, 1), np.clip(mean + half, -1, 1))


def clustered_interval(scores: np.ndarray) -> Interval:
    """Return the mean of scores in [0, 1], one per image, along the last axis, with its 95% interval.

    The interval is Wilson's for the effective number of images, mean * (1 - mean) / variance of the mean (Kish 1965):
    for a single wave that is n, for many waves that change predictions of different images it is larger.
    """
    n, mean = scores.shape[-1], scores.mean(axis=-1)
    variance = scores.var(axis=-1) / n
    known = (variance > 0) & (mean > 0) & (mean < 1)
    effective = np.divide(mean * (1 - mean), variance, out=np.full(mean.shape, float(n)), where=known)
    return wilson(mean, effective)


def bootstrap_interval(value: float, drawn: np.ndarray) -> Interval:
    """Return a number with its 95% interval from (D,) values of resampled data, none NaN.

    Source: the percentile bootstrap, Efron 1979.
    """
    return Interval(value, *np.quantile(drawn, (0.025, 0.975)).tolist())


def median_interval(values: np.ndarray) -> Interval:
    """Return the median of (n,) values with its distribution-free 95% interval, NaN below `MIN_VALUES` values.

    Source: the sign test, inverted (Thompson 1936).
    """
    from scipy import stats

    low, high = stats.quantile_test(values, p=0.5).confidence_interval(0.95)
    return Interval(np.median(values), low, high).item()


def student(values: np.ndarray) -> Interval:
    """Return the mean of (n,) values with Student's 95% interval, NaN for a single value."""
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
