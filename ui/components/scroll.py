"""Scroll to a part of the page that a link or a control has opened below the window's edge."""

from __future__ import annotations

from ui.components.mount import register

_component = register("scroll")


def scroll_into_view(below: str, count: int) -> None:
    """Scroll a part of the page to the top of the window once for each new positive count.

    Args:
        below: the key of its container.
    """
    _component(key=f"{below}.scroll", data={"part": f".st-key-{below}", "count": count})
