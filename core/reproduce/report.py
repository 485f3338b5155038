"""The report of a reproduction, report.html."""

from __future__ import annotations

import base64
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.data.stored import VERSION
from core.pgd.starts import STARTS
from core.reproduce import compare
from core.reproduce.judgements import SERIES
from core.reproduce.paper_parts import Part, name_of
from core.reproduce.results import Result
from core.shared import numbers
from core.shared.text import one_line


@dataclass(frozen=True)
class SkippedPart:
    """A part that did not run, and why: a sentence with instructions."""

    part: Part
    reason: str


@dataclass(frozen=True, eq=False)
class Report:
    """All results of a run. command, device: descriptions. seconds: run time of this command."""

    command: str
    device: str
    seed: int
    results: Sequence[Result]
    skipped: Sequence[SkippedPart]
    seconds: float

    def to_html(self) -> str:
        """Return `report.html.jinja` with these results; every string is escaped in it."""
        import torch
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        loader = FileSystemLoader(Path(__file__).parent)
        pages = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        pages.filters["data_uri"] = lambda png: f"data:image/png;base64,{base64.b64encode(png).decode()}"
        pages.filters["one_line"] = one_line
        versions = f"version {VERSION}, Python {platform.python_version()}, torch {torch.__version__}"
        return pages.get_template("report.html.jinja").render(
            report=self,
            software=f"{versions}, {platform.platform()}",
            compare=compare,
            numbers=numbers,
            name_of=name_of,
            starts=[
                STARTS[series.start] for series in SERIES if series.task == "generation" and series.suffix is not None
            ],
        )
