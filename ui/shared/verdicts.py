"""Verdicts on claims as HTML: the table of findings, and a single claim with its evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from core.claims.claim import BY_VIEWS, CHANCE, Evidence, Finding, Verdict
from core.claims.quantities import stored_hybrids
from core.classifiers.registry import network_title, result_title
from core.pgd.pictures import judged_outcomes
from core.shared.numbers import decimal
from core.shared.text import bdi, count_of, number_html, sentence

# Sign and colour of each verdict: signs for use without colour; white text has a contrast of 5 to 7.
SIGNS = {
    Verdict.HOLDS: ("✓", "#1a7f37"),
    Verdict.IN_PART: ("◐", "#8a5a00"),
    Verdict.FAILS: ("✕", "#b3261e"),
    Verdict.UNDECIDED: ("?", "#57606a"),
    Verdict.NOT_CHECKABLE: ("?", "#57606a"),
}
CSS = Path(__file__).with_suffix(".css").read_text("utf-8")
STYLE = f"<style>\n{CSS}</style>"
_FIRST = [Verdict.FAILS, Verdict.IN_PART, Verdict.UNDECIDED, Verdict.HOLDS, Verdict.NOT_CHECKABLE]


def verdict_labels(findings: Sequence[Finding]) -> dict[Verdict, str]:
    """Return the verdicts to filter by, each with its sign and number of findings."""
    count = Counter(finding.verdict for finding in findings)
    return {verdict: f"{SIGNS[verdict][0]} {verdict}: {count[verdict]}" for verdict in Verdict if count[verdict]}


def findings_html(
    findings: Sequence[Finding],
    url: Callable[[Finding], str] = lambda _: "",
    picture: Callable[[Finding], str] = lambda _: "",
    unfold: bool = False,
) -> str:
    """Return one row per claim, failing ones first; verdicts by views and uncheckable claims are folded.

    url: of the page that illustrates a finding; may be empty. picture: HTML, shown in the link to it. unfold: whether
    to open what is folded.
    """
    by_views, unknown = "judged again, by views", "cannot be checked here"
    parts: dict[str, list[Finding]] = {"": [], by_views: [], unknown: []}
    for finding in sorted(findings, key=lambda finding: _FIRST.index(finding.verdict)):
        folded = by_views if finding.condition == BY_VIEWS else ""
        parts[unknown if finding.verdict == Verdict.NOT_CHECKABLE else folded].append(finding)
    return str(_macros().findings(parts, url, picture, unfold))


def multiplicity(findings: Sequence[Finding]) -> str:
    """Return how many of these verdicts chance alone would let hold, as a sentence."""
    checked = sum(finding.verdict != Verdict.NOT_CHECKABLE for finding in findings)
    return (
        f"Each of the {count_of(checked, 'verdict')} is judged by itself: if nothing of what is claimed were there, "
        f"chance alone would let at most {decimal(CHANCE * checked)} hold."
    )


def judged_html(finding: Finding, shows: Sequence[str] | None = None, where: str = "") -> str:
    """Return a claim, its verdict and its evidence, or the part named in `shows`; where: text after its source."""
    selected = [part for part in finding.evidence if shows is None or part.what in shows]
    networks = _networks(finding)
    if {part.what for part in selected}.issuperset(networks):
        networks = []
    return str(_macros().judged(finding, selected, networks, where))


def _lead(evidence: Sequence[Evidence]) -> Evidence | None:
    """Return the number to read first: the first difference, or else the first number."""
    return next((part for part in evidence if part.is_difference), next(iter(evidence), None))


def _networks(finding: Finding) -> list[str]:
    """Return the names of the networks of the evidence, from the labels of their maps; may be untrusted.

    Evidence without maps is of stored results, whose weights are named where they are not the usual ones.
    """
    if not finding.maps:
        stored = {**stored_hybrids(), **judged_outcomes()}
        return [
            result_title(stored[name].metadata["classifier"]) if name in stored else network_title(name)
            for name in finding.networks
        ]
    titles = [network_title(name) for name in finding.networks]
    named = [label.split(" · ")[0] for label in finding.maps]
    return [next((name for name in named if name.startswith(f"{title} (weights")), title) for title in titles]


@cache
def _macros() -> Any:
    """Return the template's macros; every string is escaped in them."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.globals |= {"signs": SIGNS}
    pages.filters |= {
        "bdi": lambda text: Markup(bdi(text)),
        "count_of": count_of,
        "lead": _lead,
        "networks": _networks,
        "number": lambda number, bold: Markup(number_html(number, bold=bold)),
        "sentence": sentence,
    }
    return pages.get_template("verdicts.html.jinja").module
