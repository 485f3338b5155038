"""Claims about drawings and filled holes: section 3.2 of the paper, and ours. Does not import torch.

In section 3.2 the subject takes CLIP's place, the reference the robust model's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from core.claims.finding import RECOGNISED, Evidence, Head, Judged, Topic, judged, require
from core.classifiers.registry import network_title
from core.fourier.contrasts import mcnemar
from core.pgd.pictures import AFTER, BEFORE, PictureOutcomes
from core.pgd.record import SURE
from core.shared.numbers import Interval, paired_interval, student, wilson
from core.shared.text import isolated

Scores = Mapping[str, np.ndarray]  # (n,) a number for each picture, NaN if it does not count; by kind of pictures
_MIN_LOSS = 1e-7  # float32 rounds a cross-entropy below it to zero
_SMALL_GAIN = 0.1  # fraction of pictures, which counts as nothing
_JUDGES = ("", ", second judge")  # notes for their numbers
_NO_JUDGE = "No network has judged what both painted."
picture_claim = partial(Head, topic=Topic.PICTURES, section="3.2")


@dataclass(frozen=True, eq=False)
class Painted:
    """Pictures by one network, which several networks painted from the same starts.

    pictures: by kind. judges: for each kind the indices of the judges that saw the pictures of all these networks.
    """

    name: str
    pictures: Mapping[str, PictureOutcomes]
    judges: Mapping[str, Sequence[int]]

    def __str__(self) -> str:
        """Return the name in the middle of a summary."""
        return isolated(self.name)

    def scores(self, of: Callable[[Mapping[str, np.ndarray]], np.ndarray]) -> Scores:
        """Return a number for each picture, computed from the columns of its table."""
        return {kind: of(painted.pictures) for kind, painted in self.pictures.items()}

    def recognised(self, seen: str = AFTER) -> Scores:
        """Return 1 for each picture whose class is a judge's top-1 prediction, else 0, by kind and judge."""
        return {
            kind + _JUDGES[judge]: painted.recognised(judge, seen=seen)
            for kind, painted in self.pictures.items()
            for judge in self.judges[kind]
        }


def common_judges(results: Sequence[PictureOutcomes]) -> list[int]:
    """Return the indices of the judges that saw the pictures of all these networks."""
    judges = [{painted.judges[index : index + 1] for painted in results} for index in range(len(_JUDGES))]
    return [index for index, same in enumerate(judges) if len(same) == 1 and same != {()}]


def _fraction(scores: np.ndarray) -> Interval:
    return wilson(scores.mean(), len(scores)).item()


def _paired(differences: np.ndarray) -> Interval:
    return paired_interval(differences).item()


@dataclass(frozen=True, eq=False)
class Gap:
    """Scores of two networks on one kind of pictures, compared picture by picture.

    difference, first, second: as evidence. p: McNemar's, exact. counted: (n,) bool.
    """

    kind: str
    difference: Evidence
    first: Evidence
    second: Evidence
    p: float
    counted: np.ndarray

    @property
    def mean(self) -> Interval:
        """Mean of the differences."""
        return self.difference.measured


def _gaps(first: Scores, second: Scores, names: Sequence[str], bars: Sequence[str], **difference: Any) -> list[Gap]:
    """Compare scores by kind, without kinds of too few pictures for an interval.

    names: of both numbers. bars: their labels for the first kind. difference: fields of its `Evidence`, of which `what`
    precedes the kind.
    """
    points = difference.setdefault("unit", "points") == "points"
    mean, own, unit = (_paired, _fraction, "error") if points else (student, student, "level")
    what, gaps = difference.pop("what", ""), list[Gap]()
    for kind, scores in first.items():
        differences = scores - second[kind]
        counted = ~np.isnan(differences)
        if counted.sum() < 2:
            continue
        a, b = (
            Evidence(name, own(values[counted]), unit, bar="" if gaps else bar)
            for name, values, bar in zip(names, (scores, second[kind]), bars, strict=True)
        )
        terms, label = (a.measured.value, b.measured.value), f"{what}, {kind}" if what else kind
        p = float(mcnemar((differences > 0).sum(), (differences < 0).sum()))
        measured = Evidence(label, mean(differences[counted]), terms=terms, **difference)
        gaps.append(Gap(kind, measured, a, b, p, counted))
    return gaps


def _rows(gaps: Sequence[Gap]) -> list[Evidence]:
    """Return the evidence of all kinds."""
    return [row for gap in gaps for row in (gap.difference, gap.first, gap.second)]


def _largest_p(gaps: Sequence[Gap]) -> Evidence:
    return Evidence("largest p", Interval.exact(max(gap.p for gap in gaps)), "p")


def _more(first: Scores, second: Scores, names: Sequence[str], bars: Sequence[str], what: str = "") -> list[Gap]:
    """Compare what judges recognise of the pictures of two networks."""
    return require(_gaps(first, second, names, bars, what=what, sign_words=RECOGNISED) or None)


def _gain(painted: Painted, bars: Sequence[str], what: str = "") -> list[Gap]:
    """Compare what judges recognise of a network's results and of its starts."""
    names = ("at the end", "at the start")
    return require(_gaps(painted.recognised(), painted.recognised(BEFORE), names, bars, what=what) or None)


def _unseen(gain: Sequence[Gap]) -> str:
    """Doubt if people see a gain; empty for none."""
    gained = dict.fromkeys(gap.kind.partition(", ")[0] for gap in gain if gap.mean.low > 0)
    return f"Another network recognises more {' and '.join(gained)}; people may not see the gain." if gained else ""


def _counted(parts: Sequence[np.ndarray], what: str = "") -> str:
    """Say how many pictures count, given (n,) bool by kind; empty if all do."""
    numbers = " and ".join(f"{part.sum()} of {len(part)}" for part in parts)
    return "" if all(part.all() for part in parts) else f"Pictures counted{what}: {numbers}."


def who_judged(painted: Painted) -> str:
    """Say which judges saw all kinds of pictures."""
    every, first = painted.pictures.items(), next(iter(painted.pictures.values()))
    names = [
        network_title(name)
        for judge, name in enumerate(first.judges[: len(_JUDGES)])
        if all(judge in painted.judges[kind] and outcomes.judges[judge] == name for kind, outcomes in every)
    ]
    judges = f"The judge is {''.join(names)}; it is not"
    if len(names) > 1:
        judges = f"The judges are {' and '.join(names)}, of another family; neither is"
    return f"{judges} human. Each kind has {first.n} pictures."


def _by_kind(parts: Sequence[bool | None], evidence: Sequence[Evidence], summary: str, *doubts: str) -> Judged:
    """Return what a claim found that has a part for each comparison, which the summary counts."""
    count = f" {parts.count(True)} of {len(parts)} comparisons support the claim." if len(parts) > 1 else ""
    return judged(parts, evidence, summary + count, *doubts)


def _means(
    painted: Painted, scores: Scores, mean: Callable[[np.ndarray], Interval], unit: str, mark: float
) -> list[Evidence]:
    """Return the mean over the pictures that count, by kind, the first with a bar and a mark at the threshold."""
    counted = {kind: values[~np.isnan(values)] for kind, values in scores.items()}
    means = [Evidence(kind, mean(values), unit, mark=mark) for kind, values in counted.items() if len(values)]
    return [replace(number, bar="" if index else painted.name) for index, number in enumerate(require(means or None))]


@picture_claim(
    tasks=("inpainting", "generation"),
    headline="The search lowers the loss ten-thousandfold.",
    quote="The inpainting loss (3) … decreased from 3.8 to 2e-4. … The generation loss (2) … decreased from 3.5 … to "
    "3e-5 …",
)
def losses(subject: Painted) -> Judged:
    """The mean over pictures of how many powers of ten the loss falls, 4 or more; the paper’s numbers give 4.3 and
    5.1."""
    falls = subject.scores(lambda table: np.log10(table["loss_before"] / table["loss_after"].clip(_MIN_LOSS)))
    numbers = _means(subject, falls, student, "orders", mark=4)
    return _by_kind(
        [number.measured.above(4) for number in numbers],
        numbers,
        f"The loss of {subject} falls by {numbers[0]} powers of ten ({numbers[0].what}).",
    )


@picture_claim(
    tasks=("inpainting",),
    headline="CLIP barely changes the hole that it fills.",
    quote="CLIP model barely changes the corrupted patches. The alterations are limited to almost imperceptible "
    "squiggles.",
)
def squiggles(subject: Painted, reference: Painted) -> Judged:
    """The mean change of the finished hole by {subject} minus that by {reference}. Beside it, the change until each was
    90 % confident, over pictures of which both became confident, neither at once."""
    names, bars = ("the subject’s", "the reference’s"), (subject.name, reference.name)
    finished, confident = (
        _gaps(subject.scores(of), reference.scores(of), names, labels, what=what, unit="levels")
        for what, labels, of in (
            ("finished picture", bars, lambda table: table["change_inside"]),
            ("until confident", ("", ""), lambda table: np.where(table["sure_step"] > 0, table["sure_change"], np.nan)),
        )
    )
    first, *_ = require(finished or None)
    return _by_kind(
        [gap.mean.below(0) for gap in finished],
        [*_rows(finished), *_rows(confident)],
        f"The finished hole differs from its start by {first.first} of 255 for {subject}, by {first.second} for "
        f"{reference} ({first.kind}).",
        _counted([gap.counted for gap in confident], ", until confident"),
        "A small change can be visible, and a large one can go unseen.",
    )


@picture_claim(
    tasks=("inpainting",),
    headline="Such changes turn a wrong prediction into the right one.",
    quote="To the model, however, these alterations are highly accurate and even capable of changing a wrong "
    "classification to the correct class.",
)
def corrected(subject: Painted) -> Judged:
    """Of the pictures that {subject} misclassifies with the hole, some of them without it, too: the share that it
    classifies correctly at the end, more than half."""
    right = subject.scores(lambda table: np.where(table["was_target"] == 0, table["is_target"], np.nan))
    numbers = _means(subject, right, _fraction, "error", mark=0.5)
    return _by_kind(
        [number.measured.above(0.5) for number in numbers],
        numbers,
        f"Of 100 pictures that {subject} misclassified with the hole, it classifies {numbers[0]} correctly at the end "
        f"({numbers[0].what}).",
        _counted([~np.isnan(right[number.what]) for number in numbers]),
    )


def _beside_robust(subject: Painted, reference: Painted) -> Judged:
    """Judge that others recognise more of the reference's pictures, and no more of the subject's than of its starts."""
    names, bars = ("the reference’s", "the subject’s"), (reference.name, subject.name)
    more = _more(reference.recognised(), subject.recognised(), names, bars, what="reference minus subject")
    gain = _gain(subject, ("", "at the start"), "subject minus its start")
    return _by_kind(
        [*(gap.mean.above(0) for gap in more), *(gap.mean.at_most(_SMALL_GAIN) for gap in gain)],
        [*_rows(more), _largest_p(more), *_rows(gain)],
        f"Another network recognises {more[0].first} of 100 {more[0].kind} by {reference}, {more[0].second} by "
        f"{subject}, and {gain[0].second} before these began.",
        who_judged(subject),
        _unseen(gain),
    )


@picture_claim(
    tasks=("inpainting",),
    headline="A robust model restores what the hole hid; CLIP does not.",
    quote="The images generated with the robust model were semantically similar to the images before corruption, and "
    "were perceptually plausible to humans even in the case of mistakes. The CLIP model, however, does not reconstruct "
    "the corrupted images.",
    missing=_NO_JUDGE,
)
def plausible(subject: Painted, reference: Painted) -> Judged:
    """The share of filled holes whose class another network recognises: {reference} minus {subject}, picture by picture
    (McNemar’s exact test); and {subject} minus its start, which counts as nothing up to 10 points."""
    return _beside_robust(subject, reference)


@picture_claim(
    tasks=("generation",),
    headline="CLIP is confident of what it draws.",
    quote="To the model, however, these images have high likelihood of pertaining to the correct class.",
)
def likely(subject: Painted) -> Judged:
    """The share of drawings of which {subject} is 90 % confident at the end, more than half."""
    sure = subject.scores(lambda table: (table["probability_after"] >= SURE).astype(np.float64))
    numbers = _means(subject, sure, _fraction, "error", mark=0.5)
    return _by_kind(
        [number.measured.above(0.5) for number in numbers],
        numbers,
        f"{subject} is 90 % confident of {numbers[0]} of 100 {numbers[0].what}.",
    )


@picture_claim(
    tasks=("generation",),
    headline="A robust model draws what others recognise; CLIP does not.",
    quote="The images generated by the robust models …, while not realistic, showcased perceptually relevant features "
    "such as feathers, eyes, fur and noses. The images generated by CLIP model, on the other hand, do not display such "
    "features.",
    missing=_NO_JUDGE,
)
def displayed(subject: Painted, reference: Painted) -> Judged:
    """The share of drawings whose class another network recognises: {reference} minus {subject}, picture by picture
    (McNemar’s exact test); and {subject} minus its start, which counts as nothing up to 10 points."""
    return _beside_robust(subject, reference)


@picture_claim(
    tasks=("generation",),
    headline="What CLIP draws resembles its class only as much as its start did.",
    quote="Any similarity to the original class is due to the pixel sampling process, with the final result looking "
    "like incomprehensible noise.",
    missing=_NO_JUDGE,
)
def sampled(subject: Painted) -> Judged:
    """The share of drawings by {subject} whose class another network recognises, at the end minus at the start, which
    counts as nothing up to 10 points."""
    gain = _gain(subject, ("at the end", "at the start"))
    return _by_kind(
        [gap.mean.at_most(_SMALL_GAIN) for gap in gain],
        _rows(gain),
        f"Another network recognises {gain[0].first} of 100 {gain[0].kind} by {subject}, and {gain[0].second} before "
        "they began.",
        _unseen(gain),
    )


@picture_claim(
    section="ours",
    tasks=("generation", "inpainting"),
    quote="A network paints what other networks recognise once the picture must convince it from every view, by "
    "natural steps.",
    missing=_NO_JUDGE,
)
def views(by_views: Painted, by_paper: Painted) -> Judged:
    """The share of pictures whose class another network recognises: by views and natural steps minus by the paper’s
    search, from the same starts, picture by picture (McNemar’s exact test)."""
    names = ("by views", "by the paper’s search")
    more = _more(by_views.recognised(), by_paper.recognised(), names, names)
    return _by_kind(
        [gap.mean.above(0) for gap in more],
        [*_rows(more), _largest_p(more)],
        f"Another network recognises {more[0].first} of 100 {more[0].kind} by views and natural steps, "
        f"{more[0].second} by the paper’s search.",
        who_judged(by_views),
    )


@picture_claim(
    section="ours",
    tasks=("generation", "inpainting"),
    quote="A CLIP trained against small changes paints what other networks recognise.",
    missing=_NO_JUDGE,
)
def training(robust: Painted, ordinary: Painted) -> Judged:
    """The share of pictures whose class another network recognises: {robust} minus {ordinary}, picture by picture
    (McNemar’s exact test)."""
    names, bars = ("the robust twin’s", "the ordinary twin’s"), (robust.name, ordinary.name)
    more = _more(robust.recognised(), ordinary.recognised(), names, bars)
    return _by_kind(
        [gap.mean.above(0) for gap in more],
        [*_rows(more), _largest_p(more)],
        f"Another network recognises {more[0].first} of 100 {more[0].kind} by {robust}, {more[0].second} by "
        f"{ordinary}.",
        who_judged(robust),
    )
