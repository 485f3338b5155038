"""Widgets whose value the page may set as well, such as those behind a button that opens a popover."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

T = TypeVar("T")


def settable(name: str, widget: Callable[[str, T], T]) -> T:
    """Draw a widget that shows, and keeps, what stands in the session under `name`; returns it.

    The browser drops what is in a closed popover, but remembers the value that it had there: it sends that with the
    next click, and takes back what the page has set meanwhile. So whenever the page sets a value, the widget gets a new
    key, of which the browser knows nothing.

    Args:
        widget: draws it with this key and this value to begin with, and returns its value.
    """
    state, shown = st.session_state, f"{name}.shown"
    number, last = state.get(shown, (0, state[name]))
    number += state[name] != last
    state[name] = value = widget(f"{name}.{number}", state[name])
    state[shown] = number, value
    return value
