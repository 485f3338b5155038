"""Tabs for the steps of a story, with Back and Next and the arrow keys; each is a link of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from ui.components.mount import register

_component = register("steps")


def step_tabs(
    names: Sequence[str], current: int, *, title: str, parameter: str, key: str, on_go: Callable[[int], None]
) -> None:
    """Show the tabs.

    Args:
        names: of the steps, in order. current: the one on the screen, from 1. title: of that one, for screen readers.
        parameter: the URL's parameter that names a step by its number.
        on_go: called with the step that the visitor chose, before the rerun; the next run should pass it as `current`.
    """

    def go() -> None:
        step = st.session_state[key].get("go")
        if isinstance(step, int) and 1 <= step <= len(names):
            on_go(step)

    data = {"names": list(names), "current": current, "title": title, "parameter": parameter}
    _component(key=key, data=data, on_go_change=go)
