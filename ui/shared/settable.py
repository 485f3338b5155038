"""Widgets whose value the page may set as well, such as those behind a button that opens a popover."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from ui.shared import url

T = TypeVar("T")


def settable(name: str, widget: Callable[[str, T], T]) -> T:
    """Draw a widget that shows, and keeps, what stands in the session under `name`; returns it.

    The browser drops what is in a closed popover, but remembers the value that it had there: it sends that with the
    next click, and takes back what the page has set meanwhile. So whenever the page sets a value, the widget gets a new
    key, of which the browser knows nothing.

    Args:
        widget: draws it with this key and this value to begin with, and returns its value.
    """
    state, key = st.session_state, f"{name}.shown"
    number, last = state.get(key, (0, state[name]))
    number += state[name] != last
    state[name] = value = widget(f"{name}.{number}", state[name])
    state[key] = number, value
    return value


def settable_in_url(
    name: str, widget: Callable[[str, T], T], usual: T, read: Callable[[str], T | None], write: Callable[[T], str] = str
) -> T:
    """Draw a widget as `settable`, whose value the URL says as well, as `url.session_value` does; returns the value.

    Args:
        usual: to begin with, and what goes without saying. read, write: as `url.session_value` takes them.
    """
    url.session_value(name, name, read, usual, write)
    value = settable(name, widget)
    url.put(name, write(value), write(usual))
    return value
