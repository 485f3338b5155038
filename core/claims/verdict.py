"""The rule of a verdict: a claim's parts, each a number on one side of a margin. Does not import torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from core.claims.evidence import Evidence
from core.shared.numbers import Z95, Interval
from core.shared.text import capitalised, isolated

SIGNIFICANT = 0.05  # p of a correlation or a dip by chance
CHANCE = 0.025  # largest probability that a part holds by chance alone: one side of a 95% interval


class Verdict(StrEnum):
    """Verdict on a claim, from its parts (`of_parts`).

    DEPENDS: the sentence can be read in two ways, which get different verdicts. UNDECIDED: the data allow either
    answer. NOT_CHECKABLE: they are missing.
    """

    HOLDS = "holds"
    IN_PART = "holds in part"
    DEPENDS = "true in one sense"
    FAILS = "fails"
    UNDECIDED = "cannot tell"
    NOT_CHECKABLE = "not checkable here"

    @classmethod
    def of_reading(cls, parts: Sequence[Part]) -> Verdict:
        """Return the verdict on the parts of one reading of a claim.

        It holds if all are true and fails if all are false: noise alone does either in at most 2.5% of draws, however
        many parts there are. It holds in part if, with Holm's correction, some are true and some false. Otherwise we
        cannot tell. Without parts there was nothing to check.
        """
        if not parts:
            return cls.NOT_CHECKABLE
        truths = {part.truth for part in parts}
        if truths == {True}:
            return cls.HOLDS
        if truths == {False}:
            return cls.FAILS
        return cls.IN_PART if {True, False} <= {*corrected(parts)} else cls.UNDECIDED

    @classmethod
    def of_parts(cls, parts: Sequence[Part]) -> Verdict:
        """Return the verdict on all parts; of a claim with several readings, the one that all of them get.

        Readings with different verdicts make it true in one sense, unless one of them cannot be told.
        """
        verdicts = {cls.of_reading(some) for some in by_reading(parts).values()}
        if len(verdicts) < 2:
            return next(iter(verdicts), cls.NOT_CHECKABLE)
        return cls.UNDECIDED if cls.UNDECIDED in verdicts else cls.DEPENDS


# What is said of a claim in one of its senses.
_TRUE = {Verdict.HOLDS: "true", Verdict.IN_PART: "partly true", Verdict.FAILS: "not true"}


@dataclass(frozen=True)
class Part:
    """Part of a claim: that a number lies on one side of a margin.

    side: "above" or "below". reading: which of several readings of the claim it belongs to, such as "within one map".
    """

    number: Evidence
    side: Literal["above", "below"] = "above"
    margin: float = 0.0
    reading: str = ""

    @property
    def truth(self) -> bool | None:
        """True if the whole interval lies on the claimed side, False if on the other, else None: the part is open.

        A number without an interval decides nothing.
        """
        _, low, high = self.number.measured
        above, below = low > self.margin, high < self.margin
        if not (above or below):
            return None
        return bool(above) == (self.side == "above")

    @property
    def p(self) -> float:
        """Two-sided p of the margin by the distribution behind the interval; at most 0.05 if it excludes the margin.

        1 without an interval. An interval that is in part normal is taken as Student's, which gives a larger p.
        """
        value, low, high = self.number.measured
        distance, half = abs(value - self.margin), value - low if value > self.margin else high - value
        if math.isnan(half) or distance == 0:
            return 1.0
        if half <= 0:
            return 0.0
        if math.isinf(self.number.freedom):
            return math.erfc(Z95 * distance / half / math.sqrt(2))
        from scipy.special import stdtr, stdtrit  # without scipy.stats, which takes 47 MB

        freedom = self.number.freedom
        return float(2 * stdtr(freedom, -stdtrit(freedom, 0.975) * distance / half))

    @property
    def claimed(self) -> str:
        """'more than 0', or 'less than 2.0 points': where the claim puts the number."""
        number = replace(self.number, sign_words=None)
        margin = number.write(self.margin).removeprefix("+") if self.margin else "0"
        return f"{'more' if self.side == 'above' else 'less'} than {margin}"


def above(number: Evidence, margin: float = 0.0, reading: str = "") -> Part:
    """Return the part that a number lies above a margin."""
    return Part(number, "above", margin, reading)


def below(number: Evidence, margin: float = 0.0, reading: str = "") -> Part:
    """Return the part that a number lies below a margin."""
    return Part(number, "below", margin, reading)


def corrected(parts: Sequence[Part]) -> list[bool | None]:
    """Return the truth of each part, corrected for judging all of them: noise settles any in at most 5% of draws.

    Source: Holm 1979.
    """
    truths: list[bool | None] = [None] * len(parts)
    for rank, index in enumerate(sorted(range(len(parts)), key=lambda index: parts[index].p)):
        if parts[index].p * (len(parts) - rank) > SIGNIFICANT:
            break
        truths[index] = parts[index].truth
    return truths


def by_test(value: float, p: float, level: float = SIGNIFICANT) -> Interval:
    """Return a number that decides a part only if its test has a p below the level; it has no interval."""
    return Interval(value, value, value) if p < level else Interval.exact(value)


def by_reading(parts: Sequence[Part]) -> dict[str, list[Part]]:
    """Return the parts of a claim by its readings."""
    readings: dict[str, list[Part]] = {}
    for part in parts:
        readings.setdefault(part.reading, []).append(part)
    return readings


def senses_of(parts: Sequence[Part]) -> str:
    """Say in which sense a claim is true and in which it is not, the former first; empty for verdicts of one sense."""
    if Verdict.of_parts(parts) != Verdict.DEPENDS:
        return ""
    verdicts = {reading: Verdict.of_reading(some) for reading, some in by_reading(parts).items()}
    said = [
        f"{words} {isolated(reading)}"
        for verdict, words in _TRUE.items()
        for reading, found in verdicts.items()
        if found == verdict
    ]
    return f"{capitalised(', '.join(said))}."
