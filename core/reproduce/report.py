"""The report of a reproduction, and the findings on pages, by one template."""

from __future__ import annotations

import base64
import html
import platform
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.claims.claim import BY_VIEWS, CLAIMS, Evidence, Finding, Verdict
from core.claims.quantities import stored_hybrids
from core.classifiers.registry import classifier_title, result_title, short_title
from core.data.stored import VERSION
from core.fourier.heatmap import TOP1, figure_file, heatmap_png
from core.fourier.waves import rounded_radius, wave_values
from core.pgd.pictures import judged_outcomes
from core.pgd.starts import STARTS
from core.reproduce import compare as agreement
from core.reproduce import compare as tables
from core.reproduce import sentences
from core.reproduce.compare import (
    ClaimComparison,
    HybridResult,
    MapResult,
    Match,
    Part,
    TableResult,
    finding_json,
    hybrid_findings,
    name_of,
)
from core.reproduce.profile import KINDS
from core.shared import numbers
from core.shared.files import write_atomically, write_json
from core.shared.numbers import student
from core.shared.roles import BAD, GOOD, HALF, OPEN
from core.shared.text import Network, Sentence, bdi, count_of, number_html, one_line, sentence

MAX_BARS = 100  # more intervals would hide the points


def map_plots(result: MapResult) -> dict[str, bytes]:
    """Return the plots of a map, as PNG by description."""
    plots: dict[str, bytes] = {}
    name, kind, heatmap, reference = result.name, result.kind, result.heatmap, result.reference
    if 2 * (heatmap.count > 0).sum() > heatmap.side**2:
        plots["Computed here."] = heatmap_png(heatmap.error_rate, TOP1, title=f"{name}, computed here")
        if reference is not None:
            known = np.where(heatmap.count > 0, reference.error_rate, np.nan)
            plots[f"The {kind} map."] = heatmap_png(known, TOP1, title=f"{name}, {kind}")
    if result.agreement is not None:
        plots["Each dot is a wave; on the line both errors are the same."] = _waves(result)
    return plots


def _waves(result: MapResult) -> bytes:
    from matplotlib.figure import Figure

    assert result.agreement is not None
    rows = result.agreement.rows
    waves = [row.wave for row in rows]
    here, there = (100 * np.array([getattr(row, side) for row in rows]) for side in ("error", "reference"))
    figure = Figure(figsize=(5.2, 4.6), layout="constrained")
    axes = figure.add_subplot()
    axes.axline((0, 0), slope=1, color="#888888", linewidth=1)
    if len(rows) <= MAX_BARS:
        low, high = (100 * wave_values(end, waves) for end in result.heatmap.interval()[1:])
        axes.vlines(there, low, high, color="#bbbbbb", linewidth=1.5)
    points = axes.scatter(there, here, c=rounded_radius(waves), cmap="viridis", s=16, zorder=3)
    axes.set(xlim=(0, 100), ylim=(0, 100), aspect="equal", xlabel=f"{result.kind} error (%)", ylabel="error here (%)")
    axes.set_title(result.name, fontsize=10, parse_math=False)
    figure.colorbar(points, ax=axes, label="radius (cycles per image)")
    return figure_file(figure, format="png", dpi=150)


# Sign and colour of each verdict.
VERDICTS = {
    Verdict.HOLDS: GOOD,
    Verdict.IN_PART: HALF,
    Verdict.FAILS: BAD,
    Verdict.UNDECIDED: HALF,
    Verdict.NOT_CHECKABLE: OPEN,
}
CSS = Path(__file__).with_name("findings.css").read_text("utf-8")
STYLE = f"<style>\n{CSS}</style>"
_FIRST = [Verdict.FAILS, Verdict.IN_PART, Verdict.UNDECIDED, Verdict.HOLDS, Verdict.NOT_CHECKABLE]
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
    """Return one row per claim, failing ones first; verdicts by views and uncheckable claims are folded.

    url: of the page that illustrates a finding; may be empty. before: an additional column: its head, and earlier
    findings by claim.
    """
    parts: dict[str, list[Finding]] = {"": [], BY_VIEWS: [], _UNKNOWN: []}
    for finding in sorted(findings, key=lambda finding: _FIRST.index(finding.verdict)):
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
    notes = "".join(
        f"<small>{bdi(name)}: {bdi(sentence(note.partition(': ')[0]))}</small>" for name, note in finding.notes
    )
    quote = f"{html.escape(claim.statement)} " if claim.headline else ""
    return (
        f'<tr data-claim="{claim.key}"><td class="verdict" data-verdict="{finding.verdict}">{chip(finding)}{see}</td>'
        f"<td><b>{html.escape(claim.headline or claim.statement)}</b> {quote}"
        f"<small>{_source(finding, _networks(finding))}</small>"
        f"<details><summary>How it is checked</summary>"
        f"{html.escape(sentence(claim.statistic))} {doubts}<ul>{rest}</ul></details></td>"
        f"<td>{evidence[lead] if evidence else ''}{notes}</td>{last_cell}</tr>"
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


SCHEMA = 1
MAX_ROWS = 60  # of a folded table; the JSON has all
# Sign and colour of each outcome of a comparison.
CHIPS = {Match.AGREES: GOOD, Match.DIFFERS: BAD, Match.UNDECIDED: HALF, Match.NOT_COMPARED: OPEN}


@dataclass(frozen=True)
class SkippedPart:
    """A part that did not run, with reasons: sentences with instructions."""

    part: Part
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Cost:
    """Cost of this command: wall and CPU seconds, peak memory in bytes, also of any GPU."""

    wall_seconds: float
    cpu_seconds: float
    peak_memory: int
    gpu_memory: int | None


@dataclass(frozen=True, eq=False)
class Results:
    """All results of a run. command, device: descriptions."""

    command: str
    device: str
    seed: int
    maps: Sequence[MapResult]
    claims: Sequence[ClaimComparison]
    hybrids: Sequence[HybridResult]
    tables: Sequence[TableResult]
    skipped: Sequence[SkippedPart]
    spent: Cost


def write_report(results: Results, folder: Path) -> None:
    """Write report.json and report.html into the folder."""
    write_json(folder / "report.json", to_json(results), indent=1)
    write_atomically(folder / "report.html", to_html(results).encode())


def to_json(results: Results) -> dict[str, Any]:
    """Return every number of the report; those that depend on the clock are under "time"."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "command": results.command,
        "seed": results.seed,
        "maps": [result.to_json() for result in results.maps],
        "claims": [comparison.to_json() for comparison in results.claims],
        "hybrids": [result.to_json() for result in results.hybrids],
        "claims_by_hybrids": {
            title: finding_json(finding) for title, finding in hybrid_findings(results.hybrids).items()
        },
        "tables": [result.to_json() for result in results.tables],
        "not_run": [
            {"key": skipped.part.key, "figure": skipped.part.figure, "reasons": list(skipped.reasons)}
            for skipped in results.skipped
        ],
        "time": {**vars(results.spent), "device": results.device, "software": _software()},
    }


def _software() -> str:
    import torch

    return f"version {VERSION}, Python {platform.python_version()}, torch {torch.__version__}, {platform.platform()}"


def to_html(results: Results) -> str:
    """Return `report.html.jinja` with these results; every string but the tables of findings is escaped there."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = FileSystemLoader(Path(__file__).parent)
    pages = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    pages.filters["data_uri"] = lambda png: f"data:image/png;base64,{base64.b64encode(png).decode()}"
    pages.filters["one_line"] = one_line
    return pages.get_template("report.html.jinja").render(
        chips=CHIPS,
        findings={"css": CSS, "table": findings_html, "judged": judged_html},
        results=results,
        summary=_summary(results),
        software=_software(),
        max_rows=MAX_ROWS,
        agreement=agreement,
        hybrid_findings=hybrid_findings(results.hybrids),
        relies=CLAIMS["relies"],
        numbers=numbers,
        count_of=count_of,
        tables=tables,
        sentences=sentences,
        name_of=name_of,
        starts=[STARTS[kind.start] for kind in KINDS if kind.mode == "generate" and kind.suffix is not None],
        student=student,
        map_plots=map_plots,
    )


def _summary(results: Results) -> str:
    """Return the counts of agreeing parts, equal verdicts, and skipped parts."""
    lines = [
        sentences.verdict_counts([result.match for result in results.maps], "map"),
        sentences.verdict_counts([result.match for result in results.tables], "table"),
    ]
    if results.claims:
        judged, same = (
            sum(getattr(comparison, name) for comparison in results.claims) for name in ("known", "same_verdicts")
        )
        lines.append(f"{same} of {judged} verdicts on claims are those of the published or shipped maps.")
    if results.skipped:
        lines.append(f"{len(results.skipped)} parts could not run.")
    return " ".join(lines)
