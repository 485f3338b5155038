"""Report of a reconstruction's changes: one row per image, one summary over all of them. No torch."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from core.runs.judgement import Judgement

# Fields with mean and standard deviation in summary.json.
SUMMARY = (
    "loss_before",
    "loss_after",
    "probability_after",
    "is_target",
    "change_inside",
    "change_outside",
)


@dataclass(frozen=True)
class Reconstruction:
    """One image of a run; "before" is the corrupted image or the start, "after" the result.

    index: place in the run. label: true class, "" if none. target, top1_before, top1_after: class names.
    loss_before, loss_after: Eq. 2 or 3. cross_entropy_before, cross_entropy_after: its first term alone.
    probability_before, probability_after: of the target, in [0, 1].
    was_target, is_target: 1 if the top-1 class is the target before or after, respectively; else 0.
    change_inside, change_outside: mean absolute change of a value, in [0, 1], in and around the hole.
    norm_outside: L2 norm of the change around the hole. perturbation_norm: of the whole change.
    sure_step: the first step with a target probability of 90 % or more; None if there is none.
    sure_change: change_inside at that step.
    judge_top1_before, judge_top1_after: class names; "" without a second judge.
    judge_share_before, judge_share_after: 1 if these equal the target, else 0; None without a judge.
    """

    index: int
    label: str
    target: str
    top1_before: str
    top1_after: str
    loss_before: float
    loss_after: float
    cross_entropy_before: float
    cross_entropy_after: float
    probability_before: float
    probability_after: float
    was_target: int
    is_target: int
    change_inside: float
    change_outside: float
    norm_outside: float
    perturbation_norm: float
    sure_step: int | None = None
    sure_change: float | None = None
    judge_top1_before: str = ""
    judge_top1_after: str = ""
    judge_share_before: int | None = None
    judge_share_after: int | None = None


def measure_change(before: np.ndarray, after: np.ndarray, hole: np.ndarray) -> dict[str, Any]:
    """Return the fields of a `Reconstruction` that depend only on pixels.

    Args:
        before, after: (3, H, W) float32 in [0, 1].
        hole: (1, H, W) bool. If all True, as in generation, nothing lies outside, and change_outside is 0.
    """
    inside = np.broadcast_to(hole, after.shape)
    change = (after - before).astype(np.float64)
    outside = change[~inside]
    return dict(
        change_inside=float(np.abs(change[inside]).mean()),
        change_outside=float(np.abs(outside).mean()) if outside.size else 0.0,
        norm_outside=float(np.sqrt((outside**2).sum())),
        perturbation_norm=float(np.sqrt((change**2).sum())),
    )


def judgement(rows: Sequence[Reconstruction], judge: str) -> Judgement:
    """Return how many of the judged rows the second judge calls their target."""
    before, after = (sum(getattr(row, f"judge_share_{when}") for row in rows) for when in ("before", "after"))
    return Judgement(judge, len(rows), before, after)


def summarise(rows: Sequence[Reconstruction], judge: str | None = None) -> dict[str, Any]:
    """Return {"n": images, and for each of SUMMARY {"mean": ..., "std": ...}}; std over n, 0 for a single image.

    judge: name of the second judge, if any; its counts are added as "judge".
    """
    summary: dict[str, Any] = {"n": len(rows)}
    for name in SUMMARY:
        values = np.array([getattr(row, name) for row in rows], dtype=np.float64)
        summary[name] = {"mean": float(values.mean()), "std": float(values.std())}
    if judge is not None:
        summary["judge"] = judgement(rows, judge).to_json()
    return summary


def to_csv(rows: Sequence[Reconstruction]) -> bytes:
    """Return a CSV with a header and one line per image."""
    buffer = io.StringIO(newline="")
    table = csv.DictWriter(buffer, [field.name for field in fields(Reconstruction)], lineterminator="\n")
    table.writeheader()
    table.writerows(asdict(row) for row in rows)
    return buffer.getvalue().encode("utf-8")


def from_csv(data: bytes) -> list[Reconstruction]:
    """Read the rows of `to_csv` losslessly; raise ValueError, LookupError or TypeError for other tables."""
    read: dict[str, Callable[[str], Any]] = {
        "int": int,
        "float": float,
        "str": str,
        "int | None": lambda text: int(text) if text else None,
        "float | None": lambda text: float(text) if text else None,
    }
    table = csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""))
    kinds = {field.name: read[str(field.type)] for field in fields(Reconstruction)}
    return [Reconstruction(**{name: kind(row[name]) for name, kind in kinds.items()}) for row in table]
