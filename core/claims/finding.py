"""A claim and its finding: verdict, evidence, summary. Does not import torch."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeVar

from core.fourier.heatmap import Heatmap
from core.pgd.settings import Task
from core.shared import paper
from core.shared.files import ArchiveContent
from core.shared.numbers import Frequency, Interval, decimal, displayed_difference, p_value
from core.shared.text import Number, isolated

MINIATURE = "mini-"  # prefix of the small networks trained here, which stand in for the paper's
BY_VIEWS = "by views"  # condition of results that were painted so
SIGNIFICANT = 0.05  # p of a correlation or a dip by chance
CHANCE = 0.025  # largest probability that a part holds by chance alone: one side of a 95 % interval
MORE, RECOGNISED = ("more", "less"), ("more are recognised", "fewer are recognised")
Known = TypeVar("Known")
Result = TypeVar("Result", bound=ArchiveContent)


class Verdict(StrEnum):
    """Verdict on a claim, from its parts (`of_parts`).

    UNDECIDED: the data allow either answer. NOT_CHECKABLE: they are missing.
    """

    HOLDS = "holds"
    IN_PART = "holds in part"
    FAILS = "fails"
    UNDECIDED = "cannot tell"
    NOT_CHECKABLE = "not checkable here"

    @classmethod
    def of_parts(cls, parts: Sequence[bool | None]) -> Verdict:
        """Return the verdict on a claim, given for each of its parts True, False, or None if it is open.

        It holds if all parts are true, fails if all are false, and holds in part if some are true and others false.
        Otherwise an open part could still turn the verdict. Without parts there was nothing to check.
        """
        if not parts:
            return cls.NOT_CHECKABLE
        if True in parts and False in parts:
            return cls.IN_PART
        if None in parts:
            return cls.UNDECIDED
        return cls.HOLDS if parts[0] else cls.FAILS


def every(parts: Sequence[bool | None]) -> bool | None:
    """Return True if all parts are true, False if any is false, else None: the rule of a part that has parts."""
    return False if False in parts else None if None in parts else True


class Topic(StrEnum):
    """Tab of the page *Findings* that lists a claim."""

    WAVES = "Waves"
    PICTURES = "Drawings and holes"
    CORRUPTIONS = "Corruptions and robustness"


# By unit: suffix, factor, digits, and whether a plus sign is shown.
_UNITS = {
    "error": (" %", 100, 1, False),
    "points": (" points", 100, 1, True),
    "rise": (" points", 100, 1, False),
    "level": (" of 255", 255, 1, False),
    "levels": (" of 255", 255, 1, True),
    "orders": (" orders of magnitude", 1, 1, False),
    "ratio": ("", 1, 2, False),
    "radius": (" cycles per image", 1, 2, False),
    "radii": (" cycles per image", 1, 2, True),
}


@dataclass(frozen=True)
class Evidence:
    """One number with its interval.

    what: name of the number. unit: "error" and "points" are fractions shown in per cent, the latter a difference;
    "rise" is a difference shown without its sign; "level" and "levels" are fractions shown of 255, the latter a
    difference; "radius" and "radii" are cycles per image, the latter a difference; "ratio", "orders" and "p" are shown
    unchanged. terms: the minuend and subtrahend displayed next to a difference. sign_words: replace the signs plus and
    minus of a difference, such as `MORE`. bar: label of its bar; empty if it has none. mark: threshold to mark
    at its bar; 0 for none.
    """

    what: str
    measured: Interval
    unit: str = "points"
    terms: tuple[float, float] | None = None
    sign_words: tuple[str, str] | None = None
    bar: str = ""
    mark: float = 0.0

    @property
    def label(self) -> str:
        """'difference: ', or 'p ': the text before the number."""
        return f"{self.what} " if self.unit == "p" else f"{self.what}: "

    @property
    def is_difference(self) -> bool:
        """True if its sign is shown."""
        return self.unit in _UNITS and _UNITS[self.unit][-1]

    @property
    def number(self) -> str:
        """'+9.4 points', '9.4 points more', '33.1 %' or '0.42'; of a p '= 0.03'."""
        if self.unit == "p":
            return p_value(self.measured.value)
        suffix, factor, digits, _ = _UNITS[self.unit]
        measured = displayed_difference(self.measured, *self.terms, factor, digits) if self.terms else self.measured
        if self.sign_words:
            return (
                f"{decimal(abs(measured.value) * factor, digits)}{suffix} {self.sign_words[bool(measured.value < 0)]}"
            )
        return self._format(measured.value) + suffix

    @property
    def rounded(self) -> str:
        """'33' of an error of 33.1 %, other numbers without their unit: for a sentence."""
        return decimal(100 * self.measured.value, 0) if self.unit == "error" else self._format(self.measured.value)

    @property
    def figure(self) -> Number:
        """The number and its interval, if any, as part of a sentence."""
        _, low, high = self.measured
        return Number(self.number, "" if math.isnan(low) else f"{self._format(low)} to {self._format(high)}")

    def __str__(self) -> str:
        """Return '**33**': the rounded number in a summary."""
        return f"**{self.rounded}**"

    def _format(self, value: float) -> str:
        _, factor, digits, sign = _UNITS[self.unit]
        return decimal(value * factor, digits, sign=sign)


@dataclass(frozen=True, eq=False)
class NamedMap:
    """A heat map, its name in sentences, and the label that links to it.

    input_size: of its network, in pixels. weights_id: of its network's usual weights. None: unknown.
    """

    name: str
    label: str
    heatmap: Heatmap
    input_size: int | None = None
    weights_id: str | None = None

    def __str__(self) -> str:
        """Return the name in the middle of a summary."""
        return isolated(self.name)

    @property
    def classifier(self) -> str:
        """Registry name of its classifier; untrusted text if the file came from outside."""
        return str(self.heatmap.metadata["classifier"]["name"])

    @property
    def patch_grid(self) -> int | None:
        """Number of patches per side of its classifier's input; None for a network without patches."""
        return self.heatmap.metadata["classifier"].get("patch_grid")

    def has_weights_of(self, result: Mapping[str, Any]) -> bool:
        """Return True if a result, given by its metadata, is of this map's classifier with the same weights.

        Published maps without a sha256 have their network's usual weights.
        """
        mapped, other = self.heatmap.metadata["classifier"], result["classifier"]
        if mapped["name"] != other["name"]:
            return False
        if mapped.get("sha256") is None and self.heatmap.metadata["source"]["type"] == "published":
            return self.weights_id in (None, other.get("weights_id"))
        # A network in a program's memory has no file, but a checksum.
        names = ("sha256",) if "sha256" in {**mapped, **other} else ("weights_id",)
        return all(mapped.get(name) == other.get(name) for name in names)

    def result_in(self, results: Mapping[str, Result]) -> Result | None:
        """Return the result of this map's classifier with the same weights and data, or None."""
        result = results.get(self.classifier)
        if result is None or not self.has_weights_of(result.metadata):
            return None
        same_data = self.heatmap.metadata["dataset"]["name"] == result.metadata["dataset"]["name"]
        return result if same_data else None


def corner_wave(named: NamedMap) -> Frequency:
    """Return a wave near a corner of the map."""
    near = 1 - named.heatmap.size // 2
    return near, near


@dataclass(frozen=True)
class View:
    """State of the page *Frequencies* that shows a claim.

    wave: the selected one, or where it is in the first map. show: "Error" or "Difference". bands: those that its chart
    shades, by their names in `BANDS`; None if it has no chart. tool: the open one.
    """

    wave: Frequency | Callable[[NamedMap], Frequency] = (0, 1)
    show: str = "Error"
    bands: tuple[str, ...] | None = ()
    tool: str = ""


@dataclass(frozen=True)
class Judged:
    """Result of a claim's function, made by `judged`.

    parts: for each part of the claim True, False, or None if it is open; none if it could not be checked. summary: what
    was measured, a sentence with **numbers**. doubts: complete sentences. networks: that the evidence is about, by
    the registry's names, which may be untrusted text; those of its roles if empty. names: of these networks.
    """

    parts: tuple[bool | None, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    summary: str = ""
    doubts: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Verdict on all parts."""
        return Verdict.of_parts(self.parts)

    @property
    def bars(self) -> tuple[Evidence, ...]:
        """Numbers that have a bar."""
        return tuple(number for number in self.evidence if number.bar)


def judged(parts: Sequence[bool | None], evidence: Sequence[Evidence], summary: str = "", *doubts: str) -> Judged:
    """Return what a claim's function found; empty doubts are left out."""
    # Plain numbers: what a `MeanError` was computed from would stay in memory with every cached finding.
    names = [field.name for field in fields(Evidence)]
    plain = (Evidence(*(getattr(number, name) for name in names)) for number in evidence)
    return Judged(tuple(parts), tuple(plain), summary, tuple(filter(None, doubts)))


@dataclass(frozen=True, kw_only=True)
class Head:
    """Head of a claim: `@Head(...)` makes a `Claim` of the function that checks it.

    topic: its tab on *Findings*. section: of the paper; "ours" for a sentence that is not the paper's. missing: why it
    cannot be checked where the function finds no number. view: where *Frequencies* shows it. tasks: of a claim about
    pictures, what was painted.
    """

    topic: Topic
    section: str
    missing: str = ""
    view: View = View()
    tasks: tuple[Task, ...] = ()

    def __call__(self, check: Callable[..., Judged]) -> Claim:
        """Make a claim of a function: its name is the key, its arguments are the roles.

        The paragraphs of its docstring are headline, statement and statistic; ours have no headline.

        Raises:
            ValueError: the docstring has other paragraphs.
        """
        paragraphs = [" ".join(text.split()) for text in (check.__doc__ or "").split("\n\n")]
        papers = self.section[0].isdigit()
        if len(paragraphs) != 2 + papers:
            expected = "headline, statement and statistic" if papers else "statement and statistic"
            raise ValueError(
                f"the claim {check.__name__!r} of section {self.section!r} should have a docstring of {expected}, a "
                f"paragraph each; got {len(paragraphs)}; a claim that is not the paper's is of section 'ours'"
            )
        headline, statement, statistic = paragraphs if papers else ("", *paragraphs)
        return Claim(
            **vars(self),
            key=check.__name__.replace("_", "-"),
            roles=tuple(inspect.signature(check).parameters),
            headline=headline,
            statement=statement,
            statistic=statistic,
            check=check,
        )


@dataclass(frozen=True, kw_only=True)
class Claim(Head):
    """A claim: its head, and the function that checks it.

    key: in links. roles: the networks to check: "subject" stands for CLIP, "reference" for the ResNet or the robust
    model; "robust" and "ordinary" are twins, "figure_2" is the ResNet of Figure 2. headline: the paper's claim in plain
    words, about the paper's networks. statement: the paper's words in quotation marks; ours without. statistic: how it
    is checked, a sentence for the page, with names of networks by role.
    """

    key: str
    roles: tuple[str, ...]
    headline: str
    statement: str
    statistic: str
    check: Callable[..., Judged]

    @property
    def papers(self) -> bool:
        """True if the claim is the paper's; else it is ours."""
        return self.section[0].isdigit()

    @property
    def why_missing(self) -> str:
        """Why it cannot be checked, where nothing better is known."""
        return self.missing or "A result that it needs is missing."

    @property
    def source(self) -> str:
        """Source of the claim."""
        return f"paper, §{self.section}" if self.papers else "observed here"


@dataclass(frozen=True, kw_only=True)
class Finding(Judged):
    """A claim with what its function found.

    maps: labels of the maps that it rests on. wave: in the view of the claim. usual_weights: for each of its networks
    False if it is the paper's with other weights; empty if none is. condition: under which it was measured, where that
    is not the paper's: "by views". notes: name and note of maps that it rests on, from their files.
    """

    claim: Claim
    maps: tuple[str, ...] = ()
    wave: Frequency = (0, 1)
    usual_weights: tuple[bool, ...] = ()
    condition: str = ""
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def source(self) -> str:
        """Source of the claim, and its condition."""
        return ", ".join(filter(None, (self.claim.source, self.condition)))

    @property
    def stand_in(self) -> str:
        """Qualification of a verdict on networks or weights other than those quoted; empty for the quoted ones.

        The paper's statements about robust networks in general apply to any of them.
        """
        # The robust model of section 3.2 is a ResNet-50 that is not available here.
        roles = {"subject": (paper.CLIP_NAME,), "reference": paper.RESNET_NAMES if self.claim.section == "3.1" else ()}
        papers = [names for role, names in roles.items() if role in self.claim.roles]
        usual = self.usual_weights or (True,) * len(self.networks)
        rows = zip(self.networks, papers, usual, strict=False)
        unlike = {name: name in its for name, its, is_usual in rows if name not in its or not is_usual}
        if not (unlike and self.claim.papers):
            return ""
        if all(unlike.values()):
            return "for other weights"
        return "in miniature" if all(name.startswith(MINIATURE) for name in unlike) else "for other networks"

    @property
    def judgement(self) -> str:
        """'holds', or 'holds, in miniature'."""
        return ", ".join(filter(None, (self.verdict, self.stand_in)))


def has_usual_weights(classifier: Mapping[str, Any]) -> bool:
    """Return False if a result's classifier is the paper's with other weights; published results have no file."""
    weights = classifier.get("weights_id")
    return classifier.get("sha256") is None or weights in (None, paper.WEIGHTS_OF.get(classifier["name"], weights))


class NotCheckable(Exception):
    """Raised if a claim's evidence is missing; a message says what, without one `Claim.missing` does."""


def require(result: Known | None, why: str = "") -> Known:
    """Return `result` unless it is None.

    Raises:
        NotCheckable: it is None; `why` is the message.
    """
    if result is None:
        raise NotCheckable(why)
    return result


def check(claim: Claim, *results: Any, missing: str = "", **about: Any) -> Finding:
    """Check a claim on the results of its roles; return its finding, or one that says why it cannot be checked.

    missing: why, where neither the function nor the claim says it. about: further fields of the finding.
    """
    try:
        return Finding(claim=claim, **vars(claim.check(*results)) | about)
    except NotCheckable as error:
        return Finding(claim=claim, doubts=(str(error) or claim.missing or missing or claim.why_missing,))
