"""State of pages in their URL, except for widgets with `bind="query-params"`. Links and files are untrusted text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import streamlit as st

from core.shared.text import one_line as one_line
from ui.components.versioned import Versioned

# Characters with a meaning in Markdown or in Streamlit's additions to it.
_SPECIAL = re.compile(r"([\\`*_\[\]<>$~#|&!])")
# Streamlit finds bare URLs, icons and emoji in the rendered text, where backslashes are gone: insert a word joiner.
_FOUND_LATER = re.compile(r"(?<=[:@])(?=\S)|(?<=www)(?=\.)", re.IGNORECASE)
_WORD_JOINER = "\N{WORD JOINER}"


def as_markdown(text: str) -> str:
    """Escape the line `text`, shown unchanged by Markdown: no emphasis, link, picture, formula, icon or HTML."""
    return _FOUND_LATER.sub(_WORD_JOINER, _SPECIAL.sub(r"\\\1", text))


def whole_number(text: str, allowed: range = range(10**9)) -> int | None:
    """Parse a URL's text of one to nine decimal digits; None for any other text or a number outside `allowed`."""
    number = int(text) if text.isdecimal() and len(text) < 10 else -1
    return number if number in allowed else None


def format_size(count: int | None) -> str:
    """605143284 -> '605 MB', 3471733 -> '3.5 MB'; None -> 'size unknown'."""
    if count is None:
        return "size unknown"
    megabytes = count / 1e6
    return f"{megabytes:.1f} MB" if megabytes < 10 else f"{megabytes:.0f} MB"


T = TypeVar("T")
# Titles of pages in navigation and sentences, keyed by path.
PAGES = {
    "story": "Story",
    "frequency": "Frequencies",
    "inpainting": "Fill a hole",
    "generation": "Paint",
    "findings": "Findings",
    "models": "Models",
}
_OPEN_PAGES = "url.pages"


def names() -> frozenset[str]:
    """Return the names of all parameters in the URL."""
    return frozenset(st.query_params)


def texts(name: str) -> list[str]:
    """Return all values of a parameter in the URL."""
    return st.query_params.get_all(name)


def text(name: str) -> str:
    """Return the last value of a parameter in the URL; empty if there is none."""
    return st.query_params.get(name, "")


def number(name: str, allowed: range) -> int | None:
    """Return the last value of a parameter as a whole number; None unless it is in `allowed`."""
    return whole_number(text(name), allowed)


def put(name: str, value: str | None, usual: str | None = None) -> None:
    """Set a parameter of the URL; None removes it.

    A missing parameter means `usual`, and a link's explicit value stays while it is true. So the URL is written only
    when it changes: the browser receives all of it, which would undo a click made meanwhile, such as on another tab.
    """
    if value is None:
        st.query_params.pop(name, None)
    else:
        put_all(name, [value], [usual])


def put_all(name: str, values: list[str], usual: Sequence[str | None]) -> None:
    """Set all values of a parameter of the URL, as in `put`."""
    if (texts(name) or usual) != values:
        st.query_params[name] = values


def session_value(key: str, name: str, read: Callable[[str], T | None], usual: T, write: Callable[[T], str] = str) -> T:
    """Return the session's value of `key`, initially the URL's or `usual`, and write it to the URL.

    read: parses the URL's text, None if it is invalid. write: formats a value for the URL.
    """
    state = st.session_state
    if key not in state:
        state[key] = _linked(name, read, usual)
    put(name, write(state[key]), write(usual))
    return state[key]


def _linked(name: str, read: Callable[[str], T | None], usual: T) -> T:
    """Return the URL's value of a parameter, or the default if it has none that is valid."""
    linked = read(text(name))
    if linked is None and text(name):
        refuse(name)
    return usual if linked is None else linked


def refuse(name: str) -> None:
    """Tell the visitor that a parameter of the URL cannot be read."""
    what = " ".join(part for part in name.split("-")[1:] if part.isalpha()) or name
    notify(f"We could not read “{what}” in this link, so the page shows its own. Copy the whole link and try again.")


def notify(sentence: str) -> None:
    """Show a plain sentence about the page’s link for ten seconds."""
    st.toast(as_markdown(sentence), icon=":material/link_off:", duration="long")


_RETURNED = "back"  # in the URL: when the browser's Back or Forward led here; `ui/server/history.js` writes it
_LAST_RETURN, _HAS_RETURNED = "url.last-return", "url.has-returned"  # in the session


def note_return() -> None:
    """Record whether the browser's Back or Forward began this run. Called first in each run of a page."""
    state, returned = st.session_state, text(_RETURNED)
    state[_HAS_RETURNED] = returned not in ("", state.get(_LAST_RETURN))
    state[_LAST_RETURN] = returned or state.get(_LAST_RETURN)
    put(_RETURNED, None)


def has_returned() -> bool:
    """Return True in the run that the browser's Back or Forward began: the URL then says what to show."""
    return bool(st.session_state.get(_HAS_RETURNED))


def real(low: float, high: float) -> Callable[[str], float | None]:
    """Return a parser for `session_value` that accepts numbers from `low` to `high`."""

    def read(value: str) -> float | None:
        try:
            number = float(value)
        except ValueError:
            return None
        return number if low <= number <= high else None

    return read


def link(page: str, *parameters: tuple[str, object]) -> str:
    """Return the URL of a page's state, relative to the app's."""
    return f"{page}?{urlencode(parameters, quote_via=quote)}"


def keep_pages(pages: Mapping[str, Any]) -> None:
    """Remember Streamlit's pages by path for `open_page`."""
    st.session_state[_OPEN_PAGES] = pages


def open_page(path: str) -> None:
    """Go to a page within this session and keep its state; a link would begin another session."""
    if (pages := st.session_state.get(_OPEN_PAGES)) is not None:  # None where a page is tested alone
        st.switch_page(pages[path])


def address() -> str:
    """Return the page's full URL with all parameters."""
    query = urlencode({name: texts(name) for name in st.query_params}, doseq=True)
    return f"{st.context.url or ''}{'?' if query else ''}{query}"


def last_change(name: str, default: T | None = None) -> Versioned[T]:
    """Return the record of who changed the session's value of `name` last."""
    state, key = st.session_state, f"{name}.last"
    if key not in state:
        state[key] = Versioned(state[name], default)
    change: Versioned[T] = state[key]
    change.set(state[name])
    return change


def settable(name: str, widget: Callable[[str, T], T]) -> T:
    """Draw a widget of the session's value of `name`; return that value.

    The browser removes the widgets of a closed popover but remembers their values: it sends them with the next click,
    which would undo what the page has set meanwhile. So each version of the value has a widget with a key for it alone.

    Args:
        widget: draws the widget from its key and its default, and returns its value.
    """
    change: Versioned[T] = last_change(name)
    chosen = widget(f"{name}.{change.version}", change.value)
    change.choose(chosen, change.version)
    st.session_state[name] = chosen
    return chosen


def settable_in_url(
    name: str, widget: Callable[[str, T], T], usual: T, read: Callable[[str], T | None], write: Callable[[T], str] = str
) -> T:
    """Draw a `settable` widget with its value in the URL; return the value.

    Args:
        usual: default, which the URL omits; a new default replaces a value that the visitor has not changed.
        read, write: as in `url.session_value`.
    """
    state = st.session_state
    if name not in state:
        state[name] = _linked(name, read, usual)
    change = last_change(name, usual)
    change.follow(usual)
    state[name] = change.value
    value = settable(name, widget)
    put(name, write(value), write(usual))
    return value


def was_drawn(name: str) -> bool:
    """Return True if a `settable` widget has shown the session's value of `name`."""
    return f"{name}.last" in st.session_state
