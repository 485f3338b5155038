"""Cached findings about two maps: a map never changes, and its lattice is drawn ten thousand times."""

from __future__ import annotations

from core.claims.checks import findings
from core.claims.finding import Claim, Finding
from core.data.profiles import stored_state
from core.fourier.kept import kept_with_its_maps
from ui.maps.catalogue import Entry
from ui.shared.url import link


def found_between(subject: Entry, reference: Entry, *shelf: Entry) -> tuple[Finding, ...]:
    """Every claim, with the subject in CLIP's place and the reference in the ResNet's; shelf: all maps there are."""
    return _found(subject, reference, *shelf, stored=stored_state("hybrids", "disturbances", "gradients"))


@kept_with_its_maps(16)
def _found(subject: Entry, reference: Entry, *shelf: Entry, stored: int) -> tuple[Finding, ...]:
    """stored: the state of what is stored beside maps, on which findings depend, too."""
    return findings(subject.named, reference.named, tuple(entry.named for entry in shelf))


@kept_with_its_maps(64)
def found_of_claim(subject: Entry, reference: Entry, claim: Claim) -> Finding:
    """One claim, which is about these two maps alone."""
    (found,) = findings(subject.named, reference.named, (), claim)
    return found


def link_of(finding: Finding) -> str:
    """The URL of *Frequencies* that shows what a finding is about."""
    maps = (("maps", label) for label in finding.maps)
    tab = [("tab", finding.tab)] if finding.tab else []
    return link("frequency", *maps, ("show", finding.show), ("cell", "{},{}".format(*finding.wave)), *tab)
