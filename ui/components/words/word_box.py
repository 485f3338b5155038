"""The box of a word: any text, with known words as suggestions of the browser.

Streamlit's own box offers to add whatever is typed, also a word that the run would refuse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from ui.components.mount import register
from ui.components.versioned import Versioned

MAX_TYPED = 1000  # characters
_word = register("words/word.js")


def word_input(  # noqa: PLR0913  # options by keyword
    label: str,
    words: Sequence[str],
    value: str,
    *,
    key: str,
    on_word: Callable[[str, bool], None],
    lead: str = "",
    note: str = "",
    placeholder: str = "",
    clears: bool = False,
) -> None:
    """Show a box that holds a word, which the visitor may change.

    Args:
        label: for screen readers. words: suggestions; any other text can be entered as well.
        value: what the box holds; empty for the placeholder.
        key: unique on the page.
        on_word: called before the rerun with the text, without blanks around it, and True if the visitor has entered
            it, False if they have typed it and left the box. It should store the text, and the next run should pass it
            back as `value`.
        lead: before the word. note: behind the word, such as what it stands for.
        clears: True if an empty text may be entered.
    """
    name = f"{key}.last"
    last: Versioned[str] = st.session_state.setdefault(name, Versioned(value))
    last.set(value)

    def entered() -> None:
        sent = read_word(st.session_state[key].get("word"))
        if sent is not None and (sent[0] or clears):
            last.choose(sent[0], last.version)
            on_word(*sent)

    digest = hashlib.blake2b("\n".join(words).encode(), digest_size=8).hexdigest()
    about = {
        "label": label,
        "lead": lead,
        "note": note,
        "placeholder": placeholder,
        "clears": clears,
        "token": last.version,
    }
    _word(key=key, data={"words": list(words), "digest": digest, "value": value, **about}, on_word_change=entered)


def read_word(sent: Any) -> tuple[str, bool] | None:
    """Return a text sent by the (untrusted) browser, and whether it was entered; None if it is neither."""
    match sent:
        case {"word": str(word), "entered": bool(entered)} if len(word) <= MAX_TYPED:
            return " ".join(word.split()), entered
    return None
