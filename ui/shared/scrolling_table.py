"""A table of plain text, intervals behind its numbers, that scrolls on a phone, so that the page does not."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import streamlit as st

from core.shared.html import tooltip
from ui.shared.look import style_sheet
from ui.shared.told import told

_STYLE = style_sheet(__file__)


def scrolling_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], label: str, about: Mapping[str, str] | None = None
) -> None:
    """Draw it; every row has one short line, and the keyboard can get there.

    label: for screen readers. about: what columns mean, by what their names begin with, up to a comma.
    """
    heads = [(name, (about or {}).get(name.partition(",")[0], "")) for name in columns]
    head = "".join(f"<th scope=col>{tooltip(*one) if one[1] else html.escape(one[0])}</th>" for one in heads)
    body = "".join(f"<tr>{''.join(f'<td>{told(cell, bold=False)}</td>' for cell in row)}</tr>" for row in rows)
    st.html(
        f'{_STYLE}<div class="scrolling-table" tabindex="0" role="region" aria-label="{html.escape(label)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
