"""The table of findings as HTML: a row for each claim, which becomes a card in a narrow window."""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping, Sequence

from core.claims.finding import BY_VIEWS, Evidence, Finding, Verdict
from core.classifiers.registry import classifier_title
from core.reproduce.page import CHIPS
from ui.maps.models import short_title
from ui.shared.look import ASKED, style_sheet
from ui.shared.text import isolated, one_line
from ui.shared.told import asked
from ui.shared.url import link

_UNKNOWN = "unknown"
_FOLDED = {BY_VIEWS: "judged once more, by views", _UNKNOWN: "cannot be checked here"}
STYLE = f"<style>\n{ASKED}</style>{style_sheet(__file__)}"


def findings_html(
    found: Sequence[Finding], linked: Collection[str] = (), doors: Mapping[str, str] | None = None
) -> str:
    """A row for each claim; its verdict by views, and those that cannot be checked, are folded away.

    linked: labels of the maps that a URL can name, which are those that every visitor has. doors: for claims that are
    not about maps, by their key, the URL that shows what they are about.
    """
    parts: dict[str, list[Finding]] = {"": [], BY_VIEWS: [], _UNKNOWN: []}
    for finding in found:
        folded = _UNKNOWN if finding.verdict == Verdict.NOT_CHECKABLE else BY_VIEWS
        parts[folded if folded == _UNKNOWN or finding.condition == BY_VIEWS else ""].append(finding)
    tables = {why: _table(part, linked, doors or {}) for why, part in parts.items() if part}
    for why in (BY_VIEWS, _UNKNOWN):
        if why in tables:
            count = f"{len(parts[why])} claim{'s' if len(parts[why]) > 1 else ''} {_FOLDED[why]}"
            shown = "" if "" in tables else " open"
            tables[why] = f"<details{shown}><summary>{count}</summary>{tables[why]}</details>"
    return "".join(tables.values())


def _table(found: Sequence[Finding], linked: Collection[str], doors: Mapping[str, str]) -> str:
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Verdict", "Claim", "Measured"))
    rows = "".join(_row(finding, _url(finding, linked, doors)) for finding in found)
    return f'<table class="findings"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _row(finding: Finding, url: str) -> str:
    """Verdict, claim and the number that says most; the rest is folded away."""
    claim, seen = finding.claim, ""
    if url:
        seen = f' <a href="{html.escape(url)}" aria-label="See it: {html.escape(claim.statistic)}">See it</a>'
    evidence, lead = evidence_html(finding.evidence), _lead(finding.evidence)
    rest = "".join(f"<li>{each}</li>" for k, each in enumerate(evidence) if k != lead)
    doubts = " ".join(isolated(doubt) for doubt in finding.doubts)
    whose = _source(finding, _networks(finding))
    return (
        f'<tr data-claim="{claim.key}"><td class="verdict">{chip(finding)}{seen}</td>'
        f"<td>{html.escape(claim.words)} <small>{whose}</small><details><summary>How it is checked</summary>"
        f"{html.escape(claim.statistic)}. {doubts}<ul>{rest}</ul></details></td>"
        f"<td>{evidence[lead] if evidence else ''}</td></tr>"
    )


def chip(finding: Finding) -> str:
    """A verdict as HTML: its sign and its words on its colour, or framed by it where other networks stand in."""
    sign, colour = CHIPS[finding.verdict]
    look = "chip stand-in" if finding.stand_in else "chip"
    return f'<span class="{look}" style="--chip:{colour}">{sign} {finding.judgement}</span>'


def _networks(finding: Finding) -> list[str]:
    """Names of those whose evidence it is; they may be untrusted."""
    return [short_title(one_line(classifier_title(name))) for name in finding.networks]


def _source(finding: Finding, names: Sequence[str]) -> str:
    """'paper, §3.1, Mini CLIP against Mini ResNet', as HTML."""
    whose = (" against " if len(names) < 3 else "; ").join(map(isolated, names))
    return ", ".join(filter(None, (html.escape(finding.source), whose)))


def judged_html(finding: Finding, shows: Collection[str] | None = None, where: str = "") -> str:
    """A claim, its verdict and its evidence, or what `shows` names of that; where: what follows its source."""
    shown = [each for each in finding.evidence if shows is None or each.what in shows]
    each = " ".join(f'<span class="each">{one}</span>' for one in evidence_html(shown))
    names, named = _networks(finding), {each.what for each in shown}
    source = _source(finding, [] if named.issuperset(names) else names)
    look = "judged stand-in" if finding.stand_in else "judged"
    return (
        f'<div class="{look}" style="--chip:{CHIPS[finding.verdict][1]}" data-claim="{finding.claim.key}">'
        f"<blockquote>{html.escape(finding.claim.words)}</blockquote>"
        f'<p>{chip(finding)} <span class="source">{source}{html.escape(where)}</span></p><p>{each}</p></div>'
    )


def evidence_html(evidence: Sequence[Evidence]) -> list[str]:
    """'difference <b>+9.4 points</b>' and the like; bold is the first difference, or else the first number."""
    return [f"{html.escape(each.what)} {_number(each, k == _lead(evidence))}" for k, each in enumerate(evidence)]


def _lead(evidence: Sequence[Evidence]) -> int:
    return next((k for k, each in enumerate(evidence) if each.is_difference), 0)


def _number(each: Evidence, bold: bool) -> str:
    if each.interval:
        return asked(each.number, f"95 % interval{each.interval}", bold=bold)
    return f"<b>{html.escape(each.number)}</b>" if bold else html.escape(each.number)


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
