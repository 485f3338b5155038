"""The shipped maps and the first picture that the story tells of. Does not import torch."""

from __future__ import annotations

import json
from functools import cache

from core.claims.checks import findings
from core.claims.finding import Finding
from core.data.classes import PRECOMPUTED
from core.fourier.basis import Frequency
from ui.maps.catalogue import Entry, entries

STORED = json.loads((PRECOMPUTED / "default_picture.json").read_text())
WAVE: Frequency = (STORED["wave"][0], STORED["wave"][1])


def shipped() -> dict[str, Entry]:
    """The maps that come with this project, by label: the story is about no others."""
    return {label: entry for label, entry in entries().items() if entry.shipped}


@cache
def found(subject: str, reference: str) -> dict[str, Finding]:
    """The findings about two shipped maps, given by label, by the key of their claim; of several the first."""
    shelf = {label: entry.named for label, entry in shipped().items()}
    made = findings(shelf[subject], shelf[reference], tuple(shelf.values()))
    return {finding.claim.key: finding for finding in reversed(made)}
