"""The look of all pages in one place: what Streamlit's configuration cannot say, as one block of CSS."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.navigation.page import StreamlitPage

# Where Streamlit folds its navigation away behind a sign, in pixels.
NARROW = 768
# 5.2 and 7.3 to 1 against white; the first is the light theme's primary colour.
FILL, FILL_HOVER = "#0f6fb0", "#0b5688"

CSS = f"""
[data-testid="stMainBlockContainer"] {{ padding: 4.25rem 2rem 2rem; }}
h1 {{ line-height: 1.25 !important; padding: 0.25rem 0 !important; }}
h2 {{ line-height: 1.3 !important; padding: 0.5rem 0 0.25rem !important; }}
h3 {{ line-height: 1.3 !important; padding: 0.25rem 0 !important; }}
h4, h5, h6 {{ line-height: 1.3 !important; padding: 0.25rem 0 !important; }}
/* White text needs a darker blue behind it than the primary colour of the dark theme, which is for text on black. */
button[kind="primary"], button[kind="primaryFormSubmit"], span[data-tag-index], [data-baseweb="tag"] {{
  background-color: {FILL} !important; color: #ffffff !important;
}}
button[kind="primary"]:hover, button[kind="primaryFormSubmit"]:hover {{ background-color: {FILL_HOVER} !important; }}
/* Streamlit's grey is 3.9 : 1 on white. */
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] * {{ color: inherit; }}
[data-testid="stCaptionContainer"] {{ opacity: 0.85; }}
[data-testid="stElementContainer"]:has(> [data-testid="stMarkdown"] style) {{ display: none; }}
[data-testid="stLayoutWrapper"]:has(> .st-key-page-tabs) {{ display: none; }}
@media (max-width: {NARROW}px) {{
  [data-testid="stMainBlockContainer"] {{ padding: 3.75rem 1rem 2rem; }}
  [data-testid="stLayoutWrapper"]:has(> .st-key-page-tabs) {{ display: flex; }}
  .st-key-page-tabs {{ gap: 0.25rem; border-bottom: 1px solid rgba(128, 128, 128, 0.3); }}
  .st-key-page-tabs a {{ padding: 0.5rem 0.4rem; }}
  [data-testid="stExpandSidebarButton"] {{ display: none; }}
}}
"""


def look() -> None:
    """Put the CSS into the page. Call it first, and once in a run, from `app.py`."""
    add_css(CSS)


def add_css(css: str) -> None:
    """Add rules to the page, without a gap in its layout."""
    st.html(f"<style>{css}</style>")


def page_tabs(pages: Mapping[str, StreamlitPage]) -> None:
    """Links to the pages by their short names, for windows so narrow that Streamlit folds its navigation away."""
    with st.container(horizontal=True, key="page-tabs"):
        for name, page in pages.items():
            st.page_link(page, label=name)
