"""Claims about drawings and filled holes: section 3.2 of the paper, and ours. Does not import torch.

In section 3.2 the subject takes CLIP's place, the reference the robust model's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from core.claims.evidence import RECOGNISED, Evidence
from core.claims.finding import Head, Judged, Topic, judged, require
from core.claims.statistics import TRAINED_ONCE
from core.claims.verdict import Part, above, below
from core.classifiers.registry import network_title
from core.fourier.contrasts import mcnemar
from core.pgd.picture_outcomes import AFTER, BEFORE, PictureOutcomes
from core.pgd.record import SURE
from core.shared import paper
from core.shared.numbers import Interval, paired_interval, student, wilson
from core.shared.text import isolated

Scores = Mapping[str, np.ndarray]  # (n,) a number for each picture, NaN if it does not count; by group of pictures
Measure = Callable[[Mapping[str, np.ndarray]], np.ndarray]  # of a table by column: such a number
_MIN_LOSS = 1e-7  # float32 rounds a cross-entropy below it to zero
_SMALL_GAIN = 0.1  # fraction of pictures, which counts as nothing
_SMALL_CHANGE = 8 / 255  # of a pixel: the customary bound of invisible changes (Madry et al. 2018, CIFAR-10)
_JUDGES = ("", ", second judge")  # notes for their numbers
_ENDS = ("at the end", "at the start")
_NO_JUDGE = "No network has judged what both painted."
picture_claim = partial(Head, topic=Topic.PICTURES, section="3.2")


@dataclass(frozen=True, eq=False)
class Painted:
    """Pictures by one network, which several networks painted from the same starts.

    pictures: by group. judges: for each group the indices of the judges that saw the pictures of all these networks.
    """

    name: str
    pictures: Mapping[str, PictureOutcomes]
    judges: Mapping[str, Sequence[int]]

    def __str__(self) -> str:
        """Return the name in the middle of a summary."""
        return isolated(self.name)

    def scores(self, of: Measure) -> Scores:
        """Return a number for each picture, computed from the columns of its table."""
        return {group: of(painted.pictures) for group, painted in self.pictures.items()}

    def recognised(self, seen: str = AFTER) -> Scores:
        """Return 1 for each picture that a judge classifies correctly, else 0, by group and judge."""
        return {
            group + _JUDGES[judge]: painted.recognised(judge, seen=seen)
            for group, painted in self.pictures.items()
            for judge in self.judges[group]
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
class Comparison:
    """Scores of two networks, compared picture by picture in each group.

    groups: those compared. differences: their means. evidence: three numbers for each group: the difference, and each
    network's. p: McNemar's, exact. counted: (n,) bool.
    """

    groups: list[str] = field(default_factory=list)
    differences: list[Evidence] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    p: list[float] = field(default_factory=list)
    counted: list[np.ndarray] = field(default_factory=list)

    @property
    def group(self) -> str:
        """The first group; summaries use its numbers."""
        return self.groups[0]

    @property
    def largest_p(self) -> Evidence:
        """The largest of the p values."""
        return Evidence("largest p", Interval.exact(max(self.p)), "p")


def _compare(first: Scores, second: Scores, names: Sequence[str], bars: Sequence[str], **style: Any) -> Comparison:
    """Compare scores by group, skipping groups with so few pictures that they have no interval.

    names: of both numbers. bars: their labels for the first group. style: fields of the difference's `Evidence`; `what`
    precedes the group.
    """
    points = style.setdefault("unit", "points") == "points"
    mean, own, unit = (_paired, _fraction, "error") if points else (student, student, "level")
    what, compared = style.pop("what", ""), Comparison()
    for group, scores in first.items():
        differences = scores - second[group]
        counted = ~np.isnan(differences)
        if counted.sum() < 2:
            continue
        a, b = (
            Evidence(f"{name}, {group}", own(values[counted]), unit, bar="" if compared.differences else bar)
            for name, values, bar in zip(names, (scores, second[group]), bars, strict=True)
        )
        compared.differences.append(
            Evidence(f"{what}, {group}" if what else group, mean(differences[counted]), **style)
        )
        compared.groups.append(group)
        compared.evidence.extend([compared.differences[-1], a, b])
        compared.p.append(float(mcnemar((differences > 0).sum(), (differences < 0).sum())))
        compared.counted.append(counted)
    return compared


def _recognised(first: Scores, second: Scores, names: Sequence[str], bars: Sequence[str], **style: Any) -> Comparison:
    """Compare what judges recognise; raise NotCheckable if no judge saw both."""
    compared = _compare(first, second, names, bars, **style)
    return require(compared if compared.groups else None)


def _unseen(gain: Comparison) -> str:
    """Doubt if people see a gain; empty for none."""
    rows = zip(gain.groups, gain.differences, strict=True)
    gained = dict.fromkeys(group.partition(", ")[0] for group, number in rows if number.measured.low > 0)
    return (
        f"A second network recognises more {' and '.join(gained)}, which doesn’t mean people would." if gained else ""
    )


def _counted(parts: Sequence[np.ndarray], what: str = "") -> str:
    """Say how many pictures count, given (n,) bool by group; empty if all do."""
    numbers = " and ".join(f"{part.sum()} of {len(part)}" for part in parts)
    return "" if all(part.all() for part in parts) else f"Pictures counted{what}: {numbers}."


def who_judged(painted: Painted) -> str:
    """Say which judges saw all groups of pictures."""
    every, first = painted.pictures.items(), next(iter(painted.pictures.values()))
    names = [
        network_title(name)
        for judge, name in enumerate(first.judges[: len(_JUDGES)])
        if all(judge in painted.judges[group] and outcomes.judges[judge] == name for group, outcomes in every)
    ]
    judges = f"The judge is {''.join(names)}; it is not"
    if len(names) > 1:
        judges = f"The judges are {' and '.join(names)}, of another family; neither is"
    return f"{judges} human. Each kind has {first.n} pictures."


def _by_group(parts: Sequence[Part], evidence: Sequence[Evidence], summary: str, *doubts: str) -> Judged:
    """Return what a claim found that has a part for each comparison; the summary counts them unless all agree."""
    support, against = ([part.truth for part in parts].count(truth) for truth in (True, False))
    verb = "supports" if support == 1 else "support"
    contradict = f", {against} {'contradicts' if against == 1 else 'contradict'} it" if against else ""
    count = f" {support} of {len(parts)} comparisons {verb} the claim{contradict}." if 0 < support < len(parts) else ""
    return judged(parts, evidence, summary + count, *doubts, TRAINED_ONCE)


def _groups(
    painted: Painted, scores: Scores, mean: Callable[[np.ndarray], Interval], unit: str, mark: float
) -> list[Evidence]:
    """Return the mean of each group, over the pictures that count; the first has a bar with a mark."""
    counted = {group: values[~np.isnan(values)] for group, values in scores.items()}
    means = [Evidence(group, mean(values), unit, mark=mark) for group, values in counted.items() if len(values)]
    first, *more = require(means or None)
    return [replace(first, bar=painted.name), *more]


@picture_claim(tasks=("inpainting", "generation"))
def losses(subject: Painted) -> Judged:
    """The method lowers the loss ten-thousandfold.

    “The inpainting loss (3) … decreased from 3.8 to 2e-4. … The generation loss (2) … decreased from 3.5 … to 3e-5 …”

    The factor by which the loss falls, the geometric mean over pictures, 10,000 or more; the paper’s numbers give
    19,000 and 117,000. They are about CLIP, so other networks cannot make them false.
    """
    falls = subject.scores(lambda table: np.log10(table["loss_before"] / table["loss_after"].clip(_MIN_LOSS)))
    first, *more = _groups(subject, falls, student, "fold", 4)
    is_papers = all(painted.classifier == paper.CLIP_NAME for painted in subject.pictures.values())
    return judged(
        [above(number, 4) for number in (first, *more)] if is_papers else [],
        [first, *more],
        f"The loss of {subject} falls {first}-fold ({first.what}); the paper’s falls about 20,000-fold.",
        "" if is_papers else "The paper gives these numbers for CLIP, so no other network can make them fail.",
    )


@picture_claim(tasks=("inpainting",))
def squiggles(subject: Painted, reference: Painted) -> Judged:
    """CLIP barely changes the hole that it fills.

    “CLIP model barely changes the corrupted patches. The alterations are limited to almost imperceptible squiggles.”

    The mean change of the finished hole by {subject} minus that by {reference}; and the change itself, where changes
    up to 8 of 255 are invisible. Also shown: the change until each was 90% sure, over pictures where both networks
    ended up sure and neither started sure.
    """

    def compare(what: str, of: Measure, *bars: str) -> Comparison:
        names = (f"{subject.name}, {what}", f"{reference.name}, {what}")
        return _compare(subject.scores(of), reference.scores(of), names, bars, what=what, unit="levels")

    finished = compare("finished picture", lambda table: table["change_inside"], subject.name, reference.name)
    confident = compare(
        "until confident", lambda table: np.where(table["sure_step"] > 0, table["sure_change"], np.nan), "", ""
    )
    _, first, second, *_ = require(finished.evidence or None)
    return _by_group(
        [
            *map(below, finished.differences),
            *(below(number, _SMALL_CHANGE) for number in finished.evidence[1::3]),
        ],
        [*finished.evidence, *confident.evidence],
        f"The finished hole differs from its start by {first} of 255 for {subject}, by {second} for {reference} "
        f"({finished.group}).",
        _counted(confident.counted, ", until confident"),
        "A small change can be visible, and a large one can go unseen.",
    )


@picture_claim(tasks=("inpainting",))
def corrected(subject: Painted) -> Judged:
    """Such changes turn a wrong prediction into the right one.

    “To the model, however, these alterations are highly accurate and even capable of changing a wrong classification to
    the correct class.”

    The share of the pictures misclassified with the hole, some of them even without it, that {subject} classifies
    correctly at the end: more than half.
    """
    right = subject.scores(lambda table: np.where(table["was_target"] == 0, table["is_target"], np.nan))
    first, *more = _groups(subject, right, _fraction, "error", 0.5)
    return _by_group(
        [above(number, 0.5) for number in (first, *more)],
        [first, *more],
        f"Of the pictures that {subject} misclassified with the hole, it gets {first} right at the end ({first.what}).",
        _counted([~np.isnan(right[number.what]) for number in (first, *more)]),
    )


def _against_robust(subject: Painted, reference: Painted) -> Judged:
    """Judge that others recognise more of the reference's pictures, and no more of the subject's than of its starts."""
    names, after = (reference.name, subject.name), subject.recognised()
    more = _recognised(
        reference.recognised(),
        after,
        names,
        names,
        what=f"{reference.name} minus {subject.name}",
        sign_words=RECOGNISED,
    )
    gain = _recognised(after, subject.recognised(BEFORE), _ENDS, ("", _ENDS[1]), what=f"{subject.name} minus its start")
    (_, theirs, own, *_), (_, _, start, *_) = more.evidence, gain.evidence
    return _by_group(
        [
            *(above(number, _SMALL_GAIN) for number in more.differences),
            *(below(number, _SMALL_GAIN) for number in gain.differences),
        ],
        [*more.evidence, more.largest_p, *gain.evidence],
        f"A second network recognises {theirs} of {more.group} for {reference} and {own} for {subject} ({start} before "
        "they began).",
        who_judged(subject),
        _unseen(gain),
    )


@picture_claim(tasks=("inpainting",), missing=_NO_JUDGE)
def plausible(subject: Painted, reference: Painted) -> Judged:
    """A robust model restores what the hole hid; CLIP does not.

    “The images generated with the robust model were semantically similar to the images before corruption, and were
    perceptually plausible to humans even in the case of mistakes. The CLIP model, however, does not reconstruct the
    corrupted images.”

    The share of filled holes that a second network recognises: {reference} minus {subject}, more than 10 points,
    picture by picture (McNemar’s exact test); and {subject} minus its start, less than 10 points.
    """
    return _against_robust(subject, reference)


@picture_claim(tasks=("generation",))
def likely(subject: Painted) -> Judged:
    """CLIP is confident of what it draws.

    “To the model, however, these images have high likelihood of pertaining to the correct class.”

    The share of drawings on which {subject} is 90% confident at the end: more than half.
    """
    sure = subject.scores(lambda table: (table["probability_after"] >= SURE).astype(np.float64))
    first, *more = _groups(subject, sure, _fraction, "error", 0.5)
    parts = [above(number, 0.5) for number in (first, *more)]
    return _by_group(parts, [first, *more], f"{subject} is at least 90% sure of {first} of {first.what}.")


@picture_claim(tasks=("generation",), missing=_NO_JUDGE)
def displayed(subject: Painted, reference: Painted) -> Judged:
    """A robust model draws what others recognise; CLIP does not.

    “The images generated by the robust models …, while not realistic, showcased perceptually relevant features such as
    feathers, eyes, fur and noses. The images generated by CLIP model, on the other hand, do not display such features.”

    The share of drawings that a second network recognises: {reference} minus {subject}, more than 10 points,
    picture by picture (McNemar’s exact test); and {subject} minus its start, less than 10 points.
    """
    return _against_robust(subject, reference)


@picture_claim(tasks=("generation",), missing=_NO_JUDGE)
def sampled(subject: Painted) -> Judged:
    """CLIP’s drawings look no more like their class than what they started from.

    “Any similarity to the original class is due to the pixel sampling process, with the final result looking like
    incomprehensible noise.”

    The share of drawings by {subject} that a second network recognises, at the end minus at the start; gains up
    to 10 points are ignored.
    """
    gain = _recognised(subject.recognised(), subject.recognised(BEFORE), _ENDS, _ENDS)
    _, end, start, *_ = gain.evidence
    return _by_group(
        [below(number, _SMALL_GAIN) for number in gain.differences],
        gain.evidence,
        f"A second network recognises {end} of {gain.group} by {subject}, and {start} before they began.",
        _unseen(gain),
    )


def _more_recognised(pair: Sequence[Painted], names: Sequence[str], methods: Sequence[str] = ()) -> Judged:
    """Judge that others recognise more of the first's pictures; methods: their names, if not the networks'."""
    first, second = (painted.recognised() for painted in pair)
    bars = names if methods else [painted.name for painted in pair]
    more = _recognised(first, second, names, bars, sign_words=RECOGNISED)
    by, (_, a, b, *_) = methods or pair, more.evidence
    return _by_group(
        [above(number) for number in more.differences],
        [*more.evidence, more.largest_p],
        f"A second network recognises {a} of {more.group} by {by[0]}, and {b} by {by[1]}.",
        who_judged(pair[0]),
    )


@picture_claim(section="ours", tasks=("generation", "inpainting"), missing=_NO_JUDGE)
def views(by_views: Painted, by_paper: Painted) -> Judged:
    """With many views and natural strokes, a network paints things that other networks recognise.

    The share of pictures that a second network recognises: by many views minus by the paper’s method, from the
    same starts, picture by picture (McNemar’s exact test).
    """
    return _more_recognised(
        (by_views, by_paper), ("by views", "by the paper’s method"), ("many views", "the paper’s method")
    )


@picture_claim(section="ours", tasks=("generation", "inpainting"), missing=_NO_JUDGE)
def training(robust: Painted, ordinary: Painted) -> Judged:
    """A CLIP trained against small changes paints what other networks recognise.

    The share of pictures that a second network recognises: {robust} minus {ordinary}, picture by picture
    (McNemar’s exact test).
    """
    return _more_recognised((robust, ordinary), ("the robust twin’s", "the ordinary twin’s"))
