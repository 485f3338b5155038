"""Page *Story*, the home page: six chapters, each with interactive figures."""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import partial

import streamlit as st

from core.pgd.rounds import ROUND_LENGTH
from core.shared.text import JARGON
from ui.components.story.story_parts import step_tabs
from ui.shared import url
from ui.shared.page import explain_on_page
from ui.shared.verdicts import STYLE
from ui.story import (
    hole_chapter,
    judge_chapter,
    mixture_chapter,
    opening,
    sketch_chapter,
    story_start,
    wave_chapter,
    your_turn_chapter,
)
from ui.story.chapters import CHAPTER_NAMES, SLUGS, Chapter, Part, chapter, question, read_ahead

LAST = len(SLUGS) - 1  # index of *Your turn*
CHAPTER = "chapter"  # in the URL, the only place that stores the current one
_FIGURES: dict[str, Callable[[], object]] = {
    "judge": judge_chapter.judge_drawings,
    "stripes": wave_chapter.photo_under_stripes,
    "maps": wave_chapter.maps_and_picture,
    "mixer": mixture_chapter.two_photos,
    "hole": hole_chapter.fill_a_hole,
}


def page() -> None:
    """Draw the chapter named in the URL, by default the first."""
    slug = url.text(CHAPTER)
    index = SLUGS.index(slug) if slug in SLUGS else 0
    if index == 0:
        if url.has_returned():
            sketch_chapter.return_to_link()
        story_start.take_upload()
    known = sketch_chapter.facts() if index == 0 else {}
    here = chapter(index, **known)  # computed before anything is drawn: text and figure change together
    with st.container(horizontal=True, vertical_alignment="center", key="story-bar"):
        st.title(here.title if index == LAST else question(), width="content", anchor=False)
        with st.container(key="story-steps"):
            # While a round goes on, its own button is the one to press.
            in_round = CHAPTER_NAMES[index] == "Judge" and judge_chapter.answered() < ROUND_LENGTH
            step_tabs(CHAPTER_NAMES, SLUGS, index + 1, parameter=CHAPTER, on_go=_go, leads=not in_round)
    if index == 0:
        _sketch(here)
    elif index == LAST:
        _your_turn(here)
    else:
        for k, part in enumerate(here.parts):
            _part(here, part, k)
    if index < SLUGS.index("wave"):
        read_ahead()


def _sketch(here: Chapter) -> None:
    """Draw the first chapter: its stage has the page's width, and its last paragraphs lead on to waves."""
    text, note = here.parts[0].text, here.parts[0].note
    with st.container(key="story-lead"):
        _text(f"{_heading(sketch_chapter.title(here.title))}{text}")
    sketch_chapter.paint_a_sketch()
    sketch_chapter.choose_a_start(text, note)
    st.html(f'<div class="story story-bridge">{sketch_chapter.bridge_to_waves()}</div>')
    st.html(opening.cards_html())


def _heading(title: str) -> str:
    """Return a title that runs into the text behind it, as HTML."""
    return f"<h2>{html.escape(title)}{'' if title.endswith('?') else '.'}</h2> "


def _your_turn(here: Chapter) -> None:
    """Draw the last chapter: five pictures that lead on, three buttons, and what to keep in mind."""
    part = here.parts[0]
    with st.container(key="story-turn"):
        _text(part.text)
    st.html(your_turn_chapter.doors_html())
    with st.container(horizontal=True, gap="small", key="story-to-do"):
        your_turn_chapter.things_to_do(partial(_go, 1))
    _text(f'<div class="keep-in-mind">{part.note}</div>')


def _part(here: Chapter, part: Part, index: int) -> None:
    """Draw a part of a chapter as wide as the page: its text, its figure, its claims, and in small print its note."""
    with st.container(key=f"story-wide-{index}"):
        # After the last answer there is nothing left to pick.
        text = "" if part.figure == "judge" and judge_chapter.answered() == ROUND_LENGTH else part.text
        _text(text if index else f"{_heading(here.title)}{text}")
    with st.container(key=f"story-stage-{index}"):
        _FIGURES[part.figure]()
    # What a round teaches comes after its first answer.
    note = "" if part.figure == "judge" and not judge_chapter.answered() else part.note
    below = note + _button(here, index)
    if part.claims and index:  # the chart stands beside both claims and what is below them
        _claims(part, below)
        return
    if part.claims:
        _claims(part)
    with st.container(key=f"story-below-{part.figure}"):
        _text(below)


def _button(here: Chapter, index: int) -> str:
    """Return the link that goes on from a chapter, at its end, as HTML."""
    if here.link is None or index < len(here.parts) - 1:
        return ""
    title, url = here.link
    return f'<a class="button-link" href="{html.escape(url)}">{title}</a>'


def _claims(part: Part, note: str = "") -> None:
    """Draw a part's claims with their chart; note: HTML below the claims, in small print, with a link that leads on."""
    below = f'<div class="note">{note}</div>' if note else ""
    explained = explain_on_page(part.claims + below, "claims", *JARGON)
    st.html(f'{STYLE}<div class="claims">{explained}</div>')


def _text(text: str) -> None:
    """Draw a text, if any."""
    if text:
        st.html(f'<div class="story">{explain_on_page(text, text, *JARGON)}</div>')


def _go(number: int) -> None:
    for name in url.names() - {CHAPTER}:  # the session keeps what they say
        url.put(name, None)
    url.put(CHAPTER, SLUGS[number - 1])
