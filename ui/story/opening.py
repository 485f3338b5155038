"""Opening of the story: a word, drawn by one network by both searches, and things to try."""

from __future__ import annotations

import html
from dataclasses import replace
from functools import lru_cache, partial

import streamlit as st

from core.classifiers.registry import classifier_spec, classifier_title, result_title, short_title
from core.data.picture_files import png_data_uri
from core.fourier.heatmap import colormap_table
from core.pgd.drawings import CARDS, WORDS, Drawing, judge_name, opening_drawings, painter_name
from core.pgd.pictures import fingerprint, stored_opinion
from core.pgd.run import SURE, PGDRun
from core.pgd.search import COMPARED, Search
from core.shared.numbers import percent
from ui.components.mount import webp_data_uri, webp_strip
from ui.components.story.story import opening
from ui.maps.catalogue import CLIP, shipped_maps
from ui.shared.pictures import enlarge
from ui.story import data
from ui.story.own_word import REQUIREMENTS, TITLES, draw_scene, shown_run, word_box

CARD_SIDE, STRIP_QUALITY = 160, 85  # pixels; WebP quality
REQUESTED, PAINTER = "story.requested", "story.painter"  # keys in the session
ANY_WORD = f"Any of 1,000 words ({WORDS[0]} to {WORDS[-1]} were chosen by hand)"
# Title, text, picture file and link of each card.
TO_TRY = (
    ("Paint a hole", "Networks fill it as you watch.", "hole", "inpainting"),
    ("Touch a heat map", "Which stripes mislead CLIP, and which a ResNet?", "map", "frequency"),
    ("You are the judge", "Ten drawings, five words each: which do you recognise?", "judge", "?chapter=judge"),
)


def ask_for_a_word() -> None:
    """Draw the stored drawings of the word that the visitor chose, by one of the networks that drew it."""
    if len(names := data.drawing_networks()) > 1:
        st.segmented_control(
            "Drawn by", names, default=names[0], format_func=_title, key=PAINTER, required=True, persist_state="session"
        )
    known = stored_words()
    if shown_run() is not None:
        draw_scene(known, partial(st.session_state.__setitem__, REQUESTED))
        return
    place = min(st.session_state.get(REQUESTED, 0), len(known) - 1)
    opening(known, place, drawings(place), captions(place), on_ask=partial(st.session_state.__setitem__, REQUESTED))


def is_stored_pool() -> bool:
    """Return whether the story opens with the judged drawings of `core.pgd.drawings`."""
    return _painter() == painter_name()


def _painter() -> str:
    """Return the network that the visitor has chosen, by default the preferred one."""
    names, chosen = data.drawing_networks(), st.session_state.get(PAINTER)
    return chosen if chosen in names else names[0]


def _title(painter: str) -> str:
    if painter == painter_name():  # no run is read at the first paint
        return short_title(classifier_spec(painter).title)
    return result_title(next(iter(_runs(painter).values())).metadata["classifier"])


def painter_titles() -> list[str]:
    """Return the title of the network whose drawings the story opens with."""
    return [_title(_painter())]


def stored_words() -> tuple[str, ...]:
    """Return the words that have drawings."""
    if is_stored_pool():
        return WORDS
    facts = next(iter(_runs(_painter()).values())).metadata
    return tuple(facts["class_names"][target] for target in facts["targets"])


def drawings(place: int) -> tuple[Drawing, ...]:
    """Load a word's drawings by both searches. place: index of the word in `stored_words()`."""
    if is_stored_pool():
        return opening_drawings(WORDS[place])
    return tuple(_drawing(search, run, place) for search, run in _runs(_painter()).items())


def _runs(painter: str) -> dict[Search, PGDRun]:
    """Load a network's runs by search."""
    paths = data.large_drawings()[painter]
    return {search: data.load_stored(paths[search], paths[search].stat().st_mtime_ns) for search in COMPARED}


@lru_cache(16)
def _strip(run: PGDRun, place: int) -> bytes:
    """Encode a picture's frames."""
    return webp_strip(run.frames[:, place], STRIP_QUALITY)


def _drawing(search: Search, run: PGDRun, place: int) -> Drawing:
    confidence = run.curves["target_probability"][run.frame_steps, place].tolist()
    norm = float(run.curves["perturbation_norm"][-1, place])
    drawing = Drawing(search=search, strip=_strip(run, place), confidence=tuple(confidence), norm=norm)
    if (opinion := stored_opinion(fingerprint(run))) is None:
        return drawing
    return replace(drawing, judged=opinion.says[place], place=opinion.ranks[place], judge=opinion.judge)


def captions(place: int) -> list[tuple[str, str, str]]:
    """Return title, search and judgement of each of a word's drawings. place: index of the word in `stored_words()`."""
    rows = []
    for drawing in drawings(place):
        title = TITLES[drawing.search][1]
        if (confidence := drawing.confidence[-1]) < SURE:
            title = f"Not convinced: {percent(confidence, 0)} sure"
        rows.append((title, REQUIREMENTS[drawing.search], judged(drawing, stored_words()[place])))
    return rows


def judged(drawing: Drawing, word: str) -> str:
    """Return a sentence on another network's prediction for a drawing."""
    if not drawing.judged:
        return "No other network has judged it."
    says = f"Another network, {short_title(classifier_title(drawing.judge or judge_name()))}, says {drawing.judged}"
    return f"{says}, too." if drawing.place == 1 else f"{says}; {word} is its guess number {drawing.place:,}."


def any_word() -> None:
    """Draw the box in which any word is asked for."""
    word_box(any_word_label(), _painter())


def any_word_label() -> str:
    """Return the label of the menu."""
    return ANY_WORD if is_stored_pool() else ANY_WORD.partition(" (")[0]


def cards() -> None:
    """Draw links to things to try, each with a picture."""
    st.html(cards_html())


def cards_html() -> str:
    """Return the things to try as HTML."""
    parts = [
        f'<a class="try" href="{html.escape(url)}"><img src="{_card_picture(picture)}" alt="">'
        f"<span><b>{html.escape(title)}</b>{html.escape(text)}</span></a>"
        for title, text, picture, url in TO_TRY
    ]
    return f'<nav class="tries" aria-label="To try">{"".join(parts)}</nav>'


def _card_picture(name: str) -> str:
    if name in CARDS:
        return webp_data_uri(CARDS[name])
    rates, colours = shipped_maps()[CLIP].heatmap.rate(), colormap_table("viridis")
    parts = (rates - rates.min()) / (rates.max() - rates.min())
    return png_data_uri(enlarge(colours[(parts * (len(colours) - 1)).round().astype(int)], CARD_SIDE))
