"""Widgets whose value the page can also set, such as those in a popover."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from ui.shared import url

T = TypeVar("T")


def settable(name: str, widget: Callable[[str, T], T]) -> T:
    """Draw a widget bound to the session's value of `name`; return that value.

    The browser removes the widgets of a closed popover but remembers their values: it sends them with the next click,
    which would undo what the page has set meanwhile. So the widget gets a new key, unknown to the browser, whenever
    the page sets a value.

    Args:
        widget: draws the widget from its key and its default, and returns its value.
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
    """Draw a `settable` widget whose value is also in the URL; return the value.

    Args:
        usual: default, which the URL omits. read, write: as in `url.session_value`.
    """
    url.session_value(name, name, read, usual, write)
    value = settable(name, widget)
    url.put(name, write(value), write(usual))
    return value
