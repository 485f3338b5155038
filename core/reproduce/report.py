"""Report of a reproduction as JSON and as a single HTML file."""

from __future__ import annotations

import base64
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import numbers
from core.claims.finding import CLAIMS
from core.data.provenance import VERSION
from core.fourier.intervals import student
from core.reproduce import sentences
from core.reproduce.findings import CSS, findings_html, judged_html
from core.reproduce.map_plots import map_plots
from core.reproduce.parts import agreement, tables
from core.reproduce.parts.agreement import Match
from core.reproduce.parts.claim_comparison import ClaimComparison, finding_json
from core.reproduce.parts.hybrids import HybridResult, hybrid_findings
from core.reproduce.parts.machine import name_of
from core.reproduce.parts.maps import MapResult
from core.reproduce.parts.plan import Part
from core.reproduce.parts.tables import TableResult
from core.reproduce.profile.kinds import KINDS
from core.runs.starts import STARTS
from core.shared.colours import BAD, GOOD, HALF, OPEN
from core.shared.errors import one_line
from core.shared.files import write_atomically, write_json
from core.shared.sentences import count_of

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
