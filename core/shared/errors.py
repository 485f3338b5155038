"""Error messages for people: one sentence, with untrusted text quoted safely."""

from __future__ import annotations

import unicodedata

_BLANKS, _DROPPED = ("Cc", "Zl", "Zp"), ("Cf", "Cs", "Co", "Cn")


def sentence(reason: str) -> str:
    """Return an error's text as a sentence, with a capital and a full stop."""
    return f"{reason[:1].upper()}{reason[1:]}{'' if reason.endswith(('.', '?', '!', '…')) else '.'}"


def one_line(text: object, max_length: int = 80) -> str:
    """Return `text` as one line, without invisible and direction-changing characters."""
    kinds = ((character, unicodedata.category(character)) for character in str(text)[: 4 * max_length])
    cleaned = "".join(" " if kind in _BLANKS else character for character, kind in kinds if kind not in _DROPPED)
    line = " ".join(cleaned.split())
    return line if len(line) <= max_length else f"{line[: max_length - 1].rstrip()}…"


def quoted(value: object, max_length: int = 40) -> str:
    """Return a value in quotes for a sentence, shortened, with escapes for invisible characters."""
    text = value if isinstance(value, str) else repr(value)
    return repr(text if len(text) <= max_length else f"{text[: max_length - 1]}…")
