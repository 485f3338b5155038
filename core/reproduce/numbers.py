"""The numbers of inpainting and generation runs, and how they compare with the paper's or with stored ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.fourier.intervals import student
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
        medians = [result.median(name) for name in ("loss_before", "loss_after")]
        near = [
            1 / factor <= here / there <= factor
            for here, there, factor in zip(medians, published, (FACTOR_BEFORE, FACTOR_AFTER), strict=True)
        ]
        return Match.AGREES if all(near) else Match.DIFFERS
    if stored is not None:
        counts = [(result.became, stored.own)]
        if (judged := result.judged) is not None and result.settings["judge"]["sha256"] == stored.judge_sha256:
            counts.append((judged.after, stored.judged))
        return Match.AGREES if all(abs(here - there) <= PICTURES for here, there in counts) else Match.DIFFERS
    return Match.NOT_COMPARED


def to_json(result: TableResult) -> dict[str, Any]:
    """The numbers of a part as a JSON object."""
    losses = {}
    for name in ("loss_before", "loss_after"):
        mean = student(result.values(name))
        losses[name] = {"mean": mean.value, "interval": mean.ends, "median": result.median(name)}
    stored, judged, objective = stored_counts(result), result.judged, result.settings["objective"]
    fixed, wrong = mended(result)
    return {
        "key": result.part.key,
        "figure": result.part.figure,
        "match": match(result),
        "settings": {**result.settings, "penalty": objective.get("penalty"), "hole": objective.get("side")},
        "note": result.note,
        "n": len(result.rows),
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
