"""The numbers of a finding: each with its interval and unit, as pages and reports write it. Does not import torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.shared.numbers import Interval, decimal, p_value
from core.shared.text import Number

MORE, RECOGNISED = ("more", "less"), ("more are recognised", "fewer are recognised")

# By unit: suffix, factor, digits, and whether a plus sign is shown.
_UNITS = {
    "error": ("%", 100, 1, False),
    "points": (" points", 100, 1, True),
    "rise": (" points", 100, 1, False),
    "level": (" of 255", 255, 1, False),
    "levels": (" of 255", 255, 1, True),
    "ratio": ("", 1, 2, False),
    "radius": (" cycles per image", 1, 2, False),
    "radii": (" cycles per image", 1, 2, True),
    "fold": ("-fold", 1, 0, False),
}


@dataclass(frozen=True)
class Evidence:
    """One number with its interval.

    what: name of the number. unit: "error" and "points" are fractions shown in per cent, the latter a difference;
    "rise" is a difference shown without its sign; "level" and "levels" are fractions shown of 255, the latter a
    difference; "radius" and "radii" are cycles per image, the latter a difference; "fold" is a power of ten shown as a
    factor; "ratio" and "p" are shown unchanged. sign_words: replace the signs plus and minus of a difference, such as
    `MORE`. bar: label of its bar; empty if it has none. mark: threshold to mark at its bar; 0 for none. freedom:
    degrees of freedom of Student’s distribution behind the interval; infinite for a normal one.
    """

    what: str
    measured: Interval
    unit: str = "points"
    sign_words: tuple[str, str] | None = None
    bar: str = ""
    mark: float = 0.0
    freedom: float = math.inf

    @property
    def label(self) -> str:
        """'difference: ', or 'p ': the text before the number."""
        return f"{self.what} " if self.unit == "p" else f"{self.what}: "

    @property
    def is_difference(self) -> bool:
        """True if its sign is shown."""
        return self.unit in _UNITS and _UNITS[self.unit][-1]

    @property
    def number(self) -> str:
        """'+9.4 points', '9.4 points more', '33.1%' or '0.42'; of a p '= 0.03'. All and none are '100%' and '0%'."""
        value = self.measured.value
        if self.unit == "error" and value in (0, 1):
            return f"{100 * value:.0f}%"
        return p_value(value) if self.unit == "p" else self.write(value)

    @property
    def rounded(self) -> str:
        """'33.1%' as at its bar, because a sentence and a bar must never differ; other numbers without their unit."""
        return self.number if self.unit == "error" else self._digits(self.measured.value)

    @property
    def figure(self) -> Number:
        """The number and its interval, if any, as part of a sentence."""
        _, low, high = self.measured
        return Number(self.number, "" if math.isnan(low) else f"{self._digits(low)} to {self._digits(high)}")

    def __str__(self) -> str:
        """Return '**33.1%**': the rounded number in a summary."""
        return f"**{self.rounded}**"

    def write(self, value: float) -> str:
        """Return another number, such as a margin, with this one's unit."""
        suffix = _UNITS[self.unit][0]
        if self.sign_words:
            return f"{self._digits(abs(value)).lstrip('+')}{suffix} {self.sign_words[bool(value < 0)]}"
        return self._digits(value) + suffix

    def _digits(self, value: float) -> str:
        _, factor, digits, sign = _UNITS[self.unit]
        if self.unit == "fold":
            return f"{10**value:,.{digits}f}"
        return decimal(value * factor, digits, sign=sign)
