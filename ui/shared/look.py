"""Styles of all pages: one style sheet for what Streamlit's configuration cannot set."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ui.shared.url import PAGES

_STYLED = "look.styled"
_LOOK, _TOOLTIP, _JS = (
    Path(__file__).parent.joinpath(name).read_text(encoding="utf-8")
    for name in ("look.css", "../components/tooltip.css", "look.js")
)
CSS = _LOOK + _TOOLTIP
_look = st.components.v2.component("look", css=CSS, js=_JS, isolate_styles=False)


def style_sheet(module: str) -> str:
    """Return the style sheet next to a module (its `__file__`) as HTML, to be placed before what it styles."""
    return f"<style>\n{Path(module).with_suffix('.css').read_text(encoding='utf-8')}</style>"


def look(page: str) -> bool:
    """Add the CSS to the page `page`; called first and once per run, by `ui/pages/navigation.py`.

    Returns whether the browser has the CSS. It does not in a visit's first run, and anything drawn then would move when
    the CSS arrives; the browser requests the next run by itself.
    """
    styled = _STYLED in st.session_state
    has_it = partial(st.session_state.__setitem__, _STYLED, True)
    _look(key="look", data={"ask": not styled, "page": page}, on_styled_change=has_it)
    return styled


def page_tabs(pages: Mapping[str, StreamlitPage]) -> None:
    """Draw links to the pages, keyed by path, for windows so narrow that Streamlit hides its navigation."""
    with st.container(horizontal=True, key="page-tabs"):
        for path, page in pages.items():
            st.page_link(page, label=PAGES[path].split(" and ")[0])
