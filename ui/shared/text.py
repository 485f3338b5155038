"""Untrusted text on a page (from files, their names, URLs): shown character by character. Does not import Streamlit."""

from __future__ import annotations

import re

from core.shared.errors import one_line as one_line  # re-exported for pages

# Characters with a meaning in Markdown or in Streamlit's additions to it.
_SPECIAL = re.compile(r"([\\`*_\[\]<>$~#|&!])")
# Bare URLs, icons and emoji are found in the finished text, where no backslash helps: an invisible character does.
_FOUND_LATER = re.compile(r"(?<=[:@])(?=\S)|(?<=www)(?=\.)", re.IGNORECASE)
_WORD_JOINER = "\N{WORD JOINER}"


def as_markdown(text: str) -> str:
    """Markdown that shows the line `text` as it is: no emphasis, link, picture, formula, icon or HTML."""
    return _FOUND_LATER.sub(_WORD_JOINER, _SPECIAL.sub(r"\\\1", text))


def whole_number(text: str, places: range = range(10**9)) -> int | None:
    """The number in a URL's text, one of `places`; None unless it has one to nine decimal digits and nothing else."""
    number = int(text) if text.isdecimal() and len(text) < 10 else -1
    return number if number in places else None
