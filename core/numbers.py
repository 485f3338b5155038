"""Formatting of numbers for pages, reports and files. Plain text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.fourier.basis import Frequency
from core.fourier.intervals import Interval
from core.shared.sentences import Number


def decimal(number: float, digits: int = 1, *, sign: bool = False) -> str:
    """'6.7' or '−1.4', with a true minus; with `sign` '+6.7' as well. Rounded as maps are: 12.35 to 12.4."""
    return f"{np.round(number, digits):{'+' if sign else ''}.{digits}f}".replace("-", "\N{MINUS SIGN}")


def displayed_difference(
    difference: Interval, first: Any, second: Any, factor: float = 100, digits: int = 1
) -> Interval:
    """Return a difference as computed from its two terms as displayed, so that readers can check it.

    Its interval is unchanged. factor, digits: of the displayed terms, such as per cent with one digit.
    """
    rounded = np.round(factor * first, digits) - np.round(factor * second, digits)
    return difference._replace(value=rounded / factor)


def percent(share: float, digits: int = 1, space: str = " ") -> str:
    """0.3312 -> '33.1 %'."""
    return f"{decimal(100 * share, digits)}{space}%"


def confidence(share: float) -> str:
    """'33.1 %', but never 0 % or 100 %."""
    if share > 0.999:
        return "over 99.9 %"
    return "under 0.1 %" if share < 0.001 else percent(share)


def measured_percent(share: Interval) -> Number:
    """'33.1 % (32.2 to 34.0)'."""
    return Number(percent(share.value), interval(share))


def signed_points(measured: Interval) -> Number:
    """A difference of shares: '−0.2 points (−1.4 to +1.0)'."""
    value, low, high = (decimal(100 * part, sign=True) for part in measured)
    return Number(f"{value} points", f"{low} to {high}")


def p_value(p: float) -> str:
    """'= 0.03', '= 0.002' or '< 0.001', to follow 'p'."""
    return f"= {p:.2f}" if p >= 0.01 else f"= {p:.1g}" if p >= 0.001 else "< 0.001"


def interval(measured: Interval) -> str:
    """Both ends in percentage points: '32.2 to 34.0'; with signs if these differ: '−0.9 to +1.6'.

    For a clear difference, magnitudes: the ends without sign, the smaller first.
    """
    ends = [100 * end for end in measured[1:]]
    if measured.low < 0 < measured.high:
        return " to ".join(decimal(end, sign=True) for end in ends)
    return " to ".join(decimal(end) for end in sorted(map(abs, ends)))


def points(difference: Interval) -> Number:
    """Size and direction of a clear difference: '17.8 points higher (16.6 to 19.0)'."""
    way = "higher" if difference.value > 0 else "lower"
    return Number(f"{decimal(100 * abs(difference.value))} points {way}", interval(difference))


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


def milliseconds(seconds: float) -> str:
    """'23 ms', '0.45 ms'."""
    return f"{1000 * seconds:.0f} ms" if seconds >= 0.01 else f"{1000 * seconds:.2g} ms"


def wave_name(frequency: Frequency) -> str:
    """'(3, −4)'."""
    return f"({frequency[0]}, {frequency[1]})".replace("-", "\N{MINUS SIGN}")


def times(count: int) -> str:
    """'once', 'twice', 'three times', '4 times'."""
    return {1: "once", 2: "twice", 3: "three times"}.get(count, f"{count} times")


def join_list(parts: Sequence[str], word: str = "and") -> str:
    """'1, 2 and 4', or with another word before the last."""
    return f" {word} ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
