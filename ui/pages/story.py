"""Page *Story*, the home page: six chapters, each with interactive figures."""

from __future__ import annotations

import html
from collections.abc import Callable

import streamlit as st

from core.shared.text import JARGON
from ui.components.story.story import step_tabs
from ui.shared import url
from ui.shared.page import explain_on_page
from ui.shared.verdicts import STYLE
from ui.story import figures, judge, opening
from ui.story.chapters import CHAPTER_NAMES, CHAPTER_TITLES, SLUGS, Chapter, chapter

CHAPTER = "chapter"  # in the URL, the only place that stores the current one
_FIGURES: dict[str, Callable[[], object]] = {
    "word": opening.ask_for_a_word,
    "judge": judge.judge_drawings,
    "stripes": figures.striped_picture,
    "maps": figures.papers_maps,
    "mixer": figures.two_pictures,
    "hole": figures.filled_hole,
    "wall": figures.wall,
    "limits": figures.three_maps,
    "clip": figures.real_clip,
}


def page() -> None:
    """Draw the chapter named in the URL, by default the first."""
    slug = url.text(CHAPTER)
    place = SLUGS.index(slug) if slug in SLUGS else 0
    here = chapter(place)  # computed before anything is drawn, so that text and figure change together
    first, *further = here.parts
    with st.container(horizontal=True, vertical_alignment="center", key="story-bar"):
        st.title("What does CLIP see?", width="content", anchor=False)
        with st.container(key="story-steps"):
            step_tabs(CHAPTER_NAMES, SLUGS, place + 1, title=CHAPTER_TITLES[place], parameter=CHAPTER, on_go=_go)
    left, right = st.columns([33, 67] if place == 0 else [25, 75], gap="medium")
    with left:
        st.html(chapter_html(here))
        if first.figure == "word":
            opening.any_word()
            _note(first.note, "beside")
        if claims := claims_html(here):
            with st.container(key="story-claims"):
                st.html(claims)
    with right, st.container(key="story-figure"):
        _FIGURES[first.figure]()
        _note(first.note, "below" if first.figure == "word" else "")
        for part in (part for part in further if part.figure in _FIGURES):  # the article has one more
            _note(part.text)
            _FIGURES[part.figure]()
            _note(part.note)
    if first.figure == "word":
        opening.cards()


def _note(text: str, place: str = "") -> None:
    """Draw a text; place: "beside" the figure in a wide window, or "below" it in a narrow one, by default in both."""
    if text:
        st.html(f'<div class="story note {place}">{explain_on_page(text, text, *JARGON)}</div>')


def _go(number: int) -> None:
    judge.forget()
    url.put(CHAPTER, SLUGS[number - 1])


def chapter_html(here: Chapter) -> str:
    """Return a chapter's title and first text as HTML."""
    text = f"<h2>{html.escape(here.title)}</h2>{here.parts[0].text}"
    return f'<div class="story">{explain_on_page(text, "chapter", *JARGON)}</div>'


def claims_html(here: Chapter) -> str:
    """Return a chapter's claims and link as HTML; empty if it has none."""
    claims = "".join(part.claims for part in here.parts)
    link = f'<a class="button-link" href="{html.escape(here.link[1])}">{here.link[0]}</a>' if here.link else ""
    if not claims + link:
        return ""
    return f'{STYLE}<div class="story">{explain_on_page(claims, "claims", *JARGON)}{link}</div>'
