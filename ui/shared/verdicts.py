"""Verdicts on claims as HTML: the table of findings, and a single claim with its evidence."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from core.claims.finding import BY_VIEWS, CHANCE, Evidence, Finding, Verdict
from core.shared.numbers import decimal
from core.shared.text import Number, bdi, count_of, isolated, number_html, sentence
from ui.shared.colours import model_colour

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


def summary_html(findings: Sequence[Finding]) -> str:
    """Return the number of findings with each verdict as HTML."""
    count = Counter(finding.verdict for finding in findings)
    chips = [
        f'<span class="chip" style="--chip:{SIGNS[verdict][1]}">{SIGNS[verdict][0]} {verdict}: {count[verdict]}</span>'
        for verdict in Verdict
        if count[verdict]
    ]
    return f'<p class="summary"><b>{len(findings)} verdicts in three parts</b> {" ".join(chips)}</p>'


def findings_html(
    findings: Sequence[Finding],
    url: Callable[[Finding], str] = lambda _: "",
    picture: Callable[[Finding], str] = lambda _: "",
) -> str:
    """Return one row per claim, failing ones first; verdicts by views and uncheckable claims are folded.

    Doubts about the maps that rows rest on stand below, each once, with a mark at the rows. url: of the page that
    illustrates a finding; may be empty. picture: HTML beside its numbers.
    """
    by_views, unknown = "judged again, by views", "cannot be checked here"
    parts: dict[str, list[Finding]] = {"": [], by_views: [], unknown: []}
    for finding in sorted(findings, key=lambda finding: _FIRST.index(finding.verdict)):
        folded = by_views if finding.condition == BY_VIEWS else ""
        parts[unknown if finding.verdict == Verdict.NOT_CHECKABLE else folded].append(finding)
    notes = dict.fromkeys(note for part in parts.values() for finding in part for note in finding.notes)
    marks = {note: k for k, note in enumerate(notes, start=1)}
    return str(_macros().findings(parts, url, picture, marks))


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
    networks = () if {part.what for part in selected}.issuperset(finding.names) else finding.names
    return str(_macros().judged(finding, selected, networks, where))


def _lead(evidence: Sequence[Evidence]) -> Evidence | None:
    """Return the number to read first: the first difference, or else the first number."""
    return next((part for part in evidence if part.is_difference), next(iter(evidence), None))


# Names by role in the statistic of a claim that could not be checked on anyone.
_ANYONE = {
    "subject": "the first network",
    "reference": "the second network",
    "robust": "the robust twin",
    "ordinary": "the ordinary twin",
}


def _summary(finding: Finding) -> Any:
    """Return the summary as HTML: bold numbers, and names isolated from the direction of the text around them."""
    from markupsafe import Markup

    said = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(finding.summary))
    said = re.sub(rf"{isolated('(.*?)')}", r"<bdi>\1</bdi>", said)
    return said and Markup(f'<span class="found">{said}</span>')


def _statistic(finding: Finding) -> Any:
    """Return how a claim is checked, with the names of the networks."""
    from markupsafe import Markup

    named = _ANYONE | dict(zip(finding.claim.roles, finding.names, strict=False))
    names = {role: Markup(bdi(name)) for role, name in named.items()}
    return Markup(html.escape(sentence(finding.claim.statistic))).format_map(names)


def _colour(finding: Finding, part: Evidence) -> str:
    """Return the colour of a bar: its network's, or a neutral one of bars of several together."""
    of_one = finding.networks[0] if len(finding.networks) == 1 else ""
    return model_colour(dict(zip(finding.names, finding.networks, strict=True)).get(part.bar, of_one))


def _short(part: Evidence) -> Number:
    """Return the number of a bar, without the long units, which the sentence beside it has."""
    text = part.figure.text.removesuffix(" cycles per image").removesuffix(" orders of magnitude")
    return Number(text, part.figure.interval)


def _position(finding: Finding, value: float) -> str:
    """Return where a number lies along a finding's bars, in per cent: from zero, in the middle if some are negative."""
    ends = [end for part in finding.bars for end in part.measured if end == end]
    if all(part.unit == "error" for part in finding.bars):
        return f"{100 * min(max(value, 0), 1):.1f}"
    fraction = value / (max(map(abs, [*ends, *(part.mark for part in finding.bars)])) or 1.0)
    return f"{50 + 50 * fraction if min(ends) < 0 else 100 * fraction:.1f}"


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
        "colour": _colour,
        "count_of": count_of,
        "lead": _lead,
        "marks": lambda notes, marks: ", ".join(str(mark) for mark in sorted(marks[note] for note in notes)),
        "number": lambda number, bold: Markup(number_html(number, bold=bold)),
        "position": _position,
        "short": _short,
        "statistic": _statistic,
        "summary": _summary,
    }
    return pages.get_template("verdicts.html.jinja").module
