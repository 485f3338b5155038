"""Mounting our own components, and one value that the browser and Python both may change.

The browser's half of a component shows a value and changes it without a rerun; Python's half may change it as well, by
a link or a widget. So that neither overwrites the other, Python's value goes out with a token, which changes when, and
only when, Python changes the value, and comes back with every choice of the visitor.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

import streamlit as st

T = TypeVar("T")
Mount = Callable[..., Any]
_HERE = Path(__file__).parent
_IMPORT = re.compile(r'^import \{.*\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)
SOURCES: dict[str, tuple[str, str]] = {}  # CSS and JavaScript of each component that was registered


def register(name: str) -> Mount:
    """The component `name`, whose `.css` and `.js` lie beside this file.

    Streamlit takes one script: behind it stand those that it imports, and their style sheets.
    """
    parts = [name]
    for part in parts:  # which grows meanwhile
        parts += [name for name in _IMPORT.findall(_read(f"{part}.js")) if name not in parts]
    js = "\n".join(_EXPORT.sub("", _IMPORT.sub("", _read(f"{part}.js"))) for part in parts)
    css = "\n".join(_read(f"{part}.css") for part in parts if (_HERE / f"{part}.css").exists())
    SOURCES[name] = css, js
    return st.components.v2.component(name, css=css, js=js)


def _read(file: str) -> str:
    return (_HERE / file).read_text(encoding="utf-8")


def place_from(key: str, event: str, places: range, on_place: Callable[[int], None]) -> Callable[[], None]:
    """The callback of an event by which the browser, which is untrusted, names one of some places.

    Args:
        key: of the component. on_place: called with the place, before the rerun.
    """

    def called() -> None:
        place = st.session_state[key].get(event)
        if isinstance(place, int) and place in places:
            on_place(place)

    return called


class Synchronised(Generic[T]):
    """State of one component in the browser, as far as this session knows.

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
        """Return what to show now that the page wants `value`: the same again, unless the page has changed it."""
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
    state = st.session_state[name] = st.session_state.get(name, Synchronised(value, about)).follow(value, about)

    def chosen() -> None:
        choice = state.receive(st.session_state[key].get("choice"), read)
        if choice is not None:
            on_choice(choice)

    mount(
        key=key,
        data={"key": key, "token": state.token, "value": state.sent, "about": about, **data},
        on_choice_change=chosen,
        **events,
    )
