"""Stage of the chapter *Sketch*: a sketch or a photo and a word by the visitor, and what a network paints from them.

The painting is stored for bundled sketches and photos of their own word. Any other is a run of the page *Draw*, which
shows it as well. Text and pictures always belong to what is chosen (`beginning.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_spec
from core.data.picture_files import framed_square, square_image
from core.data.start_photos import START_PHOTOS
from core.pgd.drawings import judge_name, painter_name
from core.pgd.methods import COMPARED
from core.pgd.settings import Task
from core.shared.text import sentence, with_article
from ui.components.painters.painters import sketch_painter
from ui.components.pictures.picture_widgets import MAX_TILE, Thumbnails, TileStyle, image_picker, pack_thumbnails
from ui.components.story.story_parts import painting
from ui.components.words.word_box import word_input
from ui.runs.export import save_buttons, save_stored
from ui.runs.known_words import about_words, near_words, stands_for, vocabulary
from ui.runs.opened import Opened, as_start, of_word, open_in_draw
from ui.runs.panel import REDRAW_SECONDS, begins_by_itself, collect
from ui.runs.state import ActiveRun, RunRequest, RunResult, run_state, start
from ui.server.cache import load_ahead
from ui.shared import url
from ui.shared.page_pictures import Photo, draw_upload, frame_photo, open_upload
from ui.shared.url import as_markdown, one_line
from ui.story import beginning, bridge, scene
from ui.story.beginning import PAGE, ROW, TILES, Beginning
from ui.story.chapters import LEADS, paintings_counted, paragraphs

_DRAW_PAGE: Task = "generation"  # its runs appear there
_SHOWN = "story.shown"  # in the session: the painting that was chosen last
_BOX = "story.word.box"
_LINKED = (beginning.LINKED_WORD, beginning.LINKED_SKETCH, beginning.LINKED_PHOTO)
_NOTHING = RunRequest(None, "", (), COMPARED, ROW.class_set)
ANY_WORD = f"Any of {about_words(ROW.classes)}"
TILE_SIZE = 64  # pixels
_NAMES = [*(START_PHOTOS[name].title if name in START_PHOTOS else name for name in TILES), "photo"]
_OWN_TILES = "story.own-tiles"  # in the session: the visitor's photo, and the tiles with it
_STAGE = "st-key-story-painting"  # CSS class of what a tile changes


# Of the chapter, by what is painted over other than a sketch.
OTHER_TITLES = {"photo": "Turn any photo into whatever you name", "grey": "You name it, the network paints it"}


def title(usual: str) -> str:
    """Return the chapter's title; usual: that of a sketch."""
    return OTHER_TITLES.get(beginning.chosen().start, usual)


def facts() -> dict[str, str]:
    """Return what the chapter's sentences say of what is chosen."""
    begin = beginning.chosen()
    asked = with_article(one_line(begin.word)) if begin.is_known else "what you name"
    return {"asked": asked, "lead": LEADS[begin.start], "counted": paintings_counted(begin.start)}


def paint_a_sketch() -> None:
    """Draw the stage: the sketch or the photo, the word, and the painting, which is redrawn as it grows."""
    begin = beginning.chosen()
    # A link begins by itself; a page that was opened without one never does.
    linked = begins_by_itself(_request(begin) if {*_LINKED} & url.names() else _NOTHING, *_LINKED)
    beginning.put_in_url(begin)
    _stop_another(begin)
    if linked and begin.is_known and begin.stored is None:
        _press()
    growing = isinstance(_run_of(begin), ActiveRun)
    with st.container(key="story-stage"):
        left, right = st.columns([34, 66], gap="small")
        with left:
            with st.container(key="story-sketch"):
                _painter(begin)
            _controls(begin, growing)
        with right, st.container(key="story-painting"):
            # Always a fragment: the element must stay the same.
            st.fragment(_scene, run_every=REDRAW_SECONDS if growing else None)(growing)
    if begin.is_known and begin.stored is None:  # the visitor is about to press *Paint it*
        load_ahead((painter_name(), judge_name()), ROW.class_set)


def choose_a_start(text: str, note: str) -> None:
    """Draw pictures to start from, notes, and buttons that go on from the painting.

    text: the chapter's, as HTML, which in a narrow window stands here. note: on all paintings, HTML.
    """
    begin = beginning.chosen()
    result = _run_of(begin)
    if error := run_state(_DRAW_PAGE).message(_request(begin)):
        st.error(as_markdown(sentence(error)))
    left, right = st.columns([52, 48], gap="small")
    with left:
        _tiles(begin)
    with right, st.container(key="story-beside", gap="xsmall"):
        notes = f'<div class="story">{paragraphs(about_the_start())} {note}</div>'
        st.html(f'<div class="story story-again">{text}</div>{notes}')
        with st.container(horizontal=True, gap="small", key="story-save"):
            if st.button("Open in Draw", icon=":material/arrow_forward:", key="story.open"):
                begins = result is None and begin.stored is None and begin.is_known
                open_in_draw(_opened(begin), begins=begins)
            if isinstance(result, RunResult):
                save_buttons(result, key=f"story.{result.id}")
            elif result is None and begin.stored is not None:
                save_stored(begin.stored, key=f"story.stored.{begin.tile}.{begin.word}")
    draw_upload(PAGE, frames=False)


def bridge_to_waves() -> str:
    """Return the chapter's last paragraphs and their bars as HTML."""
    run = _run_of(begin := beginning.chosen())
    waves = bridge.fast_waves(begin.plan.start[0]) if isinstance(run, ActiveRun) else bridge.measured(begin, run)
    text = paragraphs(bridge.waves_text(waves, begin.start))
    return f"<div>{text}</div>{bridge.bars_html(waves, begin.start)}"


def about_the_start() -> str:
    """Return a sentence on what a network sees in the start; empty where nothing is painted yet."""
    run = _run_of(begin := beginning.chosen())
    if isinstance(run, RunResult):
        return scene.first_guess(run.runs[1])
    if run is not None or begin.stored is None:
        return ""
    return scene.seen_before(begin.stored, is_photo=begin.start == "photo")


# ---- pictures to start from ----------------------------------------------------------------------------------------


def _tiles(begin: Beginning) -> None:
    """Draw the bundled pictures to start from, and the visitor's photo if there is one."""
    own, state = beginning.own_photo(), st.session_state
    if state.get(_OWN_TILES, (None,))[0] is not own or own is None:
        state[_OWN_TILES] = own, _thumbnails(own)
    thumbnails, count = state[_OWN_TILES][1], len(TILES)
    selected = TILES.index(begin.tile) if begin.tile in TILES else -1
    if begin.photo is not None and not begin.photo.name:
        selected = count
    names = _NAMES[: len(thumbnails.captions)]

    def pick(index: int) -> None:
        if index < count:
            beginning.choose(TILES[index])
        elif index < len(names):
            beginning.choose_own()
        else:
            open_upload(PAGE)

    image_picker(
        thumbnails,
        selected=selected,
        key="story.sketches",
        label="Pictures to start from",
        on_pick=pick,
        style=TileStyle(size=TILE_SIZE, line=True, names=names, opens=_STAGE, adds="your photo"),
    )


def _thumbnails(own: Photo | None) -> Thumbnails:
    """Return the tiles; own: the visitor's photo: its middle is the last one."""
    if own is None:
        return _bundled_thumbnails()
    return _packed([*_pictures(), framed_square(own.pixels, 0.5)], [*_captions(), own.name])


@cache
def _bundled_thumbnails() -> Thumbnails:
    return _packed(_pictures(), _captions())


def _packed(pictures: Sequence[np.ndarray], captions: Sequence[str]) -> Thumbnails:
    """Pack square pictures of any size, uint8 (S, S, 3); sketches keep their pixels."""
    sizes = [picture.repeat(max(1, MAX_TILE // len(picture)), axis=0) for picture in pictures]
    squares = [picture.repeat(max(1, MAX_TILE // picture.shape[1]), axis=1) for picture in sizes]
    return pack_thumbnails(
        np.stack([square_image(square, MAX_TILE, resize_to=MAX_TILE) for square in squares]), captions
    )


def _pictures() -> list[np.ndarray]:
    return [beginning.tile_picture(name) for name in TILES]


def _captions() -> list[str]:
    captions = ["An empty canvas: any word, without a sketch"]
    for name in TILES[1:]:
        word, photo = beginning.word_of(name), START_PHOTOS.get(name)
        captions.append(word if photo is None else f"{photo.caption} that becomes {with_article(word)}")
    return captions


# ---- the painter and its runs --------------------------------------------------------------------------------------


def _painter(begin: Beginning) -> None:
    """Draw the painter of sketches, or the photo under its frame."""
    if begin.photo is None:
        colour, key = "red", "story.sketch-painter"
        sketch_painter(begin.sketch, key=key, on_paint=beginning.paint, background=beginning.GREY, colour=colour)
        return
    frame_photo(begin.photo.photo, begin.photo.position, key="story.frame", on_move=beginning.move_frame)
    if not begin.photo.photo.is_square:
        st.caption("Move the frame to choose the part.")


def _controls(begin: Beginning, growing: bool) -> None:
    """Draw the box for any word, words near an unknown one, and the button that paints or stops."""

    def take(word: str, entered: bool) -> None:
        beginning.choose_word(word)
        if entered and beginning.chosen().stored is None:
            _press()

    with st.container(horizontal=True, gap="small", key="story-word"):
        with st.container():
            word_input(
                ANY_WORD,
                vocabulary(ROW.classes),
                begin.word,
                note=stands_for(begin.word, ROW.classes) if begin.word else "",
                placeholder="Type any word",
                key=_BOX,
                on_word=take,
                clears=True,
            )
        if growing:
            st.button("Stop", key="story.stop", on_click=_stop)
        else:
            st.button("Paint it", type="primary", key="story.paint", on_click=_press, disabled=not begin.is_known)
        if begin.word:
            painter = [classifier_spec(painter_name())]
            near_words("story.near", begin.word, painter, ROW.classes, beginning.choose_word)


def _press() -> None:
    """Start painting; for callbacks."""
    begin = beginning.chosen()
    if begin.is_known:
        run_state(_DRAW_PAGE).error = ""
        start(_DRAW_PAGE, _request(begin))


def _stop() -> None:
    """Stop painting; for callbacks."""
    if (active := run_state(_DRAW_PAGE).active) is not None:
        active.job.stop()


def _stop_another(begin: Beginning) -> None:
    """Stop the run of what was chosen before."""
    before, st.session_state[_SHOWN] = st.session_state.get(_SHOWN), begin.painting
    if before not in (None, begin.painting) and isinstance(active := run_state(_DRAW_PAGE).of(before), ActiveRun):
        active.job.stop()


def _run_of(begin: Beginning) -> ActiveRun | RunResult | None:
    """Return the run of what is chosen, in progress or ended; None if there is none."""
    state = run_state(_DRAW_PAGE)
    if state.active is not None and not state.running:
        collect(state)
    return state.of(begin.painting)


def _request(begin: Beginning) -> RunRequest:
    """Return the run by both methods, as the page *Draw* requests it."""
    return RunRequest(begin.plan, "", (painter_name(),), COMPARED, ROW.class_set)


def _opened(begin: Beginning) -> Opened:
    """Return what the page *Draw* opens: the stored painting, else the run's or the one to come."""
    if begin.stored is not None and _run_of(begin) is None:
        return of_word(begin.stored)
    if begin.photo is None:
        known = begin if begin.is_known else replace(begin, word=beginning.word_of(begin.tile))
        return Opened(painting=known.painting)
    position = begin.photo.position
    photo = begin.photo.photo.framed(ROW.name, position)
    photo = as_start(ROW, photo.pixels) if begin.name else photo
    return Opened(painting=begin.painting, photo=photo, position=position)


def _scene(growing: bool) -> None:
    """Draw the painting. growing: True while its run is in progress."""
    run = _run_of(begin := beginning.chosen())
    if isinstance(run, ActiveRun) != growing:
        st.rerun()
    if isinstance(run, ActiveRun):
        painted = scene.growing(run)
    elif run is not None:
        painted = scene.ended(run)
    elif begin.stored is not None:
        painted = scene.stored(begin.stored)
    else:
        painted = scene.before(_request(begin), begin.is_known)
    painting(painted, begin.picture, "sketch" if begin.photo is None else "photo", key="story.painting")
