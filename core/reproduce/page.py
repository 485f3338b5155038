"""A report as one HTML file: figures inside, no script, nothing fetched, readable in light and dark."""

from __future__ import annotations

import base64
from enum import StrEnum
from html import escape

from core.claims.finding import Verdict
from core.reproduce.agreement import Match
from core.reproduce.document import Cell, Document, Section, Table

# White on these has a contrast of 5 to 7; the sign tells them apart without colour.
GOOD, HALF, BAD, OPEN = ("✓", "#1a7f37"), ("◐", "#8a5a00"), ("✕", "#b3261e"), ("?", "#57606a")
CHIPS: dict[StrEnum, tuple[str, str]] = {
    Match.AGREES: GOOD,
    Match.DIFFERS: BAD,
    Match.UNDECIDED: HALF,
    Match.NOT_COMPARED: OPEN,
    Verdict.HOLDS: GOOD,
    Verdict.IN_PART: HALF,
    Verdict.FAILS: BAD,
    Verdict.NOT_CHECKABLE: OPEN,
}
STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --paper: #fff; --line: #d0d7de; --faint: #57606a; --card: #f6f8fa; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --paper: #0d1117; --line: #3d444d; --faint: #a5adb8; --card: #161b22; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 24px 20px 64px; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; overflow-wrap: break-word; }
h1 { font-size: 30px; line-height: 1.2; margin: 8px 0 16px; }
h2 { font-size: 23px; margin: 44px 0 10px; padding-top: 14px; border-top: 1px solid var(--line); }
h3 { font-size: 18px; margin: 32px 0 8px; }
p { margin: 8px 0; max-width: 760px; }
table { border-collapse: collapse; width: 100%; margin: 12px 0; font-size: 15px; }
th { text-align: left; color: var(--faint); font-weight: 600; padding: 4px 14px 4px 0; }
td { vertical-align: top; padding: 6px 14px 6px 0; border-top: 1px solid var(--line); }
td { overflow-wrap: anywhere; } td:first-child { min-width: 9em; overflow-wrap: break-word; }
td:last-child, th:last-child { padding-right: 0; }
.chip { display: inline-block; color: #fff; border-radius: 4px; padding: 0 8px; font-size: 14px; font-weight: 500;
  white-space: nowrap; line-height: 1.6; }
.figures { display: flex; flex-wrap: wrap; gap: 16px; margin: 14px 0; }
figure { margin: 0; flex: 1 1 300px; max-width: 520px; }
figure img { width: 100%; display: block; background: #fff; border: 1px solid var(--line); border-radius: 6px; }
figcaption { color: var(--faint); font-size: 14px; margin-top: 4px; }
.beside { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 28px; align-items: start; }
.beside figure { margin-top: 12px; }
details { margin: 12px 0; } summary { cursor: pointer; color: var(--faint); }
@media (max-width: 720px) {
  body { padding: 12px 14px 48px; } h1 { font-size: 25px; }
  thead { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden; }
  .beside { display: block; }
  table, tbody, tr, td { display: block; width: 100%; }
  tr { border-top: 1px solid var(--line); padding: 6px 0; }
  td { border: 0; padding: 1px 0; }
  td[data-head]::before { content: attr(data-head) ": "; color: var(--faint); }
  td:first-child::before { content: none; } td:first-child { font-weight: 600; }
}
"""
# Even a mistake in escaping could load and run nothing.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def to_html(document: Document) -> str:
    """The file's text; every string is escaped."""
    title = escape(document.title)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        f"{''.join(map(_section, document.sections))}</main>\n</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    verdict = "" if section.verdict is None else f" {_chip(section.verdict)}"
    parts = [f"<h{section.level}>{escape(section.title)}{verdict}</h{section.level}>"]
    parts += [f"<p>{escape(text)}</p>" for text in section.paragraphs]
    tables = [_table(table) for table in section.tables]
    figures = [
        f'<figure><img alt="{escape(one.text)}" src="data:image/png;base64,{base64.b64encode(one.png).decode()}">'
        f"<figcaption>{escape(one.text)}</figcaption></figure>"
        for one in section.figures
    ]
    inside = [f'<div class="figures">{"".join(figures)}</div>'] if figures else []
    if len(figures) == 1:  # beside the tables
        inside, tables = [f'<div class="beside"><div>{"".join(tables)}</div>{figures[0]}</div>'], []
    return "\n".join([*parts, *tables, *inside]) + "\n"


def _table(table: Table) -> str:
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in table.heads)
    rows = "".join("<tr>" + "".join(map(_cell, row, table.heads)) + "</tr>\n" for row in table.rows)
    text = f"<table><thead><tr>{heads}</tr></thead>\n<tbody>{rows}</tbody></table>"
    return f"<details><summary>{escape(table.folded)}</summary>{text}</details>" if table.folded else text


def _cell(cell: Cell, head: str) -> str:
    label = f' data-head="{escape(head)}"' if head and cell else ""
    return f"<td{label}>{_chip(cell) if isinstance(cell, StrEnum) else escape(cell)}</td>"


def _chip(verdict: StrEnum) -> str:
    sign, colour = CHIPS[verdict]
    return f'<span class="chip" style="background:{colour}">{sign} {escape(verdict)}</span>'
