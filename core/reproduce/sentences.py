"""Sentences about the results that need more logic than `report.html.jinja` should have."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from core.fourier.waves import half_plane
from core.reproduce.compare import ClaimComparison, MapResult, Match
from core.shared import numbers
from core.shared.numbers import signed_points
from core.shared.text import sentence

percent = partial(numbers.percent, space="\N{NO-BREAK SPACE}")


def map_sentence(result: MapResult) -> str:
    """Describe a computed map and its comparison."""
    side, n = result.heatmap.side, int(result.heatmap.metadata["dataset"]["n"])
    done = f"{result.waves:,} of {len(half_plane(side)):,} waves on {n:,} images"
    agreement = result.agreement
    if agreement is None:
        mean = float(np.nanmean(result.heatmap.error_rate))
        return f"{done}; mean error {percent(mean)}."
    identical = ""
    if agreement.identical_waves is not None:
        identical = f"; {agreement.identical_waves} of {len(agreement.rows)} waves have exactly as many errors"
    return (
        f"{done}. Mean error over the common waves: {percent(agreement.mean_error)} here, "
        f"{percent(agreement.mean_reference)} {result.kind}, "
        f"difference {signed_points(agreement.mean_difference)}{identical}."
    )


def claims_sentence(result: ClaimComparison) -> str:
    """Name the maps of a pair's claims, and count the verdicts that agree with the reference maps."""
    against = f"{result.subject} against {result.reference}" if result.subject else result.reference
    text = f"{sentence(against)[:-1]}: {result.waves:,} waves."
    if result.known:
        text += f" {result.same_verdicts} of {result.known} verdicts are the same on the {result.kind} maps."
    return text


def verdict_counts(verdicts: Sequence[Match], what: str) -> str:
    """Return a count such as '3 maps: 2 agree, 1 cannot be told.'; `what` in the singular."""
    verbs = {
        Match.AGREES: ("agrees", "agree"),
        Match.DIFFERS: ("differs", "differ"),
        Match.UNDECIDED: ("cannot be told", "cannot be told"),
        Match.NOT_COMPARED: ("has nothing to be compared with", "have nothing to be compared with"),
    }
    if len(verdicts) != 1:
        what += "s"
    counts = [f"{count} {verbs[kind][count > 1]}" for kind in Match if (count := verdicts.count(kind))]
    return f"{len(verdicts)} {what}: {', '.join(counts)}." if verdicts else f"No {what}."
