"""Sentences on a page: intervals and what terms mean stand behind a dotted underline, one number a sentence is bold.

A tooltip that pointer, finger and keyboard reach; `ui/components/tooltip.css` has its look. The parts of a sentence are
those of `core.shared.sentences`, which reports and files read as plain text.
"""

from __future__ import annotations

import html
import re

import streamlit as st

from core.shared.html import number_html, tooltip
from core.shared.sentences import Number, Paragraph, Sentence
from ui.shared.text import as_markdown

# What is explained where it first stands in a sentence, in at most twelve words.
TERMS = {
    "CLIP": "a network that learned from the web which text fits a picture",
    "ResNet": "a CNN: layers of filters, trained on pictures and their labels",
    "Error": "top-1: share of the n pictures whose likeliest class is wrong",
    "wave": "(i, j): cycles down and across; v: its L2 norm per channel",
    "interval": "of 100 samples as large, about 95 such intervals hold the truth",
    "robust": "trained against small changes; its twin was trained without",
}
NARROW_PERCENT = "\N{NO-BREAK SPACE}%"  # keeps a number and its sign on one line


def sentence_html(text: str, *terms: str, bold: bool = True) -> str:
    """HTML of a sentence, a paragraph or plain text, with what `TERMS` says of `terms` where each first stands.

    bold: whether a sentence's only number with an interval is.
    """
    unexplained = list(terms)
    return " ".join(_html(sentence, unexplained, bold) for sentence in Paragraph(text).sentences)


def sentence_markdown(text: str) -> str:
    """Markdown of a sentence: its numbers bold, everything else as plain text."""

    def narrow(part: str) -> str:
        return as_markdown(part).replace(" %", NARROW_PERCENT)

    parts = Sentence(text).parts
    return "".join(f"**{narrow(part)}**" if isinstance(part, Number) else narrow(part) for part in parts)


def write_sentence(text: str, *terms: str) -> None:
    """Draw a paragraph, as `sentence_html`."""
    st.html(f'<p class="prose">{sentence_html(text, *terms)}</p>')


def _html(sentence: Sentence, unexplained: list[str], bold: bool) -> str:
    only = bold and sum(isinstance(part, Number) and bool(part.interval) for part in sentence.parts) == 1
    return "".join(
        number_html(part, bold=only and bool(part.interval))
        if isinstance(part, Number)
        else _explained(part, unexplained)
        for part in sentence.parts
    )


def _explained(text: str, unexplained: list[str]) -> str:
    """HTML of plain text; a term that gets its explanation leaves the list."""
    parts, place = [], 0
    for term in re.finditer("|".join(rf"\b{term}\b" for term in unexplained) or r"(?!)", text):
        if term[0] in unexplained:  # else it is explained already, in the same text
            unexplained.remove(term[0])
            parts += [html.escape(text[place : term.start()]), tooltip(term[0], TERMS[term[0]])]
            place = term.end()
    return "".join([*parts, html.escape(text[place:])])
