"""Numbers as the report writes them."""

from __future__ import annotations

import math

from core.fourier.findings import Estimate


def percent(value: float, digits: int = 1) -> str:
    """0.123 -> '12.3 %', with a space that does not break."""
    return f"{100 * value:.{digits}f}\N{NO-BREAK SPACE}%"


def signed(value: float) -> str:
    """'+0.2' or '−1.4'."""
    return f"{value:+.1f}".replace("-", "−")


def points(estimate: Estimate) -> str:
    """'−0.2 points (−1.4 to +1.0)'."""
    value, low, high = (signed(100 * number) for number in (estimate.value, estimate.low, estimate.high))
    return f"{value} points ({low} to {high})"


def small(value: float) -> str:
    """Three digits; powers of ten below a thousandth."""
    return f"{value:.3g}" if value >= 1e-3 or value == 0 else f"{value:.1e}".replace("e-0", "e-").replace("-", "−")


def small_with_interval(estimate: Estimate) -> str:
    """'3.8 (3.1 to 4.5)' of what cannot be negative; the number alone where there is no interval."""
    if math.isnan(estimate.low):
        return small(estimate.value)
    low, high = (small(max(0.0, end)) for end in (estimate.low, estimate.high))
    return f"{small(estimate.value)} ({low} to {high})"


def duration(seconds: float) -> str:
    """'42 s', '12 min', '3.5 h'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def milliseconds(seconds: float) -> str:
    """'23 ms', '0.45 ms'."""
    return f"{1000 * seconds:.0f} ms" if seconds >= 0.01 else f"{1000 * seconds:.2g} ms"


def wave(frequency: tuple[int, int]) -> str:
    """'(3, −4)'."""
    return f"({frequency[0]}, {frequency[1]})".replace("-", "−")
