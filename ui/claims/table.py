"""The table of findings as HTML: a row for each claim, which becomes a card in a narrow window."""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping, Sequence

import streamlit as st

from core.claims.finding import Evidence, Finding, Verdict
from core.reproduce.page import CHIPS
from ui.shared.look import style_sheet
from ui.shared.text import isolated
from ui.shared.url import link

STYLE = style_sheet(__file__)


def findings_table(
    found: Sequence[Finding], linked: Collection[str] = (), doors: Mapping[str, str] | None = None
) -> None:
    """Draw the table; arguments as `findings_html` takes them."""
    st.html(findings_html(found, linked, doors or {}))


def findings_html(found: Sequence[Finding], linked: Collection[str], doors: Mapping[str, str]) -> str:
    """A row for each claim; those that cannot be checked are folded away.

    linked: labels of the maps that a URL can name, which are those that every visitor has. doors: for claims that are
    not about maps, by their key, the URL that shows what they are about.
    """
    parts: tuple[list[Finding], list[Finding]] = [], []
    for one in found:
        parts[one.verdict == Verdict.NOT_CHECKABLE].append(one)
    known, unknown = (_table(part, linked, doors) if part else "" for part in parts)
    if unknown:
        told = f"{len(parts[1])} claim{'s' if len(parts[1]) > 1 else ''} cannot be checked here"
        unknown = f"<details><summary>{told}</summary>{unknown}</details>"
    return known + unknown


def _table(found: Sequence[Finding], linked: Collection[str], doors: Mapping[str, str]) -> str:
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Claim", "Evidence", "Verdict"))
    rows = "".join(_row(finding, _url(finding, linked, doors)) for finding in found)
    return f'<table class="findings"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _row(finding: Finding, url: str) -> str:
    claim, seen = finding.claim, ""
    if url:
        seen = f' <a href="{html.escape(url)}" aria-label="See it: {html.escape(claim.statistic)}">See it</a>'
    evidence = "; ".join(map(evidence_html, finding.evidence))
    doubts = " ".join(isolated(doubt) for doubt in finding.doubts)
    return (
        f'<tr data-claim="{claim.key}"><td>{html.escape(claim.words)} <small>{html.escape(claim.source)}</small>'
        f"<details><summary>How it is checked</summary>{html.escape(claim.statistic)}. {doubts}</details></td>"
        f'<td>{evidence}</td><td class="verdict">{chip(finding.verdict)}{seen}</td></tr>'
    )


def chip(verdict: Verdict) -> str:
    """A verdict as HTML: its sign and its words on its colour."""
    sign, colour = CHIPS[verdict]
    return f'<span class="chip" style="background:{colour}">{sign} {verdict}</span>'


def evidence_html(evidence: Evidence) -> str:
    """'difference <b>+9.4 points</b>', with its interval where pointer, finger or keyboard ask for it."""
    what, number = html.escape(evidence.what), html.escape(evidence.number)
    if not evidence.interval:
        return f'{what} <span class="value">{number}</span>'
    return f"{what} {with_interval(number, evidence.interval)}"


def with_interval(number: str, interval: str) -> str:
    """A number as HTML, in bold, with its 95 % interval where pointer, finger or keyboard ask for it."""
    told = f'<span class="interval" role="tooltip">95 % interval{html.escape(interval)}</span>'
    return f'<span class="value asked" tabindex="0">{number}{told}</span>'


def sentences_html(sentences: Sequence[tuple[str, str, str, str]]) -> str:
    """Sentences of plain text as one paragraph: of each its beginning, a number, the interval of that, and its end."""
    told = (
        f"{html.escape(begin)}{with_interval(html.escape(number), f' ({interval})')}{html.escape(end)}"
        for begin, number, interval, end in sentences
    )
    return f'{STYLE}<p class="told">{" ".join(told)}</p>'


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
