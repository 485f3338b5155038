"""Opening of the story: a word, drawn by one network by both searches, and things to try."""

from __future__ import annotations

import html
from functools import partial

import streamlit as st

from core.classifiers.registry import classifier_spec, short_title
from core.data.sample_sets import SAMPLE_SETS
from core.images.colormaps import colormap_table
from core.images.square import png_data_uri
from core.reconstruct.search_outcomes import stored_outcomes
from core.reconstruct.view_pictures import CARDS, WORDS, Drawing, judge_name, opening_drawings, painter_name
from ui.components.opening import opening
from ui.components.packing import webp_data_uri
from ui.maps.catalogue import shipped
from ui.maps.presets import CLIP
from ui.runs.setup.settings import models_in_url
from ui.shared.look import style_sheet
from ui.shared.picture_rows import enlarged
from ui.shared.url import link
from ui.story.step import Link

CARD_SIDE = 160  # pixels
REQUESTED, WORD = "story.asked", "story.word"  # places
TITLES = {
    "pixels": ("Convinces as it is", "The paper’s search: each step follows the gradient at the picture itself."),
    "views": ("Convinces from every view", "Each step follows the gradient at a random crop of it, under noise."),
}
# What one does there, in a line; the picture's file; the link.
TO_TRY = (
    ("Paint a hole", "and watch networks fill it.", "hole", "inpainting"),
    ("Touch a heat map", "Which stripes mislead CLIP, and which a ResNet?", "map", "frequency"),
    ("You are the judge", "Ten drawings, five words each: which do you recognise?", "judge", "?step=judge"),
)


def ask_for_a_word() -> None:
    """The stored drawings of the word that the visitor asks for."""
    place = st.session_state.get(REQUESTED, 0)
    drawings = opening_drawings(WORDS[place])
    opening(WORDS, place, drawings, captions(place), on_ask=partial(st.session_state.__setitem__, REQUESTED))


def captions(place: int) -> list[tuple[str, str, str]]:
    """Return the captions of a word's drawings: title, search and judgement. place: of the word in `WORDS`."""
    return [(*TITLES[drawing.search], judged(drawing, WORDS[place])) for drawing in opening_drawings(WORDS[place])]


def judged(drawing: Drawing, word: str) -> str:
    """Return a sentence on another network's prediction for a drawing."""
    says = f"Another network, {short_title(classifier_spec(judge_name()).title)}, says {drawing.judged}"
    return f"{says}, too." if drawing.place == 1 else f"{says}; {word} is number {drawing.place:,} of its guesses."


def any_word() -> None:
    """A choice of all of ImageNet's classes, which leads to *Draw*."""
    row = SAMPLE_SETS["photographs"]
    names = list(dict.fromkeys(row.classes.names))
    word = st.selectbox(
        "Any of 1,000 words (the five were chosen by hand)",
        names,
        index=None,
        placeholder="Type a word: castle, goldfish …",
        key=WORD,
    )
    if word is not None:
        st.html(link_to(word).html)
    st.html(lesson_html("beside"))


def lesson() -> tuple[str, str]:
    """Return what the two drawings say about the paper's claim, and what they do not, a sentence each."""
    stored, judge = stored_outcomes(), short_title(classifier_spec(judge_name()).title)
    pair = stored.pair("draw") if stored else None
    assert pair is not None  # it is shipped
    pixels, views = (int(outcomes.recognised().sum()) for outcomes in pair)
    return (
        f"A search that paints nothing is no proof that the network knows nothing: drawn from every view, {judge} "
        f"recognises {views} of {pair[0].n} words chosen by lot; drawn as the paper does, {pixels}.",
        f"About CLIP that proves nothing: EfficientNet is not CLIP, and {judge}, a judge of the painter’s family, is a "
        "weak witness.",
    )


def lesson_html(place: str) -> str:
    """Return the lesson as HTML; place: "beside" the drawings in a wide window, or "below" them in a narrow one."""
    return f'<div class="lesson {place}">{"".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in lesson())}</div>'


def link_to(word: str) -> Link:
    """The page that draws it."""
    row = SAMPLE_SETS["photographs"]
    chosen = ("generation-set", row.drawn_title), (f"generation-classes-{row.class_set}", word)
    return Link(
        f"Draw: {word} →", link("generation", *chosen, *models_in_url("generation", row.class_set, [painter_name()]))
    )


def cards() -> None:
    """Things to try, a picture each."""
    st.html(lesson_html("below") + cards_html())


def cards_html() -> str:
    """Return the things to try as HTML."""
    parts = [
        f'<a class="try" href="{html.escape(url)}"><img src="{_card_picture(picture)}" alt="">'
        f"<span><b>{html.escape(title)}</b>{html.escape(text)}</span></a>"
        for title, text, picture, url in TO_TRY
    ]
    return f'{style_sheet(__file__)}<nav class="tries" aria-label="To try">{"".join(parts)}</nav>'


def _card_picture(name: str) -> str:
    if name in CARDS:
        return webp_data_uri(CARDS[name])
    rates, colours = shipped()[CLIP].heatmap.rate(), colormap_table("viridis")
    parts = (rates - rates.min()) / (rates.max() - rates.min())
    return png_data_uri(enlarged(colours[(parts * (len(colours) - 1)).round().astype(int)], CARD_SIDE))
