"""Tables as HTML: with tooltips in their cells, and readable on a phone, which `st.dataframe`'s canvas is not."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import streamlit as st

from core.shared.html import tooltip
from ui.shared.look import style_sheet
from ui.shared.sentences import sentence_html

_STYLE = style_sheet(__file__)


def table_html(heads: Sequence[str], rows: Sequence[str], *, kind: str = "", caption: str = "", data: str = "") -> str:
    """HTML of a table.

    Args:
        heads: HTML of each. rows: HTML of each, as `row_html` makes it. kind: its CSS class. data: more attributes.
    """
    head = "".join(f"<th scope=col>{cell}</th>" for cell in heads)
    return (
        f'<table class="{kind}" {data}>{caption and f"<caption>{caption}</caption>"}'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def row_html(cells: Sequence[str], kind: str = "", head: str = "") -> str:
    """HTML of a row. cells: HTML of each. head: HTML of the cell that names the row, where there is one."""
    first = f"<th scope=row>{head}</th>" if head else ""
    row = f'<tr class="{kind}">' if kind else "<tr>"
    return f"{row}{first}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def scrolling_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], label: str, about: Mapping[str, str] | None = None
) -> None:
    """Draw a table, as `scrolling_table_html` returns it."""
    st.html(scrolling_table_html(columns, rows, label, about))


def scrolling_table_html(
    columns: Sequence[str], rows: Sequence[Sequence[str]], label: str, about: Mapping[str, str] | None = None
) -> str:
    """Return a table of plain text and numbers that scrolls in a narrow window; every row has one short line.

    label: for screen readers. about: what columns mean, by what their names begin with, up to a comma.
    """
    heads = [(name, (about or {}).get(name.partition(",")[0], "")) for name in columns]
    table = table_html(
        [tooltip(name, meaning) if meaning else html.escape(name) for name, meaning in heads],
        [row_html([sentence_html(cell, bold=False) for cell in row]) for row in rows],
    )
    # The keyboard must get there to scroll.
    region = f'class="scrolling-table" tabindex="0" role="region" aria-label="{html.escape(label)}"'
    return f"{_STYLE}<div {region}>{table}</div>"
