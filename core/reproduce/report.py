"""The report of a reproduction: report.json with every number, and report.html."""

from __future__ import annotations

import base64
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.data.stored import VERSION
from core.pgd.starts import STARTS
from core.reproduce import compare
from core.reproduce.judgements import KINDS
from core.reproduce.paper_parts import Part, name_of
from core.reproduce.results import Result
from core.shared import numbers
from core.shared.files import write_atomically, write_json
from core.shared.text import one_line

SCHEMA = 3


@dataclass(frozen=True)
class SkippedPart:
    """A part that did not run, with reasons: sentences with instructions."""

    part: Part
    reasons: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Report:
    """All results of a run. command, device: descriptions. seconds: that this command took."""

    command: str
    device: str
    seed: int
    results: Sequence[Result]
    skipped: Sequence[SkippedPart]
    seconds: float


def write_report(report: Report, folder: Path) -> None:
    """Write report.json and report.html into the folder."""
    write_json(folder / "report.json", to_json(report), indent=1)
    write_atomically(folder / "report.html", to_html(report).encode())


def to_json(report: Report) -> dict[str, Any]:
    """Return every number of the report; those that depend on the clock are under "time"."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "command": report.command,
        "seed": report.seed,
        "parts": [result.to_json() for result in report.results],
        "not_run": [
            {"key": skipped.part.key, "figure": skipped.part.figure, "reasons": list(skipped.reasons)}
            for skipped in report.skipped
        ],
        "time": {"wall_seconds": report.seconds, "device": report.device, "software": _software()},
    }


def _software() -> str:
    import torch

    return f"version {VERSION}, Python {platform.python_version()}, torch {torch.__version__}, {platform.platform()}"


def to_html(report: Report) -> str:
    """Return `report.html.jinja` with these results; every string is escaped in it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(Path(__file__).parent)
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    pages.filters["data_uri"] = lambda png: f"data:image/png;base64,{base64.b64encode(png).decode()}"
    pages.filters["one_line"] = one_line
    return pages.get_template("report.html.jinja").render(
        report=report,
        software=_software(),
        compare=compare,
        numbers=numbers,
        name_of=name_of,
        starts=[STARTS[kind.start] for kind in KINDS if kind.mode == "generate" and kind.suffix is not None],
    )
