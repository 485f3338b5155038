"""Figure of the chapter *Hole*: a photograph, the brush, what should be there, and how both methods fill it.

Its run is one of the page *Fill a hole*.
"""

from __future__ import annotations

from functools import cache, partial

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_spec
from core.data.datasets import sample_position
from core.data.holes import hole_size
from core.data.picture_files import square_image
from core.pgd.methods import COMPARED, leading
from core.pgd.settings import Task, defaults
from core.shared import paper
from core.shared.roles import networks_for
from ui.components.painters.painters import mask_painter
from ui.components.pictures.picture_widgets import MAX_TILE, STRIP, Thumbnails, image_picker, pack_thumbnails
from ui.components.words.word_box import word_input
from ui.runs.known_words import keep_unknown, near_words, stands_for, unknown_entry, vocabulary
from ui.runs.panel import Stage, ask_for_run, run_panel
from ui.runs.replay import target_of
from ui.runs.settings import RunSettings
from ui.runs.state import RunRequest, RunResult, fill_request, run_state
from ui.server.cache import ready_classifiers
from ui.shared.page_pictures import Picture, sample_picture, to_picture
from ui.story import data, figures

_FILL_PAGE: Task = "inpainting"  # its run appears there
# Keys in the session; _UNKNOWN: see `keep_unknown`.
_PHOTO, _BRUSHED, _WANTED, _ASKED, _UNKNOWN = (
    f"story.{name}" for name in ("hole", "mask", "wanted", "asked", "unknown")
)
_PHOTOS = data.PHOTOGRAPHS
OFFERED = (_PHOTOS.inpainted, 9, 10, 4)  # photos, by position; we picked them by eye: a cup, a bear, a bison, a dog
_BOX_WIDTH = 320  # pixels


def fill_a_hole() -> None:
    """Draw the photo with its brush, and next to it both fillings, stored ones or the visitor's."""
    state = st.session_state
    position = state.setdefault(_PHOTO, OFFERED[0])
    picture, first = sample_picture(_PHOTOS.name, position), _PHOTOS.mask(position)
    mask = state.setdefault(_BRUSHED, first)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        with st.container(vertical_alignment="center", key="story-hole-photos"):
            image_picker(
                _tiles(),
                selected=OFFERED.index(position),
                key="story.holes",
                label="Photos with a hole",
                on_pick=lambda index: _choose(OFFERED[index]),
                style=STRIP,
            )
        mask_painter(
            to_picture(picture.pixels),
            mask,
            square=round(hole_size(first)),
            proposed=np.array_equal(mask, first),
            key="story.painter",
            on_paint=partial(state.__setitem__, _BRUSHED),
            alt=picture.caption,
            verb="Fill",
        )
    with right:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="story-fill"):
            request = _request(picture, mask)
            ask_for_run(_FILL_PAGE, "Fill", request, state.pop(_ASKED, False) and not request.why)
        run_panel(Stage(_FILL_PAGE, "Fill", lambda: figures.hole_runs(position), _reset, _restore, brief=True), request)


@cache
def _tiles() -> Thumbnails:
    pictures = [sample_picture(_PHOTOS.name, position) for position in OFFERED]
    squares = [square_image(to_picture(picture.pixels), MAX_TILE, resize_to=MAX_TILE) for picture in pictures]
    return pack_thumbnails(np.stack(squares), [picture.caption for picture in pictures])


def _choose(position: int) -> None:
    """Choose a photo with its own hole; for callbacks."""
    state = st.session_state
    if state.get(_PHOTO) != position:
        for key in (_BRUSHED, _WANTED, _UNKNOWN):
            state.pop(key, None)
    state[_PHOTO] = position


def _request(picture: Picture, mask: np.ndarray) -> RunRequest:
    """Draw the box for what should be in the hole; return the run of it by both methods."""
    painters = networks_for("painter", [spec.name for spec in ready_classifiers(_PHOTOS.class_set)])
    specs, was_there = [classifier_spec(name) for name in painters], _PHOTOS.classes.names[picture.label or 0]
    state = st.session_state
    word = state.get(_WANTED) or _PHOTOS.word(picture.position, picture.label or 0)
    unknown = unknown_entry(_UNKNOWN, word)

    def take(entry: str, entered: bool) -> None:
        if not keep_unknown(_UNKNOWN, entry, specs, _PHOTOS.classes, word):
            state[_WANTED], state[_ASKED] = entry, entered

    note = "(what was there)" if word == was_there else stands_for(word, _PHOTOS.classes)
    with st.container(width=_BOX_WIDTH):
        word_input(
            "What should be there?",
            vocabulary(_PHOTOS.classes),
            unknown or word,
            lead="Fill with",
            note=note,
            key="story.wanted.box",
            on_word=take,
            clears=True,
        )
    if unknown:
        near_words("story.near", unknown, specs, _PHOTOS.classes, lambda near: take(near, True))
    config = defaults(_FILL_PAGE, _PHOTOS.image_size, leading(COMPARED), hole_size=hole_size(mask) or None, quick=True)
    chosen = RunSettings(config=config, seed=0, weight=paper.PENALTY_WEIGHT, penalty="eq3")
    return fill_request(picture, mask, word, chosen, specs, COMPARED)


def _restore(result: RunResult) -> None:
    """Restore a run's photo, mask and word; for callbacks."""
    run, state = result.runs[0], st.session_state
    position = None if run.original is None else sample_position(_PHOTOS.dataset, run.original[0])
    if run.mask is not None and position in OFFERED:
        state[_PHOTO], state[_BRUSHED], state[_WANTED] = position, run.mask[0], target_of(run, 0)


def _reset() -> None:
    """Reset to the stored mask and its runs; for callbacks."""
    run_state(_FILL_PAGE).reset()
    for key in (_BRUSHED, _WANTED):
        st.session_state.pop(key, None)
