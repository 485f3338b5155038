"""What comes with a link: any text, from anyone."""

from __future__ import annotations

import streamlit as st

from core.errors import one_line
from ui.shared.text import as_markdown

MAX_NUMBER = 1e15  # no page has a use for larger ones, and Streamlit's widgets fail on infinite ones
_DROPPED = "url.dropped"


def drop_senseless_numbers() -> None:
    """Take parameters with infinite or endless numbers out of the URL, and say so; call it before any widget."""
    dropped = [name for name in st.query_params if any(map(_senseless, st.query_params.get_all(name)))]
    if dropped:
        for name in dropped:
            del st.query_params[name]
        st.session_state[_DROPPED] = dropped
        st.rerun()  # widgets of this run would still find them
    if names := st.session_state.pop(_DROPPED, None):
        st.toast(f"Ignored what the link says about {as_markdown(one_line(', '.join(names), 200))}: no such number.")


def _senseless(text: str) -> bool:
    try:
        return not abs(float(text)) <= MAX_NUMBER
    except ValueError:
        return False
