"""A claim with what the maps say about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.fourier.basis import Frequency
from core.fourier.heatmap import Heatmap
from core.fourier.intervals import Measured


class Verdict(StrEnum):
    """What the evidence says. FAILS, of a difference: its interval holds zero, or lies on the other side of it."""

    HOLDS = "holds"
    IN_PART = "holds in part"
    FAILS = "fails"
    NOT_CHECKABLE = "not checkable here"


@dataclass(frozen=True, eq=False)
class NamedMap:
    """A heat map, the name that sentences give it, the label that links to it, and its network's side in pixels."""

    name: str
    label: str
    heatmap: Heatmap
    network_side: int | None = None

    @property
    def classifier(self) -> str:
        """The registry's name of its classifier; untrusted text where the file came from outside."""
        return str(self.heatmap.metadata["classifier"]["name"])

    @property
    def patch_grid(self) -> int | None:
        """How many patches its classifier cuts a picture into, on a side; None where it cuts none."""
        return self.heatmap.metadata["classifier"].get("patch_grid")


@dataclass(frozen=True)
class Evidence:
    """One number.

    what: of what. unit: "error" and "points" are fractions to be shown in per cent, the latter a difference; "level"
    and "levels" are fractions to be shown of 255, the latter a difference; "ratio", "orders" and "p" are shown as is.
    """

    what: str
    measured: Measured
    unit: str = "points"


@dataclass(frozen=True)
class Claim:
    """What is claimed: where, in which words, and by which statistic it is checked here."""

    key: str
    section: str
    quote: str
    statistic: str


@dataclass(frozen=True)
class Finding:
    """A claim's evidence and verdict.

    doubts: whole sentences. maps, wave, show: what the page *Frequency sensitivity* is to show.
    """

    claim: Claim
    verdict: Verdict
    evidence: tuple[Evidence, ...] = ()
    doubts: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()
    wave: Frequency = (0, 1)
    show: str = "Error"
