"""Sentences on a page: tooltips hold intervals and definitions, and a sentence has at most one bold number.

Pointer, finger and keyboard reach the tooltips; `ui/components/basics.css` styles them. The parts of a sentence are
those of `core.shared.text`, which reports and files read as plain text.
"""

from __future__ import annotations

import html

import streamlit as st

from core.shared.text import TERMS, Number, Paragraph, Sentence, explain_terms, number_html
from ui.shared.text import as_markdown

EXPLAINED = "terms.explained"  # key in the session: the page and its place that explain a term, by term
PAGE = "terms.page"  # key in the session: the page that is drawn
NARROW_PERCENT = "\N{NO-BREAK SPACE}%"  # keeps a number and its sign on one line


def sentence_html(text: str, *terms: str, bold: bool = True) -> str:
    """Return HTML of a sentence, a paragraph or plain text, with the `TERMS` entry at the first use of each term.

    bold: whether to set a sentence's only number with an interval in bold.
    """
    return explain_terms(" ".join(_html(sentence, bold) for sentence in Paragraph(text).sentences), *terms)


def sentence_markdown(text: str) -> str:
    """Return Markdown of a sentence or a paragraph: numbers in bold, everything else as plain text."""

    def narrow(part: str) -> str:
        return as_markdown(part).replace(" %", NARROW_PERCENT)

    return " ".join(
        "".join(f"**{narrow(part)}**" if isinstance(part, Number) else narrow(part) for part in sentence.parts)
        for sentence in Paragraph(text).sentences
    )


def write_sentence(text: str, *terms: str) -> None:
    """Draw `sentence_html` as a paragraph, with terms explained at their first place on the page."""
    st.html(f'<p class="prose">{explain_on_page(sentence_html(text), text, *terms)}</p>')


def explain_on_page(text: str, place: str, *terms: str) -> str:
    """Return HTML with the `TERMS` entry of each term at the first place of a visit that has it.

    Args:
        text: HTML. place: the same whenever a fragment draws this text again.
    """
    places, here = st.session_state.setdefault(EXPLAINED, {}), (st.session_state.get(PAGE), place)
    result = explain_terms(text, *(term for term in terms if places.get(term, here) == here))
    places.update({term: here for term in terms if term not in places and html.escape(TERMS[term]) in result})
    return result


def unexplained(place: str, *terms: str) -> list[str]:
    """Return those of some terms that no other place explains; this one, a component, will."""
    places, here = st.session_state.setdefault(EXPLAINED, {}), (st.session_state.get(PAGE), place)
    return [term for term in terms if places.setdefault(term, here) == here]


def begin_page(page: str) -> None:
    """Start a page, which explains its terms anew, but none that the visitor has met on another page."""
    state = st.session_state
    state[EXPLAINED] = {term: where for term, where in state.get(EXPLAINED, {}).items() if where[0] != page}
    state[PAGE] = page


def _html(sentence: Sentence, bold: bool) -> str:
    only = bold and sum(isinstance(part, Number) and bool(part.interval) for part in sentence.parts) == 1
    return "".join(
        number_html(part, bold=only and bool(part.interval)) if isinstance(part, Number) else html.escape(part)
        for part in sentence.parts
    )
