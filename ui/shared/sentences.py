"""Sentences on a page: intervals and what terms mean stand behind a dotted underline, one number a sentence is bold.

A tooltip that pointer, finger and keyboard reach; `ui/components/tooltip.css` has its look. The parts of a sentence are
those of `core.shared.sentences`, which reports and files read as plain text.
"""

from __future__ import annotations

import html

import streamlit as st

from core.shared.html import explained, number_html
from core.shared.sentences import Number, Paragraph, Sentence
from ui.shared.text import as_markdown

NARROW_PERCENT = "\N{NO-BREAK SPACE}%"  # keeps a number and its sign on one line


def sentence_html(text: str, *terms: str, bold: bool = True) -> str:
    """HTML of a sentence, a paragraph or plain text, with what `TERMS` says of `terms` where each first stands.

    bold: whether a sentence's only number with an interval is.
    """
    return explained(" ".join(_html(sentence, bold) for sentence in Paragraph(text).sentences), *terms)


def sentence_markdown(text: str) -> str:
    """Markdown of a sentence or a paragraph: its numbers bold, everything else as plain text."""

    def narrow(part: str) -> str:
        return as_markdown(part).replace(" %", NARROW_PERCENT)

    return " ".join(
        "".join(f"**{narrow(part)}**" if isinstance(part, Number) else narrow(part) for part in sentence.parts)
        for sentence in Paragraph(text).sentences
    )


def write_sentence(text: str, *terms: str) -> None:
    """Draw a paragraph, as `sentence_html`."""
    st.html(f'<p class="prose">{sentence_html(text, *terms)}</p>')


def _html(sentence: Sentence, bold: bool) -> str:
    only = bold and sum(isinstance(part, Number) and bool(part.interval) for part in sentence.parts) == 1
    return "".join(
        number_html(part, bold=only and bool(part.interval)) if isinstance(part, Number) else html.escape(part)
        for part in sentence.parts
    )
