"""The template of the report, and the signs and colours of its verdicts."""

from __future__ import annotations

import base64
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.claims.finding import Verdict
from core.reproduce.parts.agreement import Match
from core.shared.colours import BAD, GOOD, HALF, OPEN
from core.shared.errors import one_line

CHIPS: dict[StrEnum, tuple[str, str]] = {
    Match.AGREES: GOOD,
    Match.DIFFERS: BAD,
    Match.UNDECIDED: HALF,
    Match.NOT_COMPARED: OPEN,
    Verdict.HOLDS: GOOD,
    Verdict.IN_PART: HALF,
    Verdict.FAILS: BAD,
    Verdict.UNDECIDED: HALF,
    Verdict.NOT_CHECKABLE: OPEN,
}


def filled(**content: Any) -> str:
    """`report.html.jinja` with this content; every string is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = FileSystemLoader(Path(__file__).parent)
    pages = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    pages.filters["data_uri"] = lambda png: f"data:image/png;base64,{base64.b64encode(png).decode()}"
    pages.filters["one_line"] = one_line
    return pages.get_template("report.html.jinja").render(chips=CHIPS, **content)
