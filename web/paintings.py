"""Packs of the first chapter: what one paints over in the article, and stored paintings with their sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.data.picture_files import square_image
from core.data.sample_sets import imagenet
from core.data.sketches import FIRST_SKETCH, SKETCH_SIZE, SKETCHES
from core.data.start_photos import START_PHOTOS
from core.data.words import vocabulary
from core.shared.text import with_article
from ui.components.mount import pack_bytes
from ui.components.painters.painters import sketch_kit
from ui.components.pictures.picture_widgets import TileStyle, pack_thumbnails, tiles_json
from ui.components.story.story_parts import pictures_of
from ui.story import scene, story_start
from ui.story.bridge import TEXTS, measured
from ui.story.chapters import CHAPTER_TITLES, LEADS, chapter, painter_is, paintings_counted
from ui.story.sketch_chapter import OTHER_TITLES
from ui.story.story_start import EMPTY, GREY, StoryStart, of_tile, word_of

NAMES = (EMPTY, *SKETCHES, *START_PHOTOS)
_TITLES = [START_PHOTOS[name].title if name in START_PHOTOS else name for name in NAMES]
STYLE = TileStyle(size=67, names=_TITLES, opens="sketch-painting", adds="your photo")
COLOUR = "red"  # the brush's first
_ASKED = "\N{OBJECT REPLACEMENT CHARACTER}"  # where a text names the word
_SIZE = 2 * SKETCH_SIZE  # pixels of the tiles


def painting_packs() -> dict[str, Any]:
    """Return what one starts from and, under the names of its rows' "photo" and "stored", photos and paintings."""
    starts = {name: of_tile(name, word_of(name)) for name in NAMES}
    photos = {f"photo-{name}": _photo(begin) for name, begin in starts.items() if begin.photo is not None}
    paintings = {f"painting-{name}": _painting(begin) for name, begin in starts.items() if begin.stored is not None}
    rows = [
        {
            "word": begin.word,
            "sketch": "" if begin.photo else pack_bytes(begin.sketch),
            "photo": f"photo-{name}" * (f"photo-{name}" in photos),
            "link": story_start.start_in_draw(begin.stored) if begin.photo and begin.stored else [],
            "stored": f"painting-{name}" * (f"painting-{name}" in paintings),
        }
        for name, begin in starts.items()
    ]
    pictures = np.stack([_tile(story_start.tile_picture(name)) for name in starts])
    thumbnails = pack_thumbnails(pictures, [_caption(name, begin) for name, begin in starts.items()])
    return {
        "starts": {
            "starts": rows,
            "first": NAMES.index(FIRST_SKETCH),
            "tiles": tiles_json(thumbnails, -1, "Pictures to start from", STYLE),
            "painter": sketch_kit(SKETCH_SIZE, GREY, COLOUR),
            "known": len(vocabulary(imagenet())),
            "links": story_start.DRAW_LINKS,
            "texts": {start: vars(sketch_texts(start)) for start in LEADS}
            | {"waves": _waves_texts(), "sentences": scene.SENTENCES},
        },
        **photos,
        **paintings,
    }


@dataclass(frozen=True)
class Texts:
    """The page's texts on one start: the lead and the note below as HTML, and the chapter's title."""

    lead: str
    note: str
    title: str


def sketch_texts(start: str) -> Texts:
    """Return the texts of the first chapter for a start, a key of `LEADS`; the page fills in the word that is asked."""
    part = chapter(
        0, asked=_ASKED, lead=LEADS[start], counted=paintings_counted(start), painter_is=painter_is(in_article=True)
    ).parts[0]
    named = f'<span class="asked">{with_article(word_of(FIRST_SKETCH))}</span>'
    return Texts(part.text.replace(_ASKED, named), part.note, OTHER_TITLES.get(start, CHAPTER_TITLES[0]))


def _waves_texts() -> dict[str, Any]:
    """Return the words on waves; in the app a chapter is a page."""
    return TEXTS | {"question": TEXTS["question"].replace("?chapter=", "#")}


def _photo(begin: StoryStart) -> dict[str, str]:
    assert begin.photo is not None
    return {"source": begin.photo.photo.shown, "name": begin.photo.photo.name}


def _painting(begin: StoryStart) -> dict[str, Any]:
    """Return a scene of the painting's component, and what stands below it; the page has the start."""
    assert begin.stored is not None
    stored = scene.stored(begin.stored)
    return {
        "scene": {**vars(stored), **pictures_of(stored)},
        "before": scene.seen_before(begin.stored, is_photo=begin.photo is not None),
        "task": begin.start,
        "opens": story_start.link_to_draw(begin.stored),
        "waves": vars(measured(begin, None)),
    }


def _caption(name: str, begin: StoryStart) -> str:
    if name == EMPTY:
        return "An empty canvas: any word, without a sketch"
    return f"{begin.photo.photo.name} that becomes {with_article(begin.word)}" if begin.photo else begin.word


def _tile(picture: np.ndarray) -> np.ndarray:
    """Return a square picture as a tile; sketches keep their pixels."""
    times = _SIZE // len(picture)
    if times:
        return picture.repeat(times, axis=0).repeat(times, axis=1)
    return square_image(picture, _SIZE, resize_to=_SIZE)
