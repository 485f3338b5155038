"""Gallery of random words: their stored drawings, what each is recognised as, and an opened word."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_title, short_title
from core.data.sample_sets import SAMPLE_SETS
from core.data.start_photos import photo_start
from core.data.stored import cached_by_files
from core.data.words import everyday_name
from core.pgd.drawings import (
    QUICK_CANVASES,
    QUICK_TRIES,
    SIZE,
    Drawing,
    GalleryWord,
    count,
    counted,
    drawn_photos,
    four_squares,
    picked_words,
    recognised,
    stored_gallery,
    tries_by_label,
)
from core.pgd.methods import COMPARED, METHODS
from core.pgd.painting import Painting
from core.pgd.picture_outcomes import BEFORE, SMOOTH
from core.shared.text import with_article
from ui.components.mount import lossy_data_uri
from ui.components.pictures.picture_widgets import Thumbnails, TileStyle, image_picker, pack_thumbnails
from ui.components.replay.replay import Caption, Track, pack_replay
from ui.runs.replay import METHOD_TITLES, stored_example, target_of
from ui.runs.second_opinion import is_relative, second_opinion
from ui.shared.page_pictures import to_picture

PANEL = "st-key-generation-panel"  # CSS class of the pictures that a tile opens


def gallery(key: str, opened: str | None, on_pick: Callable[[str], None], *, is_wide: bool = False) -> None:
    """Draw the stored drawings of words: those that we picked, and all random ones.

    key: of the widgets, unique on the page. opened: the word that is shown large; None, or a word that the gallery
    lacks, marks none. on_pick: gets a clicked word. is_wide: True to draw the random words next to the others.
    """
    stored, picked = stored_gallery(), picked_words()
    painter = short_title(classifier_title(stored.painter))
    tile = "".join(f"; the tile of *{word}* shows the page’s example" for word in example())
    judge, relative = classifier_title(stored.judges[0]), is_relative(stored.painter, stored.judges[0])
    first, second = st.columns([9, 11], gap="medium") if is_wide else (st.container(), st.container())
    first.markdown(f"**We picked these {len(picked)}.** The gallery has {len(stored.words)} random words.")
    with first:
        _tiles(picked, f"{key}-picked", opened, on_pick, label="Words that we picked, painted", across=6)
    second.markdown(
        f"A second network recognises **{counted('draw-views')} random words** that {painter} "
        f"painted, and {count('photographs')} of {len(stored.words)} photos. Given {len(QUICK_TRIES)} quick tries at a "
        f"word, it recognises at least one for **{counted('tries')}** words.",
        help="These words are random, so you’ll see failures. A tick means that the word is the top guess of the "
        f"second network, {short_title(judge)}{', of the same family as the painter' * relative}. Each picture took "
        f"{stored.steps} steps{tile}. Given a quick try on each of {len(QUICK_CANVASES)} canvases, it "
        f"recognises at least one for {counted('canvases')} words. A tooltip says how many of the quick "
        "tries it recognises. *Details* shows each ingredient of the method alone.",
    )
    with second:
        _tiles(tuple(word.word for word in stored.words), key, opened, on_pick, label="Random words, painted", across=7)


def _tiles(
    names: tuple[str, ...],
    key: str,
    opened: str | None,
    on_pick: Callable[[str], None],
    *,
    label: str,
    across: int,
) -> None:
    """Draw a tile for each of some words of the gallery."""
    rows = [word for name in names if (word := stored_word(name))]
    image_picker(
        _thumbnails(names),
        selected=names.index(opened) if opened in names else -1,
        key=key,
        label=label,
        on_pick=lambda index: on_pick(names[index]),
        style=TileStyle(
            across=across,
            ticks=[word.drawings["views"].recognised() for word in rows],
            names=list(names),
            opens=PANEL,
        ),
    )


@cache
def _thumbnails(names: tuple[str, ...]) -> Thumbnails:
    drawn = [(word, word.drawings["views"]) for name in names if (word := stored_word(name))]
    known = {word.word: drawing.pixels() for word, drawing in drawn}
    pictures = np.stack(
        list((known | {word: picture for word, picture in example().items() if word in known}).values())
    )
    return pack_thumbnails(pictures, [_about_tile(word, drawing) for word, drawing in drawn])


def _about_tile(word: GalleryWord, drawing: Drawing) -> str:
    """Return what a second network says of a word's drawing, and of the quick tries at the word if there are some."""
    tries = tries_by_label().get(word.label)
    often = f"{tries or 'none'} of {len(QUICK_TRIES)} quick tries"
    if drawing.recognised():
        return word.word if tries is None else f"{word.word}: recognised here, and in {often}"
    seen = f"{word.word}: a second network sees {with_article(everyday_name(drawing.judgements[0].says[0]))} here"
    return seen if tries is None else f"{seen}, and the {word.word} in {often}"


@cached_by_files("runs")
def example() -> dict[str, np.ndarray]:
    """Return the stored example, uint8 (SIZE, SIZE, 3), keyed by its word, if the gallery has that word."""
    painter, word = stored_gallery().painter, SAMPLE_SETS["photographs"].drawn[0]
    result = stored_example(Painting.default(word, "grey", painter=painter).plan(), (painter,), COMPARED)
    if result is None or result.runs[-1].start.shape[-1] != SIZE:
        return {}
    run = result.runs[-1]
    return {target_of(run, 0): to_picture(run.frames[-1, 0])} if stored_word(target_of(run, 0)) else {}


def stored_word(name: str | None) -> GalleryWord | None:
    """Return a word of the gallery; None if the gallery lacks it."""
    return next((word for word in stored_gallery().words if word.word == name), None)


def stored_from_photo(words: Sequence[str], photo: np.ndarray) -> GalleryWord | None:
    """Return the stored painting of a word from a photo, (3, H, W) in [0, 1]; None if there is none."""
    stored = (row for row in drawn_photos().values() if [row.word] == list(words))
    return next((row for row in stored if np.array_equal(photo_start(row.photo), photo)), None)


def stills(word: GalleryWord) -> dict[str, Any]:
    """Return both stored drawings of a word, packed."""
    tracks = []
    for method in COMPARED:
        drawing = word.drawings[method]
        text, agrees = second_opinion(drawing.judgements[0], 0, word.word)
        frames = drawing.pixels().transpose(2, 0, 1)[None, None]
        tracks.append(Track(Caption(METHOD_TITLES[method], [text], [agrees]), frames, np.array([[drawing.confidence]])))
    about: dict[str, Any] = {
        "id": word.word,
        "lead": True,
        "border": 0,
        "alone": None,
        "targets": [everyday_name(word.word)],
        "steps": 1,
    }
    return pack_replay(tracks, tracks[0].frames[0], [0], **about)


# Rows and columns of the four squares, without and with each ingredient.
_ROWS, _COLUMNS = ("the picture itself", "random views"), ("plain strokes", "natural strokes")


def four_squares_html() -> str:
    """Return one word as drawn with each ingredient, what a second network says of each, and counts, as HTML."""
    (word, drawings), n = four_squares(), len(stored_gallery().words)
    parts = [f'<div class="head">{text}</div>' for text in (f"“{word}”", *_COLUMNS)]
    for name, row in METHODS.items():
        drawing = drawings[name]
        views, natural = row.method.views is not None, row.method.preconditioner is not None
        says, agrees = second_opinion(drawing.judgements[0], 0)
        about = f"{word}: {_ROWS[views]}, {_COLUMNS[natural]}"
        parts += [] if natural else [f'<div class="name">{_ROWS[views]}</div>']
        parts.append(
            f'<figure><img src="{lossy_data_uri(drawing.picture)}" alt="{html.escape(about)}" width="224" height="224">'
            f"<figcaption>{'✓ ' * agrees}{html.escape(says)}<br>{count(f'draw-{name}')} of {n} words are recognised"
            "</figcaption></figure>"
        )
    return f'<div class="squares">{"".join(parts)}</div>'


def photo_counts() -> tuple[str, str]:
    """Return what a second network recognises of words that were painted into photos, and more on it."""
    text = (
        f"We painted {len(recognised('photo-views'))} random words into our photos. A second network recognises **"
        f"{counted('photo-views')}** painted with many views and **{counted('photo-paper')}** with the paper’s method."
    )
    return text, "All used seed 0."


def sketch_counts() -> tuple[str, str]:
    """Return what a second network recognises of our sketches and of what was painted from them, and more on it."""
    judge, n = short_title(classifier_title(stored_gallery().judges[0])), len(recognised("sketch-paper"))
    seeds = len(recognised("sketch-views")) // n
    text = (
        f"We painted over our {n} sketches. A second network recognises **{counted('sketch-views')}** paintings with "
        f"many views ({seeds} of each sketch), **{counted('sketch-paper')}** with the paper’s method, and "
        f"{counted('sketch-paper', seen=BEFORE)} bare sketches."
    )
    about = (
        f"The second network is {judge}, of the same family as the painter. All methods have the same budget and "
        f"steps. Many views paint each sketch {seeds} times, from seeds 0 to {seeds - 1}. The paper’s method has "
        f"nothing random. Natural strokes alone: {counted('sketch-strokes')}. Random views alone: "
        f"{counted('sketch-views_only')}. After a blur of one pixel: {counted('sketch-views', seen=SMOOTH)} by many "
        f"views, {counted('sketch-paper', seen=SMOOTH)} by the paper’s method. We picked "
        "the sketches and their words, but none of the paintings."
    )
    return text, about
