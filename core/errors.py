"""How errors speak to people: one-sentence texts, with untrusted text quoted safely."""

from __future__ import annotations


def sentence(reason: str) -> str:
    """An error's text as a sentence of its own: a capital at the start, a full stop at the end."""
    return f"{reason[:1].upper()}{reason[1:]}{'' if reason.endswith(('.', '?', '!', '…')) else '.'}"


def quoted(value: object, max_length: int = 40) -> str:
    """A value in quotes for a sentence: cut where it is long, with escapes for characters that cannot be seen."""
    text = value if isinstance(value, str) else repr(value)
    return repr(text if len(text) <= max_length else f"{text[: max_length - 1]}…")
