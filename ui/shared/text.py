"""Text of strangers on a page (from files, their names, addresses): shown as the letters it is. No Streamlit."""

from __future__ import annotations

import re
import unicodedata

# What Markdown, and Streamlit's additions to it, read as something else than letters.
_SPECIAL = re.compile(r"([\\`*_\[\]<>$~#|&!])")
# Bare addresses, icons and emoji are found in the finished text, where no backslash helps: an invisible letter does.
_FOUND_LATER = re.compile(r"(?<=[:@])(?=\S)|(?<=www)(?=\.)", re.IGNORECASE)
_WORD_JOINER = "\N{WORD JOINER}"
_BLANKS, _DROPPED = ("Cc", "Zl", "Zp"), ("Cf", "Cs", "Co", "Cn")


def one_line(text: object, most: int = 80) -> str:
    """`text` as one line of at most `most` letters, without any that are invisible or turn the direction of reading."""
    kinds = ((letter, unicodedata.category(letter)) for letter in str(text)[: 4 * most])
    kept = "".join(" " if kind in _BLANKS else letter for letter, kind in kinds if kind not in _DROPPED)
    line = " ".join(kept.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def as_markdown(text: str) -> str:
    """Markdown that shows the line `text` letter by letter: no emphasis, link, picture, formula, icon or HTML."""
    return _FOUND_LATER.sub(_WORD_JOINER, _SPECIAL.sub(r"\\\1", text))
