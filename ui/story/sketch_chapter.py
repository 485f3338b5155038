"""Stage of the chapter *Sketch*: a sketch or a photo and a word by the visitor, and what a network paints from them.

The painting is stored for bundled sketches and photos of their own word. Any other is a run of the page *Paint*, which
shows it as well. Text and pictures always belong to what is chosen (`story_start.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import streamlit as st

from core.classifiers.registry import PAPERS_CLIP, classifier_spec
from core.data.canvases import COMPARED_CANVAS
from core.data.picture_files import framed_square, square_image
from core.data.start_photos import START_PHOTOS
from core.pgd.drawings import judge_name, painter_name
from core.pgd.methods import COMPARED
from core.pgd.settings import Task
from core.shared.text import sentence, with_article
from ui.components.painters.painters import sketch_painter
from ui.components.pictures.picture_widgets import MAX_TILE, Thumbnails, TileStyle, image_picker, pack_thumbnails
from ui.components.story.story_parts import Painting, painting
from ui.components.words.word_box import word_input
from ui.runs.export import save_buttons, save_stored
from ui.runs.known_words import about_words, keep_unknown, near_words, stands_for, unknown_entry, vocabulary
from ui.runs.opened import Opened, as_start, of_word, open_in_draw
from ui.runs.panel import REDRAW_SECONDS, begins_again, begins_by_itself, collect
from ui.runs.state import ActiveRun, RunRequest, RunResult, begin_run, run_state
from ui.server.cache import is_ready, load_ahead
from ui.shared import url
from ui.shared.page import MISSING, say_if_missing
from ui.shared.page_pictures import Photo, draw_upload, frame_photo, open_upload
from ui.shared.url import as_markdown, one_line
from ui.story import bridge, scene, story_start
from ui.story.chapters import LEADS, paintings_counted, paragraphs
from ui.story.story_start import PAGE, ROW, TILES, StoryStart

_DRAW_PAGE: Task = "generation"  # its runs appear there
_SHOWN = "story.shown"  # in the session: the painting that was chosen last
_BOX = "story.word.box"
_UNKNOWN = "story.unknown-word"  # in the session: see `keep_unknown`
_LINKED = (story_start.LINKED_WORD, story_start.LINKED_SKETCH, story_start.LINKED_PHOTO)
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
    return OTHER_TITLES.get(story_start.chosen().start, usual)


def facts() -> dict[str, str]:
    """Return what the chapter's sentences say of what is chosen."""
    chosen = story_start.chosen()
    named = with_article(one_line(chosen.word)) if chosen.is_known else "what you name"
    return {"asked": named, "lead": LEADS[chosen.start], "counted": paintings_counted(chosen.start)}


def return_to_link() -> None:
    """Show what the URL says, to which the browser's Back has returned; a painting that is gone begins again."""
    story_start.forget()
    st.session_state.pop(_UNKNOWN, None)
    begins_again(*_LINKED)


def paint_a_sketch() -> None:
    """Draw the stage: the sketch or the photo, the word, and the painting, which is redrawn as it grows."""
    chosen = story_start.chosen()
    # A link begins by itself; a page that was opened without one never does.
    linked = begins_by_itself(_request(chosen) if {*_LINKED} & url.names() else _NOTHING, *_LINKED)
    story_start.put_in_url(chosen)
    _stop_another(chosen)
    is_new = chosen.stored is None and _run_of(chosen) is None
    if linked and chosen.is_known and is_new and f"{PAGE}.{MISSING}" not in st.session_state:
        _press()
    growing = isinstance(_run_of(chosen), ActiveRun)
    say_if_missing(PAGE)
    with st.container(key="story-stage"):
        left, right = st.columns([34, 66], gap="small")
        with left:
            with st.container(key="story-sketch"):
                _painter(chosen)
            _controls(chosen, growing)
        with right, st.container(key="story-painting"):
            # Always a fragment: the element must stay the same.
            st.fragment(_scene, run_every=REDRAW_SECONDS if growing else None)(growing)
    # The visitor is about to press *Paint*; on an empty canvas a word comes first.
    if chosen.start == COMPARED_CANVAS or (chosen.is_known and chosen.stored is None):
        load_ahead((painter_name(), judge_name()), ROW.class_set)


def choose_a_start(text: str, note: str) -> None:
    """Draw pictures to start from, notes, and buttons that go on from the painting.

    text: the chapter's, as HTML, which in a narrow window stands here. note: on all paintings, HTML; its paragraphs
    after the first are folded away.
    """
    chosen = story_start.chosen()
    result = _run_of(chosen)
    if error := run_state(_DRAW_PAGE).message(_request(chosen)):
        st.error(as_markdown(sentence(error)))
    left, right = st.columns([52, 48], gap="small")
    with left:
        _tiles(chosen)
    with right, st.container(key="story-beside", gap="xsmall"):
        counted, end, further = note.partition("</p>")
        st.html(f'<div class="story story-again">{text}</div><div class="story">{counted}{end}</div>')
        with st.container(horizontal=True, gap="small", key="story-save"):
            if st.button("Open in Paint", icon=":material/arrow_forward:", key="story.open"):
                begins = result is None and chosen.stored is None and chosen.is_known
                open_in_draw(_opened(chosen), begins=begins)
            if is_ready(PAPERS_CLIP) and chosen.is_known and st.button("Let CLIP paint it", key="story.clip"):
                known = _opened(chosen)
                by_clip = replace(known.painting, painter=PAPERS_CLIP)
                open_in_draw(replace(known, painting=by_clip, painters=(PAPERS_CLIP,)), begins=True)
            if isinstance(result, RunResult):
                save_buttons(result, key=f"story.{result.id}")
            elif result is None and chosen.stored is not None:
                save_stored(chosen.stored, key=f"story.stored.{chosen.tile}.{chosen.word}")
            details = f'<div class="story">{paragraphs(about_the_start())} {further}</div>'
            st.html(f'<details class="story-details"><summary>Details</summary>{details}</details>', width="content")
    draw_upload(PAGE)


def bridge_to_waves() -> str:
    """Return the chapter's last paragraphs and their bars as HTML."""
    run = _run_of(chosen := story_start.chosen())
    waves = bridge.fast_waves(chosen.plan.start[0]) if isinstance(run, ActiveRun) else bridge.measured(chosen, run)
    text = paragraphs(bridge.waves_text(waves, chosen.start))
    return f"<div>{text}</div>{bridge.bars_html(waves, chosen.start)}"


def about_the_start() -> str:
    """Return a sentence on what a network sees in the start; empty where nothing is painted yet."""
    run = _run_of(chosen := story_start.chosen())
    if isinstance(run, RunResult):
        return scene.first_guess(run.runs[1])
    if run is not None or chosen.stored is None:
        return ""
    return scene.seen_before(chosen.stored, is_photo=chosen.start == "photo")


# ---- pictures to start from ----------------------------------------------------------------------------------------


def _tiles(chosen: StoryStart) -> None:
    """Draw the bundled pictures to start from, and the visitor's photo if there is one."""
    own, state = story_start.own_photo(), st.session_state
    if state.get(_OWN_TILES, (None,))[0] is not own or own is None:
        state[_OWN_TILES] = own, _thumbnails(own)
    thumbnails, count = state[_OWN_TILES][1], len(TILES)
    selected = TILES.index(chosen.tile) if chosen.tile in TILES else -1
    if chosen.photo is not None and not chosen.photo.name:
        selected = count
    names = _NAMES[: len(thumbnails.captions)]

    def pick(index: int) -> None:
        if index < count:
            story_start.choose(TILES[index])
        elif index < len(names):
            story_start.choose_own()
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
    return [story_start.tile_picture(name) for name in TILES]


def _captions() -> list[str]:
    captions = ["An empty canvas: any word, without a sketch"]
    for name in TILES[1:]:
        word, photo = story_start.word_of(name), START_PHOTOS.get(name)
        captions.append(word if photo is None else f"{photo.caption} that becomes {with_article(word)}")
    return captions


# ---- the painter and its runs --------------------------------------------------------------------------------------


def _painter(chosen: StoryStart) -> None:
    """Draw the painter of sketches, or the photo under its frame."""
    if chosen.photo is None:
        colour, key = "red", "story.sketch-painter"
        sketch_painter(chosen.sketch, key=key, on_paint=story_start.paint, background=story_start.GREY, colour=colour)
        return
    frame_photo(chosen.photo.photo, chosen.photo.position, key="story.frame", on_move=story_start.move_frame)


def _controls(chosen: StoryStart, growing: bool) -> None:
    """Draw the box for any word, words near an unknown one, and the button that paints or stops."""

    painter, unknown = [classifier_spec(painter_name())], unknown_entry(_UNKNOWN, chosen.word)

    def take(word: str, entered: bool) -> None:
        if keep_unknown(_UNKNOWN, word, painter, ROW.classes, chosen.word):
            return
        story_start.choose_word(word)
        if entered and story_start.chosen().stored is None:
            _press()

    with st.container(horizontal=True, gap="small", key="story-word"):
        with st.container():
            word_input(
                ANY_WORD,
                vocabulary(ROW.classes),
                unknown or chosen.word,
                note=stands_for(chosen.word, ROW.classes) if chosen.word else "",
                placeholder="Type any word",
                key=_BOX,
                on_word=take,
                clears=True,
            )
        can_paint = chosen.is_known and not unknown
        if growing:
            st.button("Stop", key="story.stop", on_click=_stop)
        else:
            st.button(
                "Paint",
                type="primary",
                key="story.paint",
                on_click=_press,
                disabled=not can_paint,
            )
        if unknown or chosen.word:
            near_words("story.near", unknown or chosen.word, painter, ROW.classes, lambda word: take(word, True))


def _press() -> None:
    """Start painting; for callbacks."""
    chosen = story_start.chosen()
    if chosen.is_known:
        run_state(_DRAW_PAGE).error = ""
        begin_run(_DRAW_PAGE, _request(chosen))


def _stop() -> None:
    """Stop painting; for callbacks."""
    if (active := run_state(_DRAW_PAGE).active) is not None:
        active.job.stop()


def _stop_another(chosen: StoryStart) -> None:
    """Stop the run of what was chosen before."""
    before, st.session_state[_SHOWN] = st.session_state.get(_SHOWN), chosen.painting
    if before not in (None, chosen.painting) and isinstance(active := run_state(_DRAW_PAGE).of(before), ActiveRun):
        active.job.stop()


def _run_of(chosen: StoryStart) -> ActiveRun | RunResult | None:
    """Return the run of what is chosen, in progress or ended; None if there is none."""
    state = run_state(_DRAW_PAGE)
    if state.active is not None and not state.running:
        collect(state)
    return state.of(chosen.painting)


def _request(chosen: StoryStart) -> RunRequest:
    """Return the run by both methods, as the page *Paint* requests it."""
    return RunRequest(chosen.plan, "", (painter_name(),), COMPARED, ROW.class_set)


def _opened(chosen: StoryStart) -> Opened:
    """Return what the page *Paint* opens: the stored painting, else the run's or the one to come."""
    if chosen.stored is not None and _run_of(chosen) is None:
        return of_word(chosen.stored)
    if chosen.photo is None:
        known = chosen if chosen.is_known else replace(chosen, word=story_start.word_of(chosen.tile))
        return Opened(painting=known.painting)
    position = chosen.photo.position
    photo = chosen.photo.photo.framed(ROW.name, position)
    photo = as_start(ROW, photo.pixels) if chosen.name else photo
    return Opened(painting=chosen.painting, photo=photo, position=position)


def _scene(growing: bool) -> None:
    """Draw the painting. growing: True while its run is in progress."""
    run = _run_of(chosen := story_start.chosen())
    if isinstance(run, ActiveRun) != growing:
        st.rerun()
    if isinstance(run, ActiveRun):
        painted = scene.growing(run)
    elif run is not None:
        painted = scene.ended(run)
    elif chosen.stored is not None:
        painted = scene.stored(chosen.stored)
    else:
        painted = scene.before(_request(chosen), chosen.is_known)
    painted = replace(painted, ways=_next_steps(chosen, painted))
    start = "sketch" if chosen.photo is None else "photo"
    painting(painted, chosen.picture, start, key="story.painting", on_again=_try_again)


def _next_steps(chosen: StoryStart, painted: Painting) -> tuple[str, ...]:
    """Return what to offer below a painting that the second network does not recognise, as `Painting.ways`."""
    if painted.phase != "ended" or painted.agrees or not painted.judged:
        return ()
    return ("again", "blobs") if chosen.start == COMPARED_CANVAS else ("again",)


def _try_again() -> None:
    """Paint the same by another seed; for callbacks."""
    story_start.try_again()
    _press()
