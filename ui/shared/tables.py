"""Tables of text and numbers as HTML."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from core.shared.text import Number, number_html


def table_html(heads: Sequence[str], rows: Sequence[str], *, css_class: str, caption: str = "") -> str:
    """Return HTML of a table.

    Args:
        heads: HTML of the heads. rows: HTML of the rows, from `row_html`. css_class: of the table.
    """
    head = "".join(f"<th scope=col>{cell}</th>" for cell in heads)
    return (
        f'<table class="{css_class}">{caption and f"<caption>{caption}</caption>"}'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def row_html(cells: Sequence[str], css_class: str = "", head: str = "") -> str:
    """Return HTML of a row. cells: HTML of its cells. head: HTML of its header cell, if any."""
    first = f"<th scope=row>{head}</th>" if head else ""
    row = f'<tr class="{css_class}">' if css_class else "<tr>"
    return f"{row}{first}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def cell_html(cell: str) -> str:
    """Return HTML of plain text, or of a number with any interval in a tooltip."""
    return number_html(cell) if isinstance(cell, Number) else html.escape(cell)


def scrolling_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    label: str,
    *,
    wraps: bool = False,
) -> None:
    """Draw a table of plain text and numbers that scrolls in a narrow window; each row is one short line.

    label: for screen readers. wraps: whether long cells may have several lines.
    """
    table = table_html(
        [*map(html.escape, columns)],
        [row_html([cell_html(cell) for cell in row]) for row in rows],
        css_class="",
    )
    # Focusable: the keyboard can scroll it.
    region = f'class="scrolling-table{" wraps" * wraps}" tabindex="0" role="region" aria-label="{html.escape(label)}"'
    st.html(f"<div {region}>{table}</div>")
