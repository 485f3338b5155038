"""Claims, their evidence and verdict, and the table of claims. Does not import torch."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, TypeVar

from core.fourier.heatmap import Heatmap
from core.shared import paper
from core.shared.files import ArchiveContent
from core.shared.numbers import Frequency, Interval, decimal, displayed_difference, p_value
from core.shared.text import Number

MINIATURE = "mini-"  # prefix of the small networks trained here, which stand in for the paper's
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
        """Return the verdict on a claim, given whether each of its parts is true, None if it is open.

        It holds if all parts are true, fails if all are false, and holds in part if some are true and others false.
        Otherwise an open part could still turn the verdict.
        """
        if True in parts and False in parts:
            return cls.IN_PART
        if None in parts:
            return cls.UNDECIDED
        return cls.HOLDS if all(parts) else cls.FAILS


# Probability that a part holds by chance alone, at most: one side of a 95 % interval.
CHANCE = 0.025


@dataclass(frozen=True, eq=False)
class NamedMap:
    """A heat map, its name in sentences, and the label that links to it.

    network_side: its network's input side in pixels. weights_id: of its network's usual weights. None: unknown.
    """

    name: str
    label: str
    heatmap: Heatmap
    network_side: int | None = None
    weights_id: str | None = None

    @property
    def classifier(self) -> str:
        """Registry name of its classifier; untrusted text if the file came from outside."""
        return str(self.heatmap.metadata["classifier"]["name"])

    @property
    def patch_grid(self) -> int | None:
        """Number of patches per side of its classifier's input; None for a network without patches."""
        return self.heatmap.metadata["classifier"].get("patch_grid")

    def has_weights_of(self, result: Mapping[str, Any]) -> bool:
        """Return whether a result, given by its metadata, is of this map's classifier with the same weights.

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


MORE, RECOGNISED = ("more", "less"), ("more are recognised", "fewer are recognised")


@dataclass(frozen=True)
class Evidence:
    """One number with its interval.

    what: name of the number. unit: "error" and "points" are fractions shown in per cent, the latter a difference;
    "rise" is a difference shown without its sign; "level" and "levels" are fractions shown of 255, the latter a
    difference; "radius" and "radii" are cycles per image, the latter a difference; "ratio", "orders" and "p" are shown
    unchanged. terms: the minuend and subtrahend displayed beside a difference. sign_words: words that replace the signs
    plus and minus of a difference, such as `MORE`. bar: label of its bar, or whose it is; empty if it has none.
    """

    what: str
    measured: Interval
    unit: str = "points"
    terms: tuple[float, float] | None = None
    sign_words: tuple[str, str] | None = None
    bar: str = ""

    @property
    def label(self) -> str:
        """'difference: ', or 'p ': the text before the number."""
        return f"{self.what} " if self.unit == "p" else f"{self.what}: "

    @property
    def is_difference(self) -> bool:
        """Whether to show its sign."""
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

    def _format(self, value: float) -> str:
        _, factor, digits, sign = _UNITS[self.unit]
        return decimal(value * factor, digits, sign=sign)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim: its section, its quotation, and the statistic that checks it here, in words; a row of claims.toml.

    lhs, rhs: terms of as many differences, such as "subject low": whose number, and which. sign, threshold, evidence:
    of each difference 1 if lhs is claimed to be larger, by more than the threshold, -1 if smaller, 0 if not larger by
    more than it; and its name. judged: number of the differences on which the verdict rests, the first ones; the others
    are shown. None: all. check: which of `verdicts.CHECKS` judges it. pictures: which ones it is about, if any. whose:
    networks that it is about, by default those of its terms. missing: why it cannot be checked where a term is unknown.
    doubt: a sentence that always accompanies the verdict, with names of maps by whose they are. wave, show, tool: view
    of the page *Frequencies* showing it. headline: the paper's claim in plain words, about the paper's networks.
    because: what was measured, a sentence with the numbers of its bars, {0} the first, their {labels}, the pictures'
    {kind}, and names of networks by whose they are, as in `statistic`.
    """

    key: str
    section: str
    quote: str
    statistic: str
    whose: tuple[str, ...]
    because: str = ""
    lhs: tuple[str, ...] = ()
    rhs: tuple[str, ...] = ()
    sign: tuple[int, ...] = (1,)
    threshold: tuple[float, ...] = (0.0,)
    evidence: tuple[str, ...] = ("difference",)
    judged: int | None = None
    check: str = "difference"
    pictures: Literal["", "filled", "drawn", "both"] = ""
    missing: str = ""
    doubt: str = ""
    wave: Frequency | Literal["corners"] = (0, 1)
    show: str = "Error"
    tool: str = ""
    headline: str = ""

    @classmethod
    def from_row(cls, key: str, row: Mapping[str, Any]) -> Claim:
        """Read a row of claims.toml, where one value needs no list; one rhs, sign or threshold serves for every lhs."""
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
        }
        for name in ("lhs", "evidence", "whose", "rhs", "sign", "threshold"):
            value = fields.get(name, _SINGLE.get(name, ()))
            if not isinstance(value, tuple):
                repeated = len(fields["lhs"]) if name in ("rhs", *_SINGLE) and "lhs" in fields else 1
                fields[name] = (value,) * repeated
        terms = {term.split()[0] for term in (*fields.get("lhs", ()), *fields.get("rhs", ()))}
        fields.setdefault("whose", tuple(whose for whose in _WHOSE if whose in terms))
        return cls(key=key, **fields)

    def supported_by(self, difference: Interval, place: int = 0) -> bool | None:
        """Return whether an interval lies beyond the threshold on the claimed side.

        A claimed absence (sign 0) is true if the interval lies below the threshold, false if it lies above, else open.

        Args:
            place: of the difference among those of the claim.
        """
        sign, threshold = self.sign[place], self.threshold[place]
        below, above = bool(difference.high < threshold), bool(difference.low > threshold)
        if sign:
            return above if sign > 0 else below
        return below if below or above else None

    @property
    def formulas(self) -> tuple[str, ...]:
        """Each judged difference with its threshold, as in 'subject low − reference low > 0'."""
        rows = zip(self.lhs, self.rhs or ("",) * len(self.lhs), self.sign, self.threshold, strict=False)
        return tuple(
            f"{lhs}{rhs and f' − {rhs}'} {'>' if sign > 0 else '<'} {threshold:g}"
            for lhs, rhs, sign, threshold in list(rows)[: self.judged]
        )

    @property
    def papers(self) -> bool:
        """Whether the claim is the paper's; else it is ours."""
        return self.section[0].isdigit()

    @property
    def source(self) -> str:
        """Source of the claim."""
        return f"paper, §{self.section}" if self.papers else "observed here"

    @property
    def statement(self) -> str:
        """The paper's words in quotation marks; ours without."""
        return f"“{self.quote}”" if self.papers else self.quote

    def networks(self, subject: Known, reference: Known) -> tuple[Known, ...]:
        """Return the networks, of these two, that it is about; none if it is about other maps."""
        return tuple(
            network for whose, network in (("subject", subject), ("reference", reference)) if whose in self.whose
        )


_SINGLE = {"sign": 1, "threshold": 0.0}
_WHOSE = ("subject", "reference", "robust", "ordinary", "figure-2")
CLAIMS = {
    key: Claim.from_row(key, row)
    for key, row in tomllib.loads(Path(__file__).with_name("claims.toml").read_text("utf-8")).items()
}


BY_VIEWS = "by views"  # condition of results painted by that method


@dataclass(frozen=True)
class Finding:
    """A claim's evidence and verdict.

    doubts: complete sentences. maps, wave, show, tool: view of the page *Frequencies* showing it. networks: whose
    evidence it is, by the registry's names, which may be untrusted text. usual_weights: whether each of these, if the
    paper's, has the paper's weights; empty if all have. condition: under which it was measured, where that is not the
    paper's: "by views". kind: of the pictures whose numbers have bars. parts: of a claim about pictures, whether each
    is true. notes: name and note of maps that it rests on, from their files.
    """

    claim: Claim
    verdict: Verdict
    evidence: tuple[Evidence, ...] = ()
    doubts: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()
    wave: Frequency = (0, 1)
    show: str = "Error"
    tool: str = ""
    networks: tuple[str, ...] = ()
    usual_weights: tuple[bool, ...] = ()
    condition: str = ""
    kind: str = ""
    parts: tuple[bool | None, ...] = ()
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
        papers = self.claim.networks((paper.CLIP_NAME,), paper.RESNET_NAMES if self.claim.section == "3.1" else ())
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
    """Return whether a result's classifier, if the paper's, has the paper's weights; published results have no file."""
    weights = classifier.get("weights_id")
    return classifier.get("sha256") is None or weights in (None, paper.WEIGHTS_OF.get(classifier["name"], weights))


class NotCheckable(Exception):
    """Raised if a claim's evidence is missing; the message is a sentence that says what."""


def require(result: Known | None, why: str) -> Known:
    """Return `result` unless it is None.

    Raises:
        NotCheckable: it is None; `why` is the message.
    """
    if result is None:
        raise NotCheckable(why)
    return result


def check_claim(claim: Claim, check: Callable[..., Finding], *arguments: Any) -> Finding:
    """Check a claim; return its finding, or one that says why it cannot be checked."""
    try:
        return check(claim, *arguments)
    except NotCheckable as error:
        return Finding(claim, Verdict.NOT_CHECKABLE, doubts=(error.args[0],))
