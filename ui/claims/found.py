"""What is found of claims about two maps, kept: a map never changes, and its lattice is drawn ten thousand times."""

from __future__ import annotations

from core.claims.checks import findings
from core.claims.finding import Claim, Finding
from core.fourier.kept import kept_with_its_maps
from ui.maps.catalogue import Entry


@kept_with_its_maps(16)
def found_between(subject: Entry, reference: Entry, *shelf: Entry) -> tuple[Finding, ...]:
    """Every claim, with the subject in CLIP's place and the reference in the ResNet's; shelf: all maps there are."""
    return findings(subject.named, reference.named, tuple(entry.named for entry in shelf))


@kept_with_its_maps(64)
def found_of_claim(subject: Entry, reference: Entry, claim: Claim) -> Finding:
    """One claim, which is about these two maps alone."""
    (found,) = findings(subject.named, reference.named, (), claim)
    return found
