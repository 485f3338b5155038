"""A report as Markdown, its figures beside it in a folder."""

from __future__ import annotations

import re

from core.reproduce.document import Document, Section, Table


def to_markdown(document: Document, figures: str) -> str:
    """The text; every string is escaped. figures: the folder of the figures, as links name it."""
    parts = [f"# {escaped(document.title)}"]
    for section in document.sections:
        parts += _section(section, figures)
    return "\n\n".join(parts) + "\n"


def _section(section: Section, figures: str) -> list[str]:
    verdict = "" if section.verdict is None else f" ({section.verdict})"
    parts = [f"{'#' * section.level} {escaped(section.title)}{verdict}", *map(escaped, section.paragraphs)]
    parts += [_table(table) for table in section.tables]
    return [*parts, *(f"![{escaped(one.text)}]({figures}/{one.name}.png)" for one in section.figures)]


def _table(table: Table) -> str:
    lines = [_line(table.heads), _line(["---"] * len(table.heads), raw=True), *map(_line, table.rows)]
    title = [f"{escaped(table.folded)}:", ""] if table.folded else []
    return "\n".join([*title, *lines])


def _line(cells: object, raw: bool = False) -> str:
    return f"| {' | '.join(cell if raw else escaped(cell) for cell in cells)} |"  # type: ignore[attr-defined]


def escaped(text: str) -> str:
    """One line in which nothing is markup."""
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", " ".join(text.split()))
