"""The report of a reproduction, and the findings on pages, by one template."""

from __future__ import annotations

import base64
import platform
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.claims.claim import BY_VIEWS, CLAIMS, Evidence, Finding, Verdict
from core.claims.quantities import stored_hybrids
from core.classifiers.registry import classifier_title, result_title, short_title
from core.data.stored import VERSION
from core.fourier.heatmap import TOP1, figure_file, heatmap_png
from core.fourier.waves import rounded_radius, wave_values
from core.pgd.pictures import judged_outcomes
from core.pgd.starts import STARTS
from core.reproduce import compare
from core.reproduce.compare import (
    ClaimComparison,
    HybridResult,
    MapResult,
    Match,
    TableResult,
    finding_json,
    hybrid_findings,
)
from core.reproduce.paper_parts import Part, name_of
from core.reproduce.profile_parts import KINDS
from core.shared import numbers
from core.shared.files import write_atomically, write_json
from core.shared.numbers import student
from core.shared.stand_ins import BAD, GOOD, HALF, OPEN
from core.shared.text import Network, Sentence, bdi, count_of, number_html, one_line, sentence

if TYPE_CHECKING:
    from jinja2 import Environment

_MAX_BARS = 100  # more intervals would hide the points


def map_plots(result: MapResult) -> dict[str, bytes]:
    """Return the plots of a map, as PNG by description."""
    plots: dict[str, bytes] = {}
    name, origin, heatmap, reference = result.name, result.reference_origin, result.heatmap, result.reference
    if 2 * (heatmap.count > 0).sum() > heatmap.side**2:
        plots["Computed here."] = heatmap_png(heatmap.error_rate, TOP1, title=f"{name}, computed here")
        if reference is not None:
            known = np.where(heatmap.count > 0, reference.error_rate, np.nan)
            plots[f"The {origin} map."] = heatmap_png(known, TOP1, title=f"{name}, {origin}")
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
    if len(rows) <= _MAX_BARS:
        low, high = (100 * wave_values(end, waves) for end in result.heatmap.interval()[1:])
        axes.vlines(there, low, high, color="#bbbbbb", linewidth=1.5)
    points = axes.scatter(there, here, c=rounded_radius(waves), cmap="viridis", s=16, zorder=3)
    axes.set(xlim=(0, 100), ylim=(0, 100), aspect="equal")
    axes.set(xlabel=f"{result.reference_origin} error (%)", ylabel="error here (%)")
    axes.set_title(result.name, fontsize=10, parse_math=False)
    figure.colorbar(points, ax=axes, label="radius (cycles per image)")
    return figure_file(figure, format="png", dpi=150)


# Sign and colour of each verdict, of claims and of comparisons.
SIGNS = {
    Verdict.HOLDS: GOOD,
    Verdict.IN_PART: HALF,
    Verdict.FAILS: BAD,
    Verdict.UNDECIDED: HALF,
    Verdict.NOT_CHECKABLE: OPEN,
    Match.AGREES: GOOD,
    Match.DIFFERS: BAD,
    Match.UNDECIDED: HALF,
    Match.NOT_COMPARED: OPEN,
}
_TEMPLATES = Path(__file__).with_name("templates")
CSS = (_TEMPLATES / "findings.css").read_text("utf-8")
STYLE = f"<style>\n{CSS}</style>"
_FIRST = [Verdict.FAILS, Verdict.IN_PART, Verdict.UNDECIDED, Verdict.HOLDS, Verdict.NOT_CHECKABLE]


def verdict_labels(findings: Sequence[Finding]) -> dict[Verdict, str]:
    """Return the verdicts to filter by, each with its sign and number of findings."""
    count = Counter(finding.verdict for finding in findings)
    return {verdict: f"{SIGNS[verdict][0]} {verdict}: {count[verdict]}" for verdict in Verdict if count[verdict]}


def findings_html(
    findings: Sequence[Finding],
    url: Callable[[Finding], str] | None = None,
    before: tuple[str, Mapping[str, Finding]] | None = None,
    picture: Callable[[Finding], str] = lambda _: "",
    unfold: bool = False,
) -> str:
    """Return one row per claim, failing ones first; verdicts by views and uncheckable claims are folded.

    url: of the page that illustrates a finding; may be empty. picture: HTML, shown in the link to it. before: an
    additional column: its head, and earlier findings by claim. unfold: whether to open what is folded.
    """
    by_views, unknown = "judged again, by views", "cannot be checked here"
    parts: dict[str, list[Finding]] = {"": [], by_views: [], unknown: []}
    for finding in sorted(findings, key=lambda finding: _FIRST.index(finding.verdict)):
        folded = by_views if finding.condition == BY_VIEWS else ""
        parts[unknown if finding.verdict == Verdict.NOT_CHECKABLE else folded].append(finding)
    return str(_macros().findings(parts, url, before, picture, unfold))


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
            result_title(stored[name].metadata["classifier"]) if name in stored else _title(name)
            for name in finding.networks
        ]
    titles = [_title(name) for name in finding.networks]
    named = [label.split(" · ")[0] for label in finding.maps]
    return [next((name for name in named if name.startswith(f"{title} (weights")), title) for title in titles]


def _with_titles(sentence: str) -> str:
    """Return a sentence as plain text, with the titles of its networks."""
    return "".join(_title(part) if isinstance(part, Network) else part for part in Sentence(sentence).parts)


def _title(name: str) -> str:
    return short_title(one_line(classifier_title(name)))


@cache
def _templates() -> Environment:
    """Return the templates; every string is escaped in them."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    loader = FileSystemLoader(_TEMPLATES)
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    pages.globals |= {"signs": SIGNS, "numbers": numbers, "count_of": count_of, "name_of": name_of, "student": student}
    pages.filters |= {
        "bdi": lambda text: Markup(bdi(text)),
        "count_of": count_of,
        "data_uri": lambda png: f"data:image/png;base64,{base64.b64encode(png).decode()}",
        "lead": _lead,
        "networks": _networks,
        "number": lambda number, bold: Markup(number_html(number, bold=bold)),
        "one_line": one_line,
        "sentence": sentence,
        "titles": _with_titles,
    }
    return pages


def _macros() -> Any:
    return _templates().get_template("findings.html.jinja").module


SCHEMA = 1
MAX_ROWS = 60  # of a folded table; the JSON has all


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
    """Return `report.html.jinja` with these results."""
    return (
        _templates()
        .get_template("report.html.jinja")
        .render(
            css=CSS,
            findings_html=findings_html,
            judged_html=judged_html,
            results=results,
            software=_software(),
            max_rows=MAX_ROWS,
            compare=compare,
            hybrid_findings=hybrid_findings(results.hybrids),
            relies=CLAIMS["relies"],
            percent=partial(numbers.percent, space="\N{NO-BREAK SPACE}"),
            mean=np.nanmean,
            starts=[STARTS[kind.start] for kind in KINDS if kind.mode == "generate" and kind.suffix is not None],
            map_plots=map_plots,
        )
    )
