"""Tabs for the steps of a story, with Back, Next and the arrow keys; each step has its own URL."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ui.components.mount import place_from, register

_component = register("steps")


def step_tabs(
    names: Sequence[str],
    links: Sequence[str],
    current: int,
    *,
    title: str,
    parameter: str,
    on_go: Callable[[int], None],
) -> None:
    """Show the tabs.

    Args:
        names: step names in order. links: their values of the URL's `parameter`.
        current: the one on the screen, from 1. title: of that one, for screen readers.
        on_go: called with the step that the visitor chose, before the rerun; the next run should pass it as `current`.
    """
    key, tabs = "story.tabs", {"names": list(names), "links": list(links)}
    data = tabs | {"current": current, "title": title, "parameter": parameter}
    _component(key=key, data=data, on_go_change=place_from(key, "go", range(1, len(names) + 1), on_go))
