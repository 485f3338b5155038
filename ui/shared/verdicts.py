"""Verdicts on claims as HTML: the table of findings, and a single claim with its evidence."""

from __future__ import annotations

import html
import re
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
from core.shared.text import Number, bdi, count_of, number_html, sentence
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


# What a placeholder of claims.toml says where a claim could not be checked on anyone.
_ANYONE = {
    "subject": "the first network",
    "reference": "the second network",
    "robust": "the robust twin",
    "ordinary": "the ordinary twin",
}
_CUTOFFS = (
    "Of two pictures in one, {labels[0]} follows either equally often at a cutoff of {0} cycles per image, {labels[1]} "
    "at {1}."
)


def _bars(finding: Finding) -> list[Evidence]:
    return [part for part in finding.evidence if part.bar]


def _names(finding: Finding) -> dict[str, str]:
    """Return the names of a finding's networks by whose they are."""
    return _ANYONE | dict(zip(finding.claim.whose, _networks(finding), strict=False))


def _label(finding: Finding, part: Evidence) -> str:
    return _names(finding).get(part.bar, part.bar)


def _because(finding: Finding) -> Any:
    """Return a sentence with the numbers of the bars, and how many parts support a claim of several."""
    from markupsafe import Markup

    bars = _bars(finding)
    if not bars:
        return ""
    template = _CUTOFFS if bars[0].unit == "radius" else finding.claim.because
    numbers = [Markup(f"<strong>{part.rounded}</strong>") for part in bars]
    names = {whose: Markup(bdi(name)) for whose, name in _names(finding).items()}
    labels = [Markup(bdi(_label(finding, part))) for part in bars]
    said = Markup(html.escape(template)).format(*numbers, labels=labels, kind=finding.kind, **names)
    if len(finding.parts) > 1:
        said += f" {finding.parts.count(True)} of {len(finding.parts)} comparisons support the claim."
    return Markup('<span class="because">{}</span>').format(said)


def _statistic(finding: Finding) -> Any:
    """Return how a claim is checked, with the names of the networks."""
    from markupsafe import Markup

    names = {whose: Markup(bdi(name)) for whose, name in _names(finding).items()}
    return Markup(html.escape(sentence(finding.claim.statistic))).format_map(names)


def _formulas(finding: Finding) -> list[str]:
    """Return the inequalities of a claim, with the names of the networks."""
    names = _names(finding)
    pattern = re.compile(rf"\b({'|'.join(names)}) ")
    return [pattern.sub(lambda match: f"{names[match[1]]}: ", formula) for formula in finding.claim.formulas]


def _colour(finding: Finding, part: Evidence) -> str:
    """Return the colour of a bar: its network's, or a neutral one of bars of several together."""
    of_one = finding.networks[0] if len(finding.networks) == 1 else ""
    return model_colour(dict(zip(finding.claim.whose, finding.networks, strict=False)).get(part.bar, of_one))


def _short(part: Evidence) -> Number:
    """Return the number of a bar, without the long units, which the sentence beside it has."""
    text = part.figure.text.removesuffix(" cycles per image").removesuffix(" orders of magnitude")
    return Number(text, part.figure.interval)


def _place(finding: Finding, value: float) -> str:
    """Return where a number lies along a finding's bars, in per cent: from zero, in the middle if some are negative."""
    ends = [end for part in _bars(finding) for end in part.measured if end == end]
    if all(part.unit == "error" for part in _bars(finding)):
        return f"{100 * min(max(value, 0), 1):.1f}"
    share = value / (max(map(abs, [*ends, _mark(finding)])) or 1.0)
    return f"{50 + 50 * share if min(ends) < 0 else 100 * share:.1f}"


def _mark(finding: Finding) -> float:
    """Return the threshold to mark at a bar that stands alone; 0 for others."""
    return finding.claim.threshold[0] if len(_bars(finding)) == 1 else 0


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
        "bar_label": _label,
        "bdi": lambda text: Markup(bdi(text)),
        "because": _because,
        "colour": _colour,
        "count_of": count_of,
        "formulas": _formulas,
        "lead": _lead,
        "mark": _mark,
        "marks": lambda notes, marks: ", ".join(str(mark) for mark in sorted(marks[note] for note in notes)),
        "networks": _networks,
        "number": lambda number, bold: Markup(number_html(number, bold=bold)),
        "place": _place,
        "short": _short,
        "statistic": _statistic,
    }
    return pages.get_template("verdicts.html.jinja").module
