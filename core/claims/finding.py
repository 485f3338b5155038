"""A claim, what its function found, and the finding that the pages show. Does not import torch."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, TypeVar

import numpy as np

from core.claims.evidence import Evidence
from core.claims.verdict import Part, Verdict, senses_of
from core.fourier.contrasts import corners
from core.fourier.heatmap import Heatmap
from core.fourier.waves import half_plane, rounded_radius, wave_values
from core.pgd.settings import Task
from core.shared import paper
from core.shared.files import ArchiveContent
from core.shared.numbers import Frequency
from core.shared.text import isolated

MINIATURE = "mini-"  # prefix of the small networks trained here, which stand in for the paper's
BY_VIEWS = "by views"  # condition of results that were painted so
Known = TypeVar("Known")
Result = TypeVar("Result", bound=ArchiveContent)


class Topic(StrEnum):
    """Tab of the page *Findings* that lists a claim."""

    WAVES = "Waves"
    PICTURES = "Paintings and holes"
    CORRUPTIONS = "Corruptions and robustness"


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
    """Return the wave with the error closest to the mean of the map's corners, which claims state."""
    heatmap = named.heatmap
    waves = np.array(half_plane(heatmap.size))
    waves = waves[corners(heatmap).contains(rounded_radius(waves))]
    rates = wave_values(heatmap.rate(), waves)
    if np.isnan(rates).all():
        return -(heatmap.size // 2), -(heatmap.size // 2)
    i, j = waves[np.nanargmin(np.abs(rates - np.nanmean(rates)))].tolist()
    return i, j


@dataclass(frozen=True)
class Display:
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

    parts: of the claim; none if it could not be checked. summary: what was measured, a sentence with **numbers**.
    doubts: complete sentences. networks: that the evidence is about, by the registry's names, which may be untrusted
    text; those of its roles if empty. names: of these networks.
    """

    parts: tuple[Part, ...] = ()
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


def judged(parts: Sequence[Part], evidence: Sequence[Evidence], summary: str = "", *doubts: str) -> Judged:
    """Return what a claim's function found; empty doubts are left out."""
    names = [field.name for field in fields(Evidence)]

    # What a `MeanError` was computed from would stay in memory with every cached finding.
    def plain(number: Evidence) -> Evidence:
        return Evidence(*(getattr(number, name) for name in names))

    return Judged(
        tuple(replace(part, number=plain(part.number)) for part in parts),
        tuple(map(plain, evidence)),
        summary,
        tuple(filter(None, doubts)),
    )


@dataclass(frozen=True, kw_only=True)
class Head:
    """Head of a claim: `@Head(...)` makes a `Claim` of the function that checks it.

    topic: its tab on *Findings*. section: of the paper; "ours" for a sentence that is not the paper's. cites: the
    source of a finding that the paper repeats; empty for the paper's own. missing: why it cannot be checked where the
    function finds no number.
    display: where *Frequencies* shows it. tasks: of a claim about pictures, what was painted.
    """

    topic: Topic
    section: str
    cites: str = ""
    missing: str = ""
    display: Display = Display()
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
            roles=tuple(roles := inspect.signature(check).parameters),
            optional=tuple(role for role, argument in roles.items() if argument.default is None),
            headline=headline,
            statement=statement,
            statistic=statistic,
            check=check,
        )


@dataclass(frozen=True, kw_only=True)
class Claim(Head):
    """A claim: its head, and the function that checks it.

    key: in links. roles: the networks to check: "subject" stands for CLIP, "reference" for the ResNet or the robust
    model; "robust" and "ordinary" are twins, "figure_2" is the ResNet of Figure 2. optional: those that it can do
    without. headline: the paper's claim in plain words, about the paper's networks. statement: the paper's words in
    quotation marks; ours without. statistic: how it is checked, a sentence for the page, with networks named by role.
    """

    key: str
    roles: tuple[str, ...]
    optional: tuple[str, ...] = ()
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
        if not self.papers:
            return "our own observation"
        return f"{self.cites}, cited in the paper’s §{self.section}" if self.cites else f"paper, §{self.section}"


@dataclass(frozen=True, kw_only=True)
class Finding(Judged):
    """A claim with what its function found.

    maps: labels of the maps that it rests on. wave: that its display selects. usual_weights: for each of its networks
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

        What the paper says of robust networks in general applies to any of them, but small ones are miniatures.
        """
        if not (self.claim.papers and self.parts):
            return ""
        # The robust model of section 3.2 is a ResNet-50 that is not available here.
        quoted = {"subject": (paper.CLIP_NAME,), "reference": () if self.claim.section == "3.2" else paper.RESNET_NAMES}
        papers = [quoted[role] for role in self.claim.roles if role in quoted]
        usual = self.usual_weights or (True,) * len(self.networks)
        rows = zip(self.networks, papers, usual, strict=False)
        unlike = {name: name in its for name, its, is_usual in rows if name not in its or not is_usual}
        if not papers:
            small = [name for name in self.networks if name.startswith(MINIATURE)]
            return "in miniature" if small and {*self.networks} <= {*small, *paper.RESNET_NAMES} else ""
        if not unlike:
            return ""
        if all(unlike.values()):
            return "for other weights"
        return "in miniature" if all(name.startswith(MINIATURE) for name in unlike) else "for other networks"

    @property
    def judgement(self) -> str:
        """'holds', or 'holds, in miniature'."""
        return ", ".join(filter(None, (self.verdict, self.stand_in)))

    @property
    def senses(self) -> str:
        """`senses_of` its parts."""
        return senses_of(self.parts)


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
