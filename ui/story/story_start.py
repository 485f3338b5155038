"""The start of the chapter *Sketch*: a sketch or a photo, and a word; in the session and in the URL."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
import streamlit as st

from core.data.canvases import CANVASES, COMPARED_CANVAS, empty_sketch
from core.data.picture_files import framed_square
from core.data.sample_sets import SAMPLE_SETS
from core.data.sketches import (
    FIRST_SKETCH,
    SKETCH_SIZE,
    SKETCHES,
    decode_sketch,
    draw_sketch,
    encode_sketch,
    sketch_name,
)
from core.data.start_photos import START_PHOTOS, photo_strip
from core.data.words import find_word
from core.pgd.drawings import GalleryWord, drawn_photos, drawn_sketches, opening_words, painter_name
from core.pgd.links import to_link
from core.pgd.methods import COMPARED, leading
from core.pgd.painting import Painting
from core.pgd.plan import RunPlan
from core.pgd.starts import STARTS, StartName
from ui.components.mount import lossy_data_uri, webp_strip
from ui.runs import opened
from ui.runs.gallery_pictures import stored_word
from ui.runs.settings import LAST_SEED
from ui.shared import url
from ui.shared.page import MISSING, forget_missing
from ui.shared.page_pictures import MIDDLE, UPLOAD, Photo

ROW = SAMPLE_SETS["photographs"]
SKETCH, PHOTO, WORD = "story.sketch", "story.photo", "story.word"  # in the session; PHOTO: None while a sketch is shown
_SEED = "story.seed"  # in the session: the seed of another try, with the sketch, the photo and the word that it is of
LINKED_WORD, LINKED_SKETCH, LINKED_PHOTO, LINKED_FRAME = "word", "sketch", "photo", "frame"  # in the URL
LINKED_SEED = "seed"  # likewise
EMPTY = "empty"  # canvas, in the URL and below its tile
TILES = (EMPTY, FIRST_SKETCH, "lighthouse", "starfish", "horse", "daisy", *START_PHOTOS)
PAGE = "story"  # in the keys of `ui.shared.page_pictures`
_PICTURES = f"{PAGE}-pictures"  # likewise
_PHOTO_QUALITY = 85  # of WebP
GREY = CANVASES[COMPARED_CANVAS].colours[0]  # of the empty canvas
_OWN_PHOTO = "own"  # in the URL, which has no room for it


@dataclass(frozen=True, eq=False)
class FramedPhoto:
    """A photo under a frame.

    position: of the frame, as `framed_square` takes it. name: one of `START_PHOTOS`; empty for the visitor's own.
    """

    photo: Photo
    position: float = MIDDLE
    name: str = ""

    @cached_property
    def square(self) -> np.ndarray:
        """The square in the frame, uint8 (S, S, 3)."""
        return framed_square(self.photo.pixels, self.position)


@dataclass(frozen=True, eq=False)
class StoryStart:
    """Start of a painting, and the word to paint, which may be unknown or empty.

    sketch: uint8 (32, 32, 3); if a photo is chosen, the sketch shown before it. seed: how many tries came before.
    """

    sketch: np.ndarray
    word: str
    photo: FramedPhoto | None = None
    seed: int = 0

    @property
    def picture(self) -> np.ndarray:
        """The sketch, or the square of the photo, uint8 (S, S, 3)."""
        return self.sketch if self.photo is None else self.photo.square

    @property
    def name(self) -> str:
        """Name of the tile that shows this very picture; empty if none does."""
        if self.photo is not None:
            return self.photo.name if self.photo.position == MIDDLE else ""
        return EMPTY if np.array_equal(bundled(EMPTY), self.sketch) else sketch_name(self.sketch)

    @property
    def tile(self) -> str:
        """Name of the originating tile, even if its frame was moved; empty for the visitor's own picture."""
        return self.name if self.photo is None else self.photo.name

    @property
    def start(self) -> StartName:
        """Key in `core.pgd.starts.STARTS`."""
        return "photo" if self.photo is not None else COMPARED_CANVAS if self.name == EMPTY else "sketch"

    @property
    def painting(self) -> Painting:
        """The painting that a press begins, by the leading method in quick steps."""
        pixels = None if self.start == COMPARED_CANVAS else self.picture
        first = Painting.default(self.word, self.start, painter=painter_name(), pixels=pixels, quick=True)
        return replace(first, seed=self.seed)

    @property
    def plan(self) -> RunPlan:
        """The plan of its run."""
        if self.photo is None:
            return self.painting.plan()
        return self.painting.plan(self.photo.photo.name, own=not self.photo.name)

    @property
    def is_known(self) -> bool:
        """True if the painter knows the word."""
        return bool(self.word and find_word(self.word, ROW.classes))

    @property
    def stored(self) -> GalleryWord | None:
        """The stored painting, from an empty canvas that of the gallery; None if there is none."""
        if self.seed:
            return None
        if self.start == "grey":
            return stored_word(self.word)
        if not self.name or self.word != word_of(self.name):
            return None
        return (drawn_photos() if self.start == "photo" else drawn_sketches())[self.name]


def of_tile(name: str, word: str) -> StoryStart:
    """Return what a tile shows, with a word; name: one of `TILES` or of `SKETCHES`."""
    if name in START_PHOTOS:
        return StoryStart(bundled(FIRST_SKETCH), word, bundled_photo(name))
    return StoryStart(bundled(name), word)


def tile_picture(name: str) -> np.ndarray:
    """Return what a tile shows, uint8 (S, S, 3): the start or, for the empty canvas, what it first becomes."""
    chosen = of_tile(name, word_of(name))
    if name == EMPTY and chosen.stored is not None:
        return chosen.stored.drawings[leading(COMPARED)].pixels()
    return chosen.picture


def bundled(name: str) -> np.ndarray:
    """Return a bundled sketch or the empty canvas, uint8 (32, 32, 3)."""
    if name == EMPTY:
        return empty_sketch(COMPARED_CANVAS)
    return draw_sketch(name)


@cache
def _whole(name: str) -> Photo:
    pixels = photo_strip(name)
    return Photo(
        pixels,
        lossy_data_uri(webp_strip(pixels.transpose(2, 0, 1)[None], _PHOTO_QUALITY)),
        START_PHOTOS[name].caption,
        bundled=True,
    )


def bundled_photo(name: str, position: float = MIDDLE) -> FramedPhoto:
    """Return a bundled photo under a frame; name: one of `START_PHOTOS`."""
    return FramedPhoto(_whole(name), position, name)


def word_of(name: str) -> str:
    """Return the word to begin with from a tile."""
    if name in START_PHOTOS:
        return START_PHOTOS[name].word
    return SKETCHES[name].word if name in SKETCHES else opening_words()[0]


# Parameters of the page *Paint* in links, and its names of starts.
DRAW_LINKS = {
    "start": opened.START,
    "sketch": opened.SKETCH,
    "words": opened.words_key(ROW),
    "labels": {start: STARTS[start].label for start in ("grey", "sketch")},
}


def start_in_draw(word: GalleryWord) -> list[tuple[str, str]]:
    """Return the parameters of *Paint*'s URL that choose the start of a stored painting."""
    chosen = to_link(word.painting(leading(COMPARED))).items()
    return [(name, value) for name, value in chosen if name.startswith((opened.START, f"{opened.PAGE}-picture"))]


def link_to_draw(word: GalleryWord) -> str:
    """Return the URL of *Paint* with a stored painting, relative to the app's."""
    return opened.link_to(word)


# ---- the session and the URL ---------------------------------------------------------------------------------------


def chosen() -> StoryStart:
    """Return the current choice, initially from the URL."""
    state = st.session_state
    if SKETCH not in state:
        word, linked, photo = url.text(LINKED_WORD), url.text(LINKED_SKETCH), url.text(LINKED_PHOTO)
        name = linked if linked in (EMPTY, *SKETCHES) else EMPTY if word and not linked else FIRST_SKETCH
        state[SKETCH], state[PHOTO] = bundled(name), None
        if linked and linked != name:
            with suppress(ValueError):
                state[SKETCH] = decode_sketch(linked, SKETCH_SIZE)
        percent = url.number(LINKED_FRAME, range(101))
        position = MIDDLE if percent is None else percent / 100
        if photo == _OWN_PHOTO and (own := own_photo()) is not None:
            state[PHOTO] = FramedPhoto(own, position)
        elif photo == _OWN_PHOTO:
            state[f"{PAGE}.{MISSING}"] = True
        if photo in START_PHOTOS:
            state[PHOTO] = bundled_photo(photo, position)
        state[WORD] = word or word_of(StoryStart(state[SKETCH], "", state[PHOTO]).name or FIRST_SKETCH)
        state[_SEED] = *_subject(), url.number(LINKED_SEED, range(LAST_SEED + 1)) or 0
    sketch, photo, word = _subject()
    *tried, seed = state.get(_SEED, (sketch, photo, word, 0))
    is_same = tried[0] is sketch and tried[1] is photo and tried[2] == word
    return StoryStart(sketch, word, photo, seed if is_same else 0)


def _subject() -> tuple[Any, Any, Any]:
    """Return what a seed is of: whatever the visitor changes is another array, photo or word."""
    state = st.session_state
    return state[SKETCH], state.get(PHOTO), state[WORD]


def put_in_url(chosen: StoryStart) -> None:
    """Write the choice to the URL, unless it is the default; of an upload, that there is one."""
    linked: dict[str, str] = {}
    if chosen.photo is not None:
        percent = round(100 * chosen.photo.position)
        linked = {LINKED_PHOTO: chosen.photo.name or _OWN_PHOTO}
        linked |= {} if percent == 50 else {LINKED_FRAME: str(percent)}
    elif (chosen.name, chosen.word, chosen.seed) != (FIRST_SKETCH, word_of(FIRST_SKETCH), 0):
        with suppress(ValueError):
            linked = {LINKED_SKETCH: chosen.name or encode_sketch(chosen.sketch)}
    if linked and chosen.word:
        linked[LINKED_WORD] = chosen.word
        linked |= {LINKED_SEED: str(chosen.seed)} if chosen.seed else {}
    for name in (LINKED_SKETCH, LINKED_PHOTO, LINKED_FRAME, LINKED_WORD, LINKED_SEED):
        url.put(name, linked.get(name))


def forget() -> None:
    """Forget what is chosen; the URL then says it."""
    for name in (SKETCH, PHOTO, WORD, _SEED):
        st.session_state.pop(name, None)
    forget_missing(PAGE)


# ---- what the visitor does: callbacks ------------------------------------------------------------------------------


def choose(name: str) -> None:
    """Choose a tile with its word; the empty canvas keeps a word the visitor typed."""
    forget_missing(PAGE)
    before, state = chosen(), st.session_state
    state[PHOTO] = bundled_photo(name) if name in START_PHOTOS else None
    if name not in START_PHOTOS:
        state[SKETCH] = bundled(name)
    if name != EMPTY or before.word in ("", word_of(before.name)):
        state[WORD] = word_of(name)


def paint(sketch: np.ndarray) -> None:
    """Make a picture the visitor's sketch, uint8 (32, 32, 3)."""
    st.session_state[SKETCH] = sketch


def take_upload() -> None:
    """Start from the photo that the visitor has just uploaded, if there is one; the word stays. Not for callbacks."""
    state = st.session_state
    if state.get(_PICTURES) == UPLOAD:
        state[PHOTO] = FramedPhoto(state[f"{PAGE}.own"].photo)
    state[_PICTURES] = ROW.title


def choose_own() -> None:
    """Start from the visitor's photo again."""
    st.session_state[PHOTO] = FramedPhoto(st.session_state[f"{PAGE}.own"].photo)


def own_photo() -> Photo | None:
    """Return the visitor's photo, if there is one."""
    picture = st.session_state.get(f"{PAGE}.own")
    return None if picture is None else picture.photo


def move_frame(position: float) -> None:
    """Move the photo's frame, to a whole percent, as links have it."""
    if (photo := st.session_state.get(PHOTO)) is not None:
        st.session_state[PHOTO] = replace(photo, position=round(position, 2))


def try_again() -> None:
    """Choose another try at the same painting, by the next seed."""
    st.session_state[_SEED] = *_subject(), (chosen().seed + 1) % (LAST_SEED + 1)


def choose_word(word: str | None) -> None:
    """Choose a word; None or an empty text if there is none."""
    st.session_state[WORD] = word or ""
