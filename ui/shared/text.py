"""Untrusted text on a page (from files, their names, URLs): shown character by character. Does not import Streamlit."""

from __future__ import annotations

import html
import re
import unicodedata

# What Markdown, and Streamlit's additions to it, give a meaning.
_SPECIAL = re.compile(r"([\\`*_\[\]<>$~#|&!])")
# Bare URLs, icons and emoji are found in the finished text, where no backslash helps: an invisible character does.
_FOUND_LATER = re.compile(r"(?<=[:@])(?=\S)|(?<=www)(?=\.)", re.IGNORECASE)
_WORD_JOINER = "\N{WORD JOINER}"
_BLANKS, _DROPPED = ("Cc", "Zl", "Zp"), ("Cf", "Cs", "Co", "Cn")


def one_line(text: object, max_length: int = 80) -> str:
    """`text` as one line, without characters that are invisible or turn the direction of reading."""
    kinds = ((character, unicodedata.category(character)) for character in str(text)[: 4 * max_length])
    kept = "".join(" " if kind in _BLANKS else character for character, kind in kinds if kind not in _DROPPED)
    line = " ".join(kept.split())
    return line if len(line) <= max_length else f"{line[: max_length - 1].rstrip()}…"


def as_markdown(text: str) -> str:
    """Markdown that shows the line `text` as it is: no emphasis, link, picture, formula, icon or HTML."""
    return _FOUND_LATER.sub(_WORD_JOINER, _SPECIAL.sub(r"\\\1", text))


def isolated(text: str) -> str:
    """HTML that shows `text` as it is; a name that runs from right to left leaves what stands beside it in place."""
    return f"<bdi>{html.escape(text)}</bdi>"


def whole_number(text: str) -> int | None:
    """The number in a URL's text, None unless it has one to nine decimal digits and nothing else."""
    return int(text) if text.isdecimal() and len(text) < 10 else None
