"""Stored outcomes of many pictures that the bundled models drew or filled, picture by picture. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from core.fourier.intervals import Measured, student
from core.runs.judgement import THIRD, Judgement, stored_judgements


@dataclass(frozen=True, eq=False)
class PictureOutcomes:
    """Outcomes of n pictures by one network; sha256: of its weights.

    pictures: (n,) float64 by name, as in `core.runs.judgement.COLUMNS`; NaN where there is nothing to tell. The same
    row is the same start, whichever network worked on it. third: another judge, of another family, who fills the
    columns `THIRD`; empty where nobody was asked, as of its own pictures. energy: (R,) of what was painted, by radius,
    as shares of all but the mean colour's; None where that was not measured.
    """

    classifier: str
    sha256: str
    judge: str
    pictures: Mapping[str, np.ndarray]
    third: str = ""
    energy: np.ndarray | None = None

    @property
    def n(self) -> int:
        return len(self.pictures["loss_after"])

    @property
    def own(self) -> int:
        """How many the network itself takes for their target afterwards."""
        return int(self.pictures["is_target"].sum())

    @property
    def judgement(self) -> Judgement:
        """How many the second judge calls their target, before and after."""
        before, after = (int(self.pictures[f"judge_share_{when}"].sum()) for when in ("before", "after"))
        return Judgement(self.judge, self.n, before, after)

    @property
    def confidence(self) -> tuple[float, Measured]:
        """The network's mean probability of the target at the start, and at the end."""
        before, after = np.exp(-self.pictures["loss_before"]), student(self.pictures["probability_after"])
        return float(before.mean()), Measured(after.value, after.low, min(after.high, 1.0))

    @property
    def until_sure(self) -> tuple[float, int]:
        """Median of the mean change, of 1, until it was sure, over those where it became so on the way; how many."""
        changes = self.pictures["sure_change"][self.sure_later()]
        return float(np.median(changes)) if len(changes) else np.nan, len(changes)

    def mean(self, name: str) -> float:
        """Return the mean of one number over all pictures."""
        return float(self.pictures[name].mean())

    def first(self, count: int) -> PictureOutcomes:
        """Return the outcomes of the first `count` pictures."""
        return replace(self, pictures={name: values[:count] for name, values in self.pictures.items()})

    def sure_later(self) -> np.ndarray:
        """(n,) bool, where it was not sure at once, and became sure on the way."""
        return self.pictures["sure_step"] > 0


@cache
def picture_outcomes(kind: str) -> dict[str, PictureOutcomes]:
    """Load drawings from one kind of start, or holes filled by one penalty, by classifier; empty if none are stored."""
    stored = stored_judgements()
    by = {**stored["drawn"]["by"], **stored["painted"]["by"]}.get(kind, {})
    return {
        name: PictureOutcomes(
            name,
            entry["sha256"],
            stored["judge"]["name"],
            {column: np.array(values, dtype=np.float64) for column, values in entry["pictures"].items()},
            stored["third"]["name"] if THIRD[0] in entry["pictures"] else "",
            np.array(entry["energy"]) if "energy" in entry else None,
        )
        for name, entry in by.items()
    }
