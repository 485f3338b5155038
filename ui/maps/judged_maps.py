"""Cached findings about two maps: maps never change, and each finding draws ten thousand bootstrap lattices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from core.claims.claim import Claim, Finding
from core.claims.verdicts import claim_about, findings
from core.data.sample_sets import SAMPLE_SETS
from core.data.stored import stored_state
from core.fourier.contrasts import Band
from core.reproduce.report import judged_html
from core.shared.numbers import Frequency
from core.shared.text import TERMS
from ui.maps.catalogue import Entry, shipped_maps
from ui.shared.sentences import explain_on_page, sentence_html
from ui.shared.url import link


def findings_between(subject: Entry, reference: Entry, *all_maps: Entry) -> tuple[Finding, ...]:
    """Return findings on every claim, with the subject in CLIP’s place and the reference in the ResNet’s."""
    return _findings(subject, reference, *all_maps, stored=stored_state("hybrids", "corruptions", "gradients"))


@lru_cache(16)
def _findings(subject: Entry, reference: Entry, *all_maps: Entry, stored: int) -> tuple[Finding, ...]:
    """Return cached findings; `stored` is the state of the other stored results on which they depend."""
    shipped = {entry.label: entry for entry in (subject, reference, *all_maps) if entry.shipped}

    def notes(labels: Sequence[str]) -> tuple[tuple[str, str], ...]:
        entries = [shipped[label] for label in labels if label in shipped]
        return tuple(
            (entry.name, note) for entry in entries if (note := entry.heatmap.metadata["source"].get("note", ""))
        )

    judged = findings(subject.named, reference.named, tuple(entry.named for entry in all_maps))
    return tuple(replace(finding, notes=notes(finding.maps)) for finding in judged)


@lru_cache(64)
def finding_of_claim(subject: Entry, reference: Entry, claim: Claim) -> Finding:
    """Return the finding on one claim about these two maps."""
    (finding,) = findings(subject.named, reference.named, (), claim)
    return finding


def verdict_html(verdict: str, about: tuple[Finding, Band] | None) -> str:
    """Return HTML with the sentence on a wave and the claim about such waves."""
    judged = claim_html(*about) if about else ""
    row = f'<div class="verdict-row"><p class="prose">{sentence_html(verdict)}</p>{judged}</div>'
    return explain_on_page(row, "verdict", *TERMS)


def claim_html(finding: Finding, band: Band) -> str:
    """Return the claim about the waves of a band, with its verdict, as HTML."""
    return judged_html(finding, where=f", {band.side} the dashed circle:")


def claim_on(chosen: Sequence[Entry], frequency: Frequency) -> tuple[Finding, Band] | None:
    """Return the finding on the claim about such waves, for the first two maps, and the band of these waves."""
    if len(chosen) < 2:
        return None
    about = claim_about(frequency, *(entry.heatmap for entry in chosen[:2]))
    return about and (finding_of_claim(chosen[0], chosen[1], about[0]), about[1])


def link_of(finding: Finding) -> str:
    """Return the URL of *Frequencies* that shows a finding, with pictures like those of the first map if known."""
    entry = shipped_maps().get(finding.maps[0])
    row = None if entry is None else entry.sample_set
    pictures = [("pictures", row.title)] if row not in (None, next(iter(SAMPLE_SETS.values()))) else []
    maps = (("maps", label) for label in finding.maps)
    tool = [("tab", finding.tool)] if finding.tool else []
    return link("frequency", *maps, ("show", finding.show), ("cell", "{},{}".format(*finding.wave)), *tool, *pictures)
