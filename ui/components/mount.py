"""Mount custom components whose value both the browser and Python may change.

The browser shows a value and changes it without a rerun; Python may change it too, after a link or another widget. So
that neither overwrites the other, Python sends its value with a token that changes only when Python changes the value;
the browser returns the token with every choice of the visitor.
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
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)
SOURCES: dict[str, tuple[str, str]] = {}  # CSS and JavaScript of each registered component


def register(name: str) -> Mount:
    """Register the component `name`, whose `.css` and `.js` files are in this folder.

    Streamlit accepts one script, so the modules it imports and their style sheets are appended.
    """
    parts = [name]
    for part in parts:  # grows during the loop
        parts += [name for name in _IMPORT.findall(_read(f"{part}.js")) if name not in parts]
    js = "\n".join(_EXPORT.sub("", _IMPORT.sub("", _read(f"{part}.js"))) for part in parts)
    css = "\n".join(_read(f"{part}.css") for part in parts if (_HERE / f"{part}.css").exists())
    SOURCES[name] = css, js
    return st.components.v2.component(name, css=css, js=js)


def _read(file: str) -> str:
    return (_HERE / file).read_text(encoding="utf-8")


def place_from(key: str, event: str, places: range, on_place: Callable[[int], None]) -> Callable[[], None]:
    """Return an event callback that validates the index sent by the (untrusted) browser.

    Args:
        key: the component's key. on_place: called with the index before the rerun.
    """

    def called() -> None:
        place = st.session_state[key].get(event)
        if isinstance(place, int) and place in places:
            on_place(place)

    return called


class Synchronised(Generic[T]):
    """The session's record of one component's state in the browser.

    Attributes:
        token: changes when Python changes the value or its subject.
        sent: the value sent with the token. It is unchanged after a choice, so that Streamlit resends no data and the
            response to an old choice does not revert a newer one in the browser.
        value: the value sent, or the visitor's later choice.
        about: the value's subject, such as the pictures to choose from.
    """

    def __init__(self, value: T, about: object = None) -> None:
        self.token = uuid.uuid4().hex
        self.sent = self.value = value
        self.about = about

    def follow(self, value: T, about: object = None) -> Synchronised[T]:
        """Return the value to send when the page passes `value`: unchanged unless the page has changed it."""
        return self if (self.value, self.about) == (value, about) else Synchronised(value, about)

    def receive(self, choice: Any, read: Callable[[Any], T | None]) -> T | None:
        """Return the value of a choice sent by the browser; None if it is invalid or about another subject."""
        match choice:
            case {"value": sent, "token": token, "about": self.about}:
                value = read(sent)
                # Python's last change overwrote a choice made before it in the browser: send the value again.
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
        value: the value to show, as JSON.
        read: validates a value from the (untrusted) browser; returns None if it is invalid.
        on_choice: called with the value that the visitor chose, before the rerun. It should store it, and the next run
            should pass it back as `value`.
        data: further data for the browser.
        about: the value's subject, as JSON; a choice about another subject is ignored.
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
