"""Mounting our own components, and one value that the browser and Python both may change.

The browser's half of a component shows a value and changes it without a rerun; Python's half may change it as well, by
a link or a widget. So that neither overwrites the other, Python's value goes out with a token, which changes when, and
only when, Python changes the value, and comes back with every choice of the visitor.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

import streamlit as st

T = TypeVar("T")
Mount = Callable[..., Any]
_HERE = Path(__file__).parent
SOURCES: dict[str, tuple[str, str]] = {}  # CSS and JavaScript of each component that was registered


def register(name: str, *parts: str) -> Mount:
    """The component `name`, whose `.css` and `.js` lie beside this file; those of `parts` are put behind them."""
    css, js = (
        "\n".join(
            path.read_text(encoding="utf-8") for part in (name, *parts) if (path := _HERE / f"{part}.{kind}").exists()
        )
        for kind in ("css", "js")
    )
    SOURCES[name] = css, js
    return st.components.v2.component(name, css=css, js=js)


class Synchronised(Generic[T]):
    """What the browser shows in one component, as far as this session knows.

    Attributes:
        token: changes when Python changes the value, or what it is about.
        sent: the value that went out with the token. It stays the same after a choice: Streamlit then sends no data
            again, and the response to an old choice does not take back a newer one in the browser.
        value: that, or what the visitor has chosen since.
        about: what the value belongs to, such as the pictures chosen from.
    """

    def __init__(self, value: T, about: object = None) -> None:
        self.token = uuid.uuid4().hex
        self.sent = self.value = value
        self.about = about

    def follow(self, value: T, about: object = None) -> Synchronised[T]:
        """What to show now that the page wants `value`: the same again, unless the page has changed it."""
        return self if (self.value, self.about) == (value, about) else Synchronised(value, about)

    def receive(self, choice: Any, read: Callable[[Any], T | None]) -> T | None:
        """The value in a choice that the browser sent; None if it makes no sense, or is about something else."""
        match choice:
            case {"value": sent, "token": token, "about": self.about}:
                value = read(sent)
                # One made before the browser heard of Python's last change was overwritten there: it goes out again.
                if value is not None and token == self.token:
                    self.value = value
                return value
        return None


def mount_synchronised(
    mount: Mount,
    key: str,
    value: T,
    *,
    read: Callable[[Any], T | None],
    on_choice: Callable[[T], None],
    data: Mapping[str, Any],
    about: object = None,
    **events: Callable[[], None],
) -> None:
    """Mount a component that shows `value`, which the visitor may change.

    Args:
        mount: from `register`.
        key: unique on the page.
        value: what is to be shown, as JSON.
        read: checks a value from the browser, which is untrusted; None if it makes no sense.
        on_choice: called with the value that the visitor chose, before the rerun. It should store it, and the next run
            should pass it back as `value`.
        data: what else the browser gets.
        about: what the value belongs to, as JSON; a choice about anything else is ignored.
        events: further callbacks, `on_NAME_change`.
    """
    name = f"{key}.shown"
    shown = st.session_state[name] = st.session_state.get(name, Synchronised(value, about)).follow(value, about)

    def chosen() -> None:
        found = shown.receive(st.session_state[key].get("choice"), read)
        if found is not None:
            on_choice(found)

    mount(
        key=key,
        data={"key": key, "token": shown.token, "value": shown.sent, "about": about, **data},
        on_choice_change=chosen,
        **events,
    )
