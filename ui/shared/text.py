"""Untrusted text on a page (from files, their names, URLs): shown character by character. Does not import Streamlit."""

from __future__ import annotations

import re

from core.shared.text import one_line as one_line

# Characters with a meaning in Markdown or in Streamlit's additions to it.
_SPECIAL = re.compile(r"([\\`*_\[\]<>$~#|&!])")
# Streamlit finds bare URLs, icons and emoji in the rendered text, where backslashes are gone: insert a word joiner.
_FOUND_LATER = re.compile(r"(?<=[:@])(?=\S)|(?<=www)(?=\.)", re.IGNORECASE)
_WORD_JOINER = "\N{WORD JOINER}"


def as_markdown(text: str) -> str:
    """Escape the line `text` so that Markdown shows it literally: no emphasis, link, picture, formula, icon or HTML."""
    return _FOUND_LATER.sub(_WORD_JOINER, _SPECIAL.sub(r"\\\1", text))


def whole_number(text: str, places: range = range(10**9)) -> int | None:
    """Parse a URL's text of one to nine decimal digits; None for any other text or a number outside `places`."""
    number = int(text) if text.isdecimal() and len(text) < 10 else -1
    return number if number in places else None


def format_size(count: int | None) -> str:
    """605143284 -> '605 MB', 3471733 -> '3.5 MB'; None -> 'size unknown'."""
    if count is None:
        return "size unknown"
    megabytes = count / 1e6
    return f"{megabytes:.1f} MB" if megabytes < 10 else f"{megabytes:.0f} MB"
