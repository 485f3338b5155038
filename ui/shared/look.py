"""The look of all pages in one place: what Streamlit's configuration cannot say, as one style sheet."""

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
    """The style sheet beside a module, which passes its `__file__`, as HTML to put before what it styles."""
    return f"<style>\n{Path(module).with_suffix('.css').read_text(encoding='utf-8')}</style>"


def look(page: str) -> bool:
    """Put the CSS into the page called `page`; call it first, and once in a run, from `ui/pages/navigation.py`.

    Returns whether the browser has it. In a visit's first run it has not, and what is drawn before would move when it
    comes; the browser then asks for the next run by itself.
    """
    styled = _STYLED in st.session_state
    has_it = partial(st.session_state.__setitem__, _STYLED, True)
    _look(key="look", data={"ask": not styled, "page": page}, on_styled_change=has_it)
    return styled


def page_tabs(pages: Mapping[str, StreamlitPage]) -> None:
    """Links to the pages by their paths, for windows so narrow that Streamlit folds its navigation away."""
    with st.container(horizontal=True, key="page-tabs"):
        for path, page in pages.items():
            st.page_link(page, label=PAGES[path].split(" and ")[0])
