"""The numbers of inpainting and generation runs, and how they compare with the paper's or with stored ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from core.fourier.intervals import FEWEST, Measured, median_interval, student
from core.reproduce.agreement import Match
from core.reproduce.tables import TableResult
from core.runs.judgement import stored_judgements
from core.runs.painted import stored_painted

# The paper gives one number each, without images or spread: only the size of a loss can agree.
FACTOR_BEFORE, FACTOR_AFTER = 2, 10
PICTURES = 2  # of stored counts: rounding on another machine may tip a picture


@dataclass(frozen=True)
class Stored:
    """Counts of pictures that were drawn when the model was bundled, from the same starts.

    own: which the model itself then takes for their target. judge, judged: who else was asked, and how many of them.
    """

    n: int
    own: int
    judge: str
    judge_sha256: str
    judged: int


def stored_counts(result: TableResult) -> Stored | None:
    """What is stored for this network, kind of start and number of pictures; None where nothing is."""
    stored, settings = stored_judgements(), result.settings
    drawn, found = stored["drawn"], stored_painted(settings["start"]).get(settings["classifier"]["name"])
    same = (
        found is not None
        and settings["mode"] == "generate"
        and found.sha256 == settings["classifier"]["sha256"]
        and (drawn["seed"], drawn["config"]) == (settings["seed"], settings["config"])
        and found.n >= len(result.rows)
    )
    if found is None or not same:
        return None
    found, judge = found.first(len(result.rows)), stored["judge"]
    return Stored(found.n, found.own, judge["name"], judge["sha256"], found.judgement.after)


def mended(result: TableResult) -> tuple[int, int]:
    """Of the holes that turned the prediction wrong, how many end with the right one: (how many, of how many)."""
    wrong = [row for row in result.rows if row.label and row.top1_before != row.label]
    return sum(row.top1_after == row.label for row in wrong), len(wrong)


def match(result: TableResult) -> Match:
    """Whether a part's runs agree with the paper, or with the counts stored for a bundled model."""
    published, stored = result.part.published, stored_counts(result)
    if published is not None and result.original and not result.note:
        pairs = _medians(result, published)
        if all(1 / factor <= ratio.low and ratio.high <= factor for ratio, factor in pairs):
            return Match.AGREES
        outside = any(ratio.high < 1 / factor or ratio.low > factor for ratio, factor in pairs)
        return Match.DIFFERS if outside else Match.UNDECIDED
    if stored is not None:
        counts = [(result.became, stored.own)]
        if (judged := result.judged) is not None and result.settings["judge"]["sha256"] == stored.judge_sha256:
            counts.append((judged.after, stored.judged))
        return Match.AGREES if all(abs(here - there) <= PICTURES for here, there in counts) else Match.DIFFERS
    return Match.NOT_COMPARED


def images_needed(result: TableResult) -> int | None:
    """How many images would tell whether the losses agree, as far as those here let one expect; None if they do tell.

    An interval shrinks with the square root of their number, until it ends before the nearest bound of agreement.
    """
    if match(result) != Match.UNDECIDED or result.part.published is None:
        return None
    n, needed = len(result.rows), float(FEWEST)
    for ratio, factor in _medians(result, result.part.published) if n >= FEWEST else ():
        value, low, high = (math.log(max(end, 1e-30)) for end in ratio)
        to_bound = min(abs(value - math.log(factor)), abs(value + math.log(factor)))
        needed = max(needed, n * (max(high - value, value - low) / max(to_bound, 1e-3)) ** 2)
    return math.ceil(needed)


def _medians(result: TableResult, published: tuple[float, float]) -> list[tuple[Measured, int]]:
    """Median losses before and after the run, as multiples of the published ones, and the factors that still agree."""
    names, factors = ("loss_before", "loss_after"), (FACTOR_BEFORE, FACTOR_AFTER)
    found = [median_interval(result.values(name) / there) for name, there in zip(names, published, strict=True)]
    return list(zip(found, factors, strict=True))


def to_json(result: TableResult) -> dict[str, Any]:
    """The numbers of a part as a JSON object."""
    losses = {}
    for name in ("loss_before", "loss_after"):
        mean = student(result.values(name))
        losses[name] = {"mean": mean.value, "interval": mean.ends, "median": result.median(name)}
    stored, judged, objective = stored_counts(result), result.judged, result.settings["objective"]
    fixed, wrong = mended(result)
    return {
        **result.to_json(),
        "match": match(result),
        "settings": {**result.settings, "penalty": objective.get("penalty"), "hole": objective.get("side")},
        "n": len(result.rows),
        "n_needed": images_needed(result),
        **losses,
        "published": result.part.published,
        "become_target": result.became,
        "judge": None if judged is None else judged.to_json(),
        "stored": None if stored is None else vars(stored),
        "wrong_before": wrong,
        "wrong_before_right_after": fixed,
        "mean_change_in_hole": float(result.values("change_inside").mean()),
        "time": result.source,
    }
