"""HTML table of findings for the app, the article and the report, one row per claim.

A row shows verdict, claim and one number; the rest is folded. In a narrow window rows become cards.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from core.claims.finding import BY_VIEWS, Evidence, Finding, Verdict
from core.claims.hybrids import stored_hybrids
from core.classifiers.registry import classifier_title, result_title, short_title
from core.runs.picture_outcomes import judged_outcomes
from core.shared.colours import BAD, GOOD, HALF, OPEN
from core.shared.errors import one_line, sentence
from core.shared.html import bdi, number_html
from core.shared.sentences import Network, Sentence, count_of

# Sign and colour of each verdict.
VERDICTS = {
    Verdict.HOLDS: GOOD,
    Verdict.IN_PART: HALF,
    Verdict.FAILS: BAD,
    Verdict.UNDECIDED: HALF,
    Verdict.NOT_CHECKABLE: OPEN,
}
CSS = Path(__file__).with_suffix(".css").read_text("utf-8")
STYLE = f"<style>\n{CSS}</style>"
_UNKNOWN = "unknown"
_FOLDED = {BY_VIEWS: "judged again, by views", _UNKNOWN: "cannot be checked here"}
Url = Callable[[Finding], str]


def verdict_labels(findings: Sequence[Finding]) -> dict[Verdict, str]:
    """Return the verdicts to filter by, each with its sign and number of findings."""
    count = Counter(finding.verdict for finding in findings)
    return {verdict: f"{VERDICTS[verdict][0]} {verdict}: {count[verdict]}" for verdict in Verdict if count[verdict]}


def findings_html(
    findings: Sequence[Finding],
    url: Url = lambda _: "",
    before: tuple[str, Mapping[str, Finding]] | None = None,
) -> str:
    """Return one row per claim; verdicts by views and uncheckable claims are folded.

    url: of the page that illustrates a finding; may be empty. before: an additional column: its head, and earlier
    findings by claim.
    """
    parts: dict[str, list[Finding]] = {"": [], BY_VIEWS: [], _UNKNOWN: []}
    for finding in findings:
        folded = _UNKNOWN if finding.verdict == Verdict.NOT_CHECKABLE else BY_VIEWS
        parts[folded if folded == _UNKNOWN or finding.condition == BY_VIEWS else ""].append(finding)
    tables = {why: _table(part, url, before) for why, part in parts.items() if part}
    for why in (BY_VIEWS, _UNKNOWN):
        if why in tables:
            count = f"{count_of(len(parts[why]), 'claim')} {_FOLDED[why]}"
            is_open = "" if "" in tables else " open"
            tables[why] = f"<details{is_open}><summary>{count}</summary>{tables[why]}</details>"
    return "".join(tables.values())


def _table(findings: Sequence[Finding], url: Url, before: tuple[str, Mapping[str, Finding]] | None) -> str:
    names, earlier = ["Verdict", "Claim", "Measured"], dict[str, str]()
    if before is not None:
        names.append(before[0])
        label = html.escape(before[0])
        earlier = {key: f'<td data-head="{label}">{chip(finding)}</td>' for key, finding in before[1].items()}
    heads = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in names)
    empty = "" if before is None else "<td></td>"
    rows = "".join(_row(finding, url(finding), earlier.get(finding.claim.key, empty)) for finding in findings)
    return f'<table class="findings"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _row(finding: Finding, url: str, last_cell: str = "") -> str:
    claim, see = finding.claim, ""
    if url:
        see = f' <a href="{html.escape(url)}" aria-label="See it: {html.escape(claim.statistic)}">See it</a>'
    evidence, lead = evidence_html(finding.evidence), _lead(finding.evidence)
    rest = "".join(f"<li>{part}</li>" for k, part in enumerate(evidence) if k != lead)
    doubts = " ".join(bdi(_with_titles(doubt)) for doubt in finding.doubts)
    return (
        f'<tr data-claim="{claim.key}"><td class="verdict" data-verdict="{finding.verdict}">{chip(finding)}{see}</td>'
        f"<td>{html.escape(claim.statement)} <small>{_source(finding, _networks(finding))}</small>"
        f"<details><summary>How it is checked</summary>"
        f"{html.escape(sentence(claim.statistic))} {doubts}<ul>{rest}</ul></details></td>"
        f"<td>{evidence[lead] if evidence else ''}</td>{last_cell}</tr>"
    )


def chip(finding: Finding) -> str:
    """Return a verdict with its sign on its colour, or framed by it if other networks stand in."""
    sign, colour = VERDICTS[finding.verdict]
    look = "chip stand-in" if finding.stand_in else "chip"
    return f'<span class="{look}" style="--chip:{colour}">{sign} {finding.judgement}</span>'


def _networks(finding: Finding) -> list[str]:
    """Return the names of the networks of the evidence, from the labels of their maps; may be untrusted.

    Evidence without maps is of stored results, whose weights are named where they are not the usual ones.
    """
    if not finding.maps:
        return [_stored_title(name) for name in finding.networks]
    titles = [_title(name) for name in finding.networks]
    named = [label.split(" · ")[0] for label in finding.maps]
    return [next((name for name in named if name.startswith(f"{title} (weights")), title) for title in titles]


def _with_titles(sentence: str) -> str:
    """Return a sentence as plain text, with the titles of its networks."""
    return "".join(_title(part) if isinstance(part, Network) else part for part in Sentence(sentence).parts)


def _title(name: str) -> str:
    return short_title(one_line(classifier_title(name)))


def _stored_title(name: str) -> str:
    known = (results[name] for results in (judged_outcomes(), stored_hybrids()) if name in results)
    result = next(known, None)
    return _title(name) if result is None else result_title(result.metadata["classifier"])


def _source(finding: Finding, names: Sequence[str]) -> str:
    """'paper, §3.1, Mini CLIP against Mini ResNet', as HTML."""
    whose = (" against " if len(names) < 3 else "; ").join(map(bdi, names))
    return ", ".join(filter(None, (html.escape(finding.source), whose)))


def judged_html(finding: Finding, shows: Sequence[str] | None = None, where: str = "") -> str:
    """Return a claim, its verdict and its evidence, or the part named in `shows`; where: text after its source."""
    selected = [part for part in finding.evidence if shows is None or part.what in shows]
    numbers = " ".join(f'<span class="each">{part}</span>' for part in evidence_html(selected))
    names = _networks(finding)
    source = _source(finding, [] if {part.what for part in selected}.issuperset(names) else names)
    look = "judged stand-in" if finding.stand_in else "judged"
    return (
        f'<div class="{look}" style="--chip:{VERDICTS[finding.verdict][1]}" data-claim="{finding.claim.key}">'
        f"<blockquote>{html.escape(finding.claim.statement)}</blockquote>"
        f'<p>{chip(finding)} <span class="source">{source}{html.escape(where)}</span></p><p>{numbers}</p></div>'
    )


def evidence_html(evidence: Sequence[Evidence]) -> list[str]:
    """Return 'difference: <b>+9.4 points</b>' and the like; bold is the first difference, or else the first number."""
    lead = _lead(evidence)
    return [f"{html.escape(part.label)}{number_html(part.figure, bold=k == lead)}" for k, part in enumerate(evidence)]


def _lead(evidence: Sequence[Evidence]) -> int:
    return next((k for k, part in enumerate(evidence) if part.is_difference), 0)
