"""A table of plain text, intervals behind its numbers, that scrolls on a phone, so that the page does not."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from ui.shared.look import style_sheet
from ui.shared.told import told

_STYLE = style_sheet(__file__)


def scrolling_table(columns: Sequence[str], rows: Sequence[Sequence[str]], label: str) -> None:
    """Draw it; every row has one short line, and the keyboard can get there. label: for screen readers."""
    head = "".join(f"<th scope=col>{html.escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{told(cell, bold=False)}</td>' for cell in row)}</tr>" for row in rows)
    st.html(
        f'{_STYLE}<div class="scrolling-table" tabindex="0" role="region" aria-label="{html.escape(label)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
