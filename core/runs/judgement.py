"""Judgement of a classifier's results by another network. Does not import torch by itself.

A classifier's own confidence says nothing about the picture's content, as descent raises it in any case.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.fourier.intervals import Interval, wilson
from core.runs.file import PGDRun
from core.shared.roles import preference
from core.sweep.predictions import class_probabilities

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier

# Stored fields of each picture's `core.reconstruct.report.Reconstruction`.
COLUMNS = (
    "loss_before",
    "loss_after",
    "probability_after",
    "was_target",
    "is_target",
    "change_inside",
    "change_outside",
    "sure_step",
    "sure_change",
    "judge_share_before",
    "judge_share_after",
)
THIRD = ("third_share_before", "third_share_after")  # columns of the third judge, missing for its own pictures


@dataclass(frozen=True)
class Judgement:
    """Number of starts and of results, of n pictures, that the judge, a classifier's name, calls their target."""

    judge: str
    n: int
    before: int
    after: int

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Judgement:
        """Read an object of `to_json`."""
        return cls(content["judge"], content["n"], content["before"], content["after"])

    def share(self, count: int) -> Interval:
        """Return a count as a share of n, with Wilson's 95 % interval."""
        return wilson(count / self.n, self.n).item()

    def to_json(self) -> dict[str, Any]:
        """Return the counts and their intervals."""
        intervals = {f"{when}_interval": list(self.share(getattr(self, when))[1:]) for when in ("before", "after")}
        return asdict(self) | intervals


def comparison_kind(kind: str, search: str) -> str:
    """Return the name of a kind of results, by start or penalty, in comparisons of searches.

    Both searches then use the steps and the ball of a run by views.
    """
    return f"{kind}, {search}"


def choose_judge(drawn_by: str, ready: Sequence[str]) -> str | None:
    """Choose the judge of drawings by `drawn_by` among ready classifiers: never itself; its twin as a last resort.

    A robust twin (NAME-robust) was fine-tuned from the other one.
    """

    def rank(name: str) -> tuple[bool, int]:
        twin = name.removesuffix("-robust") == drawn_by.removesuffix("-robust")
        return twin, preference("judge", name)

    return min((name for name in ready if name != drawn_by), key=rank, default=None)


def top1(judge: Classifier, images: np.ndarray) -> list[int]:
    """Return the judge's top-1 class for each of (B, 3, H, W) float32 images in [0, 1]."""
    return class_probabilities(judge, images).argmax(axis=1).tolist()


def judge_run(run: PGDRun, judge: Classifier) -> Judgement | None:
    """Judge a run's start and its last frame, rounded to 8 bits; None if the judge knows none of the targets.

    The judge's classes are the first ones of the run's; targets beyond them are free texts, which are skipped.
    """
    known = [row for row, target in enumerate(run.metadata["targets"]) if target < len(judge.classes)]
    if not known or run.metadata["class_names"][: len(judge.classes)] != list(judge.classes.names):
        return None
    targets = [run.metadata["targets"][row] for row in known]
    last = run.frames[-1, known].astype(np.float32) / np.float32(255)
    before, after = (
        sum(predictions == target for predictions, target in zip(top1(judge, images), targets, strict=True))
        for images in (run.start[known], last)
    )
    return Judgement(judge.name, len(known), before, after)


def fingerprint(run: PGDRun) -> str:
    """Return the SHA-256 of what a judgement depends on: the pictures and their targets."""
    digest = hashlib.sha256(run.frames[-1].tobytes())
    digest.update(run.start.tobytes())
    digest.update(json.dumps([run.metadata["targets"], run.metadata["class_names"]]).encode())
    return digest.hexdigest()
