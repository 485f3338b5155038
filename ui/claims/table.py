"""The table of findings as HTML: a row for each claim, which becomes a card in a narrow window."""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping, Sequence

import streamlit as st

from core.claims.finding import Evidence, Finding
from core.reproduce.page import CHIPS
from ui.shared.look import style_sheet
from ui.shared.text import isolated
from ui.shared.url import link

STYLE = style_sheet(__file__)


def findings_table(
    found: Sequence[Finding], linked: Collection[str] = (), doors: Mapping[str, str] | None = None
) -> None:
    """Draw the table.

    linked: labels of the maps that a URL can name, which are those that every visitor has. doors: for claims that are
    not about maps, by their key, the URL that shows what they are about.
    """
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Claim", "Statistic", "Evidence", "Verdict"))
    rows = "".join(_row(finding, _url(finding, linked, doors or {})) for finding in found)
    st.html(f'<table class="findings"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>')


def _row(finding: Finding, url: str) -> str:
    claim = finding.claim
    source = f"Section {claim.section}" if claim.papers else "Not in the paper, seen here"
    sign, colour = CHIPS[finding.verdict]
    chip = f'<span class="chip" style="background:{colour}">{sign} {finding.verdict}</span>'
    evidence = "; ".join(_evidence(each) for each in finding.evidence)
    doubts = " ".join(isolated(doubt) for doubt in finding.doubts)
    statistic, seen = html.escape(claim.statistic), ""
    if url:
        seen = f' <a href="{html.escape(url)}" aria-label="See it: {statistic}">See it</a>'
    return (
        f'<tr><td>{html.escape(claim.words)} <small>({source})</small></td><td class="statistic">{statistic}</td>'
        f'<td>{evidence}{". " if evidence else ""}{doubts}</td><td class="verdict">{chip}{seen}</td></tr>'
    )


def _url(finding: Finding, linked: Collection[str], doors: Mapping[str, str]) -> str:
    """Where a finding can be seen; empty where nobody else could see it."""
    if finding.maps and set(finding.maps) <= set(linked):
        return link_of(finding)
    return doors.get(finding.claim.key, "")


def link_of(finding: Finding) -> str:
    """The URL of *Frequency sensitivity* that shows what a finding is about."""
    maps = (("maps", label) for label in finding.maps)
    tab = [("tab", finding.tab)] if finding.tab else []
    return link("frequency", *maps, ("show", finding.show), ("cell", "{},{}".format(*finding.wave)), *tab)


def _evidence(evidence: Evidence) -> str:
    """'difference <b>+9.4 points</b> (+8.1 to +10.6)'."""
    number = html.escape(evidence.number)
    return f'{html.escape(evidence.what)} <span class="value">{number}</span>{evidence.interval}'
