"""Styles of all pages: one style sheet for what Streamlit's configuration cannot set."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_UI = Path(__file__).parents[1]
_SHEETS = ("shared/look.css", "components/basics.css", "pages/story.css", "pages/frequency.css")
# `ui.shared.page` puts it into the page that the server sends, so that it is there at the first paint.
CSS = "".join((_UI / sheet).read_text(encoding="utf-8") for sheet in _SHEETS)
_JS = (_UI / "shared" / "look.js").read_text(encoding="utf-8")
_look = st.components.v2.component("look", js=_JS, isolate_styles=False)


def style_sheet(module: str) -> str:
    """Return the style sheet next to a module (its `__file__`) as HTML, to be placed before what it styles."""
    return f"<style>\n{Path(module).with_suffix('.css').read_text(encoding='utf-8')}</style>"


def look(page: str) -> None:
    """Let the parts of the page `page` appear from the top, none before it stands still; called first in each run."""
    _look(key="look", data={"page": page})
