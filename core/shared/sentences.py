"""Sentences as sequences of text and measured numbers, which pages and reports render.

Each is a `str`, like markupsafe's `Markup`, and can be used as plain text. F-strings keep only plain text; write
`Sentence("The error is ", number, ".")` to keep a number's interval.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable


def count_of(number: float, noun: str) -> str:
    """'1 image', '1,001 images' or '2.5 cycles'."""
    digits = f"{int(number):,}" if number == int(number) else f"{number:g}"
    return f"{digits} {noun}{'' if number == 1 else 's'}"


class Number(str):
    """A measured number: '33.1 % (32.2 to 34.0)'.

    Attributes:
        text: the number with its unit. interval: the text in brackets; may be empty.
    """

    text: str
    interval: str

    def __new__(cls, text: str, interval: str = "") -> Number:
        made = super().__new__(cls, f"{text} ({interval})" if interval else text)
        made.text, made.interval = text, interval
        return made


class Network(str):
    """Registry name of a classifier, which pages show by its title."""


class Sentence(str):
    """A sentence, or a part of one.

    Attributes:
        parts: text, numbers and networks, in order; no two texts follow each other.
    """

    parts: tuple[str, ...]

    def __new__(cls, *parts: str) -> Sentence:
        made = super().__new__(cls, "".join(parts))
        flat = [inner for part in parts for inner in (part.parts if isinstance(part, Sentence) else [part])]
        runs = itertools.groupby(flat, key=lambda part: isinstance(part, Number | Network))
        made.parts = tuple(
            part for is_special, run in runs for part in (run if is_special else filter(None, ["".join(run)]))
        )
        return made


class Paragraph(str):
    """A sequence of sentences, without empty ones.

    Attributes:
        sentences: with their parts.
    """

    sentences: tuple[Sentence, ...]

    def __new__(cls, *sentences: str) -> Paragraph:
        texts = [sentence for sentence in sentences if sentence]
        made = super().__new__(cls, " ".join(texts))
        made.sentences = tuple(
            inner for text in texts for inner in (text.sentences if isinstance(text, Paragraph) else [Sentence(text)])
        )
        return made


def join_parts(parts: Iterable[str], between: str = ", ", last: str | None = None) -> Sentence:
    """'1, 2, 3' with their numbers; `last` replaces the last comma."""
    spaced: list[str] = []
    parts = list(parts)
    for k, part in enumerate(parts):
        spaced += [] if not k else [between if last is None or k < len(parts) - 1 else last]
        spaced.append(part)
    return Sentence(*spaced)
