"""What the results say, in sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from core import numbers
from core.claims.finding import Finding
from core.errors import one_line, sentence
from core.fourier.basis import half_plane
from core.numbers import signed_points, small
from core.reproduce.agreement import FALSE_DISCOVERIES, FEW, MARGIN, Match
from core.reproduce.claim_comparison import ClaimComparison
from core.reproduce.machine import name_of
from core.reproduce.maps import MapResult
from core.reproduce.numbers import FACTOR_AFTER, FACTOR_BEFORE, PICTURES
from core.reproduce.tables import TableResult
from core.runs.starts import STARTS

percent = partial(numbers.percent, space="\N{NO-BREAK SPACE}")
RULES = (
    f"Of a map, “agrees” means: the 95 % interval of the mean difference lies within {100 * MARGIN:g} points of zero, "
    f"and at most {100 * FEW:g} % of the waves differ ({100 * FALSE_DISCOVERIES:g} % false discoveries). “Differs”: "
    "more waves do, or the interval leaves zero out and reaches farther. “Cannot tell”: it takes more images or waves.",
    "Intervals of a mean difference take each image as one observation. The paper’s runs are known as rates alone, so "
    "the two runs are taken as if they had used different images: too wide an interval, if anything.",
    f"Of losses, “agrees” means: the medians lie within a factor of {FACTOR_BEFORE} of the paper’s number before the "
    f"run, and of {FACTOR_AFTER} after it; the paper gives no images and no spread. Of counts of pictures stored with "
    f"the bundled models: at most {PICTURES} apart.",
)


def map_sentence(result: MapResult) -> str:
    """What was computed, and how it compares."""
    side, n = result.heatmap.side, int(result.heatmap.metadata["dataset"]["n"])
    done = f"{result.waves:,} of {len(half_plane(side)):,} waves on {n:,} images"
    found = result.agreement
    if found is None:
        mean = float(np.nanmean(result.heatmap.error_rate))
        return f"{done}; mean error {percent(mean)}."
    identical = ""
    if found.identical_waves is not None:
        identical = f"; {found.identical_waves} of {len(found.rows)} waves have exactly as many errors"
    return (
        f"{done}. Mean error over the common waves: {percent(found.mean_error)} here, {percent(found.mean_reference)} "
        f"{result.kind}, difference {signed_points(found.mean_difference)}{identical}."
    )


def map_notes(result: MapResult) -> list[str]:
    """What a reader must know of a map's images, network and reference."""
    notes = [f"{result.note} The bundled samples stand in."] if result.note else []
    if not result.original:
        instead = name_of(result.part.classifier)
        notes.append(f"It stands in the place of {instead}, so the comparison says nothing about the paper.")
    if result.reference is None:
        notes.append("The paper shows this map as a picture; its numbers were not published.")
    return notes


def table_sentence(result: TableResult) -> str:
    """What runs came to, in one sentence."""
    before, after = (small(result.median(name)) for name in ("loss_before", "loss_after"))
    n = len(result.rows)
    images = "image" if n == 1 else "images"
    return f"{n} {images}: median loss {before} before, {after} after; {result.became} of {n} become the target."


def plain_and_minimised(tables: Sequence[TableResult]) -> str:
    """What plain steps leave of Eq. 3's loss, for each network of which both were run; empty without one."""
    losses: dict[str, dict[str, float]] = {}
    for one in tables:
        if one.part.mode == "inpaint":
            name = name_of(str(one.settings["classifier"]["name"]))
            losses.setdefault(name, {})[one.part.penalty] = one.median("loss_after")
    pairs = [
        f"{name} {small(found['norm'])} against {small(found['eq3'])}"
        for name, found in losses.items()
        if {"norm", "eq3"} <= found.keys()
    ]
    if not pairs:
        return ""
    return (
        "Plain steps do not minimise Eq. 3: beside the start its penalty’s gradient has full length however small the "
        "change. Forward-backward steps do, and nearly always change nothing outside the hole. Median loss after, by "
        f"plain steps against minimised: {'; '.join(pairs)}. Which steps the authors took cannot be seen from the "
        "paper."
    )


def two_starts(tables: Sequence[TableResult]) -> str:
    """What both starts of generation are, where there is a run."""
    if not any(one.part.mode == "generate" for one in tables):
        return ""
    told = " ".join(f"{STARTS[kind].label}: {STARTS[kind].source}" for kind in ("blur", "independent"))
    return f"{told} Which start the authors’ figures had cannot be seen from the paper."


def claims_sentence(result: ClaimComparison) -> str:
    """Whose maps a pair's claims were judged on, and how many verdicts are the same as before."""
    against = f"{result.subject} against {result.reference}" if result.subject else result.reference
    told = f"{sentence(against)[:-1]}: {result.waves:,} waves."
    if result.known:
        told += f" {result.same} of {result.known} verdicts are the same on the {result.kind} maps."
    return told


def evidence(finding: Finding) -> str:
    """The numbers that are known, and the first doubt."""
    known = [f"{one.what} {one.number}{one.interval}" for one in finding.evidence if not math.isnan(one.measured.value)]
    return "; ".join([*known, *finding.doubts[:1]])


def weights(facts: Mapping[str, Any]) -> str:
    """Whose weights, with the first digits of their sha256."""
    found = facts["classifier"]
    return f"{one_line(found['weights_id'])} ({str(found['sha256'] or 'unknown')[:12]})"


def images(facts: Mapping[str, Any]) -> str:
    """Which images and how many, with the first digits of their sha256."""
    found = facts["dataset"]
    return f"{one_line(found['name'])}, {found['n']:,} ({str(found['content_hash'])[:12]})"


def counted(verdicts: Sequence[Match], what: str) -> str:
    """'3 maps: 2 agree, 1 cannot be told.'; `what` in the singular."""
    words = {
        Match.AGREES: ("agrees", "agree"),
        Match.DIFFERS: ("differs", "differ"),
        Match.UNDECIDED: ("cannot be told", "cannot be told"),
        Match.NOT_COMPARED: ("has nothing to be compared with", "have nothing to be compared with"),
    }
    if len(verdicts) != 1:
        what += "s"
    told = [f"{count} {words[kind][count > 1]}" for kind in Match if (count := sum(one == kind for one in verdicts))]
    return f"{len(verdicts)} {what}: {', '.join(told)}." if verdicts else f"No {what}."
