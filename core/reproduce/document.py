"""A report as a reader sees it, before it becomes Markdown or HTML: sections with paragraphs, tables and figures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Cell = str | StrEnum  # a StrEnum is a verdict, which is drawn as such


@dataclass(frozen=True)
class Table:
    """heads: names of the columns. rows: as many cells each. folded: the title of a table that opens on a click."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    folded: str = ""


@dataclass(frozen=True, eq=False)
class Figure:
    """name: of its file, without suffix. png: the picture. text: what it shows."""

    name: str
    png: bytes
    text: str


@dataclass(frozen=True, eq=False)
class Section:
    """title: with a verdict beside it, if any. level: 2 or 3, of its heading."""

    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    verdict: StrEnum | None = None
    level: int = 2


@dataclass(frozen=True, eq=False)
class Document:
    """A whole report."""

    title: str
    sections: tuple[Section, ...]
