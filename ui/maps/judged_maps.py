"""Cached findings about two maps: a map never changes, and its lattice is drawn ten thousand times."""

from __future__ import annotations

from core.claims.checks import findings
from core.claims.finding import Claim, Finding
from core.data.profiles import stored_state
from core.fourier.weak_cache import weak_lru_cache
from ui.maps.catalogue import Entry
from ui.shared.url import link


def findings_between(subject: Entry, reference: Entry, *all_maps: Entry) -> tuple[Finding, ...]:
    """Every claim, with the subject in CLIP's place and the reference in the ResNet's; all_maps: those there are."""
    return _findings(subject, reference, *all_maps, stored=stored_state("hybrids", "corruptions", "gradients"))


@weak_lru_cache(16)
def _findings(subject: Entry, reference: Entry, *all_maps: Entry, stored: int) -> tuple[Finding, ...]:
    """stored: the state of what is stored beside maps, on which findings depend, too."""
    return findings(subject.named, reference.named, tuple(entry.named for entry in all_maps))


@weak_lru_cache(64)
def finding_of_claim(subject: Entry, reference: Entry, claim: Claim) -> Finding:
    """One claim, which is about these two maps alone."""
    (finding,) = findings(subject.named, reference.named, (), claim)
    return finding


def link_of(finding: Finding) -> str:
    """The URL of *Frequencies* that shows what a finding is about."""
    maps = (("maps", label) for label in finding.maps)
    tool = [("tab", finding.tool)] if finding.tool else []
    return link("frequency", *maps, ("show", finding.show), ("cell", "{},{}".format(*finding.wave)), *tool)
