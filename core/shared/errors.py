"""How errors speak to people: one-sentence texts, with untrusted text quoted safely."""

from __future__ import annotations

import unicodedata

_BLANKS, _DROPPED = ("Cc", "Zl", "Zp"), ("Cf", "Cs", "Co", "Cn")


def sentence(reason: str) -> str:
    """An error's text as a sentence of its own: a capital at the start, a full stop at the end."""
    return f"{reason[:1].upper()}{reason[1:]}{'' if reason.endswith(('.', '?', '!', '…')) else '.'}"


def one_line(text: object, max_length: int = 80) -> str:
    """`text` as one line, without characters that are invisible or turn the direction of reading."""
    kinds = ((character, unicodedata.category(character)) for character in str(text)[: 4 * max_length])
    cleaned = "".join(" " if kind in _BLANKS else character for character, kind in kinds if kind not in _DROPPED)
    line = " ".join(cleaned.split())
    return line if len(line) <= max_length else f"{line[: max_length - 1].rstrip()}…"


def quoted(value: object, max_length: int = 40) -> str:
    """A value in quotes for a sentence: cut where it is long, with escapes for characters that cannot be seen."""
    text = value if isinstance(value, str) else repr(value)
    return repr(text if len(text) <= max_length else f"{text[: max_length - 1]}…")
