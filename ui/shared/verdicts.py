"""Verdicts on claims as HTML: the sentence and strip over all, the table of findings, and a single claim."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from core.claims.evidence import Evidence
from core.claims.finding import BY_VIEWS, Finding
from core.claims.verdict import CHANCE, Verdict
from core.shared.numbers import decimal, join_list
from core.shared.text import Number, bdi, count_of, isolated, number_html, sentence
from ui.shared.colours import model_colour

# Of each verdict: its sign, for use without colour; its colour, on which white text has a contrast of 5 to 7; and what
# is said of one claim, or of several.
SIGNS = {
    Verdict.HOLDS: ("✓", "#1a7f37", "{} holds", "{} hold"),
    Verdict.IN_PART: ("◐", "#8a5a00", "{} holds in part", "{} hold in part"),
    Verdict.DEPENDS: ("⇄", "#6639ba", "{} is true in one sense", "{} are true in one sense"),
    Verdict.FAILS: ("✕", "#b3261e", "{} fails", "{} fail"),
    Verdict.UNDECIDED: ("?", "#57606a", "for {} we cannot tell", "for {} we cannot tell"),
    Verdict.NOT_CHECKABLE: ("○", "#57606a", "{} can’t be checked here", "{} can’t be checked here"),
}
TRUTHS = {True: "✓", False: "✕", None: "?"}  # signs of a claim's parts
CSS = Path(__file__).with_suffix(".css").read_text("utf-8")
STYLE = f"<style>\n{CSS}</style>"


def summary_html(
    findings: Sequence[Finding], url: Callable[[Finding], str] = lambda finding: f"#{row_id(finding)}"
) -> str:
    """Return a sentence on all findings, and a strip of marks in the colours of their verdicts, one each.

    A claim judged again by many views has no mark: the paper did not use them, and one claim has one verdict. url: of a
    finding's row, where its mark leads.
    """
    findings = [finding for finding in findings if finding.condition != BY_VIEWS]
    papers = [finding for finding in findings if finding.claim.papers]
    named, ordered = headings(findings), _in_order(findings)
    rows = ordered[: len(papers)], ordered[len(papers) :]
    marks = [[(finding, url(finding), named[row_id(finding)]) for finding in part] for part in rows]
    return str(_macros().summary(len(papers), _clauses(papers), marks))


def _clauses(findings: Sequence[Finding]) -> Any:
    """'9 hold, 5 hold in part, and 6 fail', with the sign of each verdict, as HTML."""
    from markupsafe import Markup

    counts = Counter(finding.verdict for finding in findings)
    clauses = list[str]()
    for verdict, (sign, colour, singular, plural) in SIGNS.items():
        if count := counts[verdict]:
            said = (singular if count == 1 else plural).format(count)
            mark = f'<i style="--chip:{colour}" aria-hidden="true">{sign}</i>'
            clauses.append(f'<span class="clause">{mark} {said}</span>')
    if len(clauses) > 2:
        clauses[-1] = f"and {clauses[-1]}"
        return Markup(", ".join(clauses))
    return Markup(join_list(clauses)) if clauses else ""


def row_id(finding: Finding) -> str:
    """Return the id of a finding's row, unique among those of one page."""
    case = finding.networks[0] if "robust" in finding.claim.roles and finding.networks else ""
    parts = filter(None, (finding.claim.key, finding.condition, case))
    return "row-" + re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower())


def headings(findings: Sequence[Finding]) -> dict[str, str]:
    """Return the heading of each row by its id; rows of one claim differ in theirs."""
    titles = {row_id(finding): finding.claim.headline or finding.claim.statement for finding in findings}
    count = Counter((finding.claim.key, finding.condition == BY_VIEWS) for finding in findings)
    for finding in findings:
        apart = [finding.names[0]] if count[finding.claim.key, finding.condition == BY_VIEWS] > 1 else []
        apart += ["by many views"] if finding.condition == BY_VIEWS else []
        if apart:
            titles[row_id(finding)] = f"{titles[row_id(finding)].rstrip('.')}: {', '.join(apart)}"
    return titles


def findings_html(
    findings: Sequence[Finding],
    url: Callable[[Finding], str] = lambda _: "",
    picture: Callable[[Finding], str] = lambda _: "",
    chosen: str = "",
) -> str:
    """Return one row per claim, the paper's first; verdicts by views and uncheckable claims are folded.

    Their verdicts are in the order of `SIGNS`, as in the strip. Doubts about the maps that rows rest on stand below,
    each once. url: of the page that illustrates a finding; may be empty. picture: HTML under "How it is checked".
    chosen: id of the row to open and mark.
    """
    by_views, unknown = "judged again by many views, which the paper did not use", "cannot be checked here"
    parts: dict[str, list[Finding]] = {"": [], by_views: [], unknown: []}
    for finding in _in_order(findings):
        folded = by_views if finding.condition == BY_VIEWS else ""
        parts[unknown if finding.verdict == Verdict.NOT_CHECKABLE else folded].append(finding)
    notes = dict.fromkeys(note for part in parts.values() for finding in part for note in finding.notes)
    return str(_macros().findings(parts, url, picture, list(notes), headings(findings), chosen))


def _in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return the paper's claims, then our own observations, each by verdict."""
    return sorted(findings, key=lambda finding: (not finding.claim.papers, [*SIGNS].index(finding.verdict)))


def multiplicity(findings: Sequence[Finding]) -> str:
    """Return how many of these verdicts chance alone would let hold, as a sentence."""
    checked = sum(finding.verdict != Verdict.NOT_CHECKABLE for finding in findings)
    return (
        f"We judge each claim on its own. If all {checked} were wrong, at most {decimal(CHANCE * checked)} of them "
        "would hold by chance."
    )


def judged_html(finding: Finding, shows: Sequence[str] | None = None, *, said: str = "", folded: str = "") -> str:
    """Return a claim, its verdict and its evidence, or the part named in `shows`.

    said: a sentence, plain text, that stands for the evidence; the evidence is then folded, with the text `folded`.
    """
    selected = [part for part in finding.evidence if shows is None or part.what in shows]
    networks = () if {part.what for part in selected}.issuperset(finding.names) else finding.names
    return str(_macros().judged(finding, selected, networks, said, folded))


def said_html(finding: Finding, where: str) -> str:
    """Return a claim, its verdict and what was measured in a sentence; where: a sentence on the waves it is about."""
    return str(_macros().said(finding, headings([finding])[row_id(finding)], where))


def _lead(evidence: Sequence[Evidence]) -> Evidence | None:
    """Return the number to read first: the first difference, or else the first number."""
    return next((part for part in evidence if part.is_difference), next(iter(evidence), None))


def _others(finding: Finding) -> list[Evidence]:
    """Return the numbers that are neither bars nor parts."""
    known = [(part.number.what, part.number.measured) for part in finding.parts]
    lead = None if finding.bars else _lead(finding.evidence)
    return [
        number
        for number in finding.evidence
        if not number.bar and number is not lead and (number.what, number.measured) not in known
    ]


# Names by role in the statistic of a claim that could not be checked on anyone.
_ANYONE = {
    "subject": "the first network",
    "reference": "the second network",
    "robust": "the robust twin",
    "ordinary": "the ordinary twin",
}


def _marked(text: str) -> Any:
    """Return a sentence as HTML: bold numbers, and names isolated from the direction of the text around them."""
    from markupsafe import Markup

    said = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text))
    return Markup(re.sub(rf"{isolated('(.*?)')}", r"<bdi>\1</bdi>", said))


def _statistic(finding: Finding) -> Any:
    """Return how a claim is checked, with the names of the networks."""
    from markupsafe import Markup

    named = _ANYONE | dict(zip(finding.claim.roles, finding.names, strict=False))
    names = {role: Markup(bdi(name)) for role, name in named.items()}
    return Markup(html.escape(sentence(finding.claim.statistic))).format_map(names)


def _colour(finding: Finding, part: Evidence) -> str:
    """Return the colour of a bar: of the network that its label begins with, or a neutral one of several together."""
    of_one = finding.networks[0] if len(finding.networks) == 1 else ""
    networks: Mapping[str, str] = dict(zip(finding.names, finding.networks, strict=True))
    named = [name for name in networks if part.bar == name or part.bar.startswith(f"{name}, ")]
    return model_colour(networks[max(named, key=len)] if named else of_one)


def _short(part: Evidence) -> Number:
    """Return the number of a bar, without the long unit, which its sentence has."""
    return Number(part.figure.text.removesuffix(" cycles per image"), part.figure.interval)


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
    pages.globals |= {"signs": SIGNS, "truths": TRUTHS}
    pages.filters |= {
        "bdi": lambda text: Markup(bdi(text)),
        "colour": _colour,
        "count_of": count_of,
        "lead": _lead,
        "marked": _marked,
        "number": lambda number, bold: Markup(number_html(number, bold=bold)),
        "others": _others,
        "position": _position,
        "row_id": row_id,
        "short": _short,
        "statistic": _statistic,
    }
    return pages.get_template("verdicts.html.jinja").module
