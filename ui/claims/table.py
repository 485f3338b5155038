"""The table of findings as HTML: a row for each claim, which becomes a card in a narrow window."""

from __future__ import annotations

import html
import math
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import quote, urlencode

import streamlit as st

from core.claims.finding import Evidence, Finding
from core.numbers import decimal
from core.reproduce.page import CHIPS
from ui.shared.look import style_sheet
from ui.shared.text import isolated

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
    source = f"Section {claim.section}" if claim.section[0].isdigit() else "Not in the paper, seen here"
    words = html.escape(claim.quote) if source.startswith("Not") else f"“{html.escape(claim.quote)}”"
    sign, colour = CHIPS[finding.verdict]
    chip = f'<span class="chip" style="background:{colour}">{sign} {finding.verdict}</span>'
    evidence = "; ".join(_evidence(each) for each in finding.evidence)
    doubts = " ".join(isolated(doubt) for doubt in finding.doubts)
    statistic, link = html.escape(claim.statistic), ""
    if url:
        link = f' <a href="{html.escape(url)}" aria-label="See it: {statistic}">See it</a>'
    return (
        f'<tr><td>{words} <small>({source})</small></td><td class="statistic">{statistic}</td>'
        f'<td>{evidence}{". " if evidence else ""}{doubts}</td><td class="verdict">{chip}{link}</td></tr>'
    )


def _url(finding: Finding, linked: Collection[str], doors: Mapping[str, str]) -> str:
    """Where a finding can be seen; empty where nobody else could see it."""
    if finding.maps and set(finding.maps) <= set(linked):
        return link_of(finding)
    return doors.get(finding.claim.key, "")


def link_of(finding: Finding) -> str:
    """The URL of *Frequency sensitivity* that shows what a finding is about."""
    parts = [("maps", label) for label in finding.maps]
    return "frequency?" + urlencode(
        [*parts, ("show", finding.show), ("cell", "{},{}".format(*finding.wave))], quote_via=quote
    )


def _evidence(evidence: Evidence) -> str:
    """'difference <b>+9.4 points</b> (8.1 to 10.6)'."""
    measured, (text, factor, digits) = evidence.measured, _UNITS[evidence.unit]
    sign = evidence.unit in ("points", "levels")
    number = decimal(measured.value * factor, digits, sign=sign) if evidence.unit != "p" else _p(measured.value)
    found = f'{html.escape(evidence.what)} <span class="value">{number}{text}</span>'
    if math.isnan(measured.low):
        return found
    ends = (decimal(end * factor, digits, sign=sign) for end in (measured.low, measured.high))
    return f"{found} ({' to '.join(ends)})"


# By unit: what follows the number, what it is multiplied by, and its digits.
_UNITS = {
    "error": (" %", 100, 1),
    "points": (" points", 100, 1),
    "ratio": ("", 1, 2),
    "orders": (" orders of magnitude", 1, 1),
    "levels": (" of 255", 255, 1),
    "level": (" of 255", 255, 1),
    "p": ("", 1, 0),
}


def _p(value: float) -> str:
    return f"= {value:.2f}" if value >= 0.01 else f"= {value:.1g}" if value >= 0.001 else "&lt; 0.001"
