"""Figure of the chapter *Hole*: a photograph, the brush, what should be there, and how both methods fill it.

Its run is one of the page *Fill a hole*.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_spec
from core.data.holes import hole_size
from core.pgd.methods import COMPARED, leading
from core.pgd.settings import Task, defaults
from core.shared import paper
from core.shared.roles import networks_for
from ui.components.painters.painters import mask_painter
from ui.components.words.word_box import word_input
from ui.runs.known_words import near_words, stands_for, unknown_to, vocabulary
from ui.runs.panel import Stage, ask_for_run, run_panel
from ui.runs.replay import target_of
from ui.runs.settings import RunSettings
from ui.runs.state import RunRequest, RunResult, fill_request, run_state
from ui.server.cache import ready_classifiers
from ui.shared.page_pictures import Picture, sample_picture, to_picture
from ui.story import data, figures

_FILL_PAGE: Task = "inpainting"  # its run appears there
# Keys in the session; _UNKNOWN: a word that the network does not know, and the word at that time.
_BRUSHED, _WANTED, _ASKED, _UNKNOWN = "story.mask", "story.wanted", "story.asked", "story.unknown"
_HENS = data.PHOTOGRAPHS
_BOX_WIDTH = 320  # pixels


def fill_a_hole() -> None:
    """Draw the photo with its brush, and next to it both fillings, stored ones or the visitor's."""
    picture, state = sample_picture(_HENS.name, _HENS.inpainted), st.session_state
    first = _HENS.mask(_HENS.inpainted)
    mask = state.setdefault(_BRUSHED, first)
    left, right = st.columns([2, 3], gap="small")
    with left:
        mask_painter(
            to_picture(picture.pixels),
            mask,
            square=round(hole_size(first)),
            proposed=np.array_equal(mask, first),
            key="story.painter",
            on_paint=partial(state.__setitem__, _BRUSHED),
            alt=picture.caption,
        )
    with right:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="story-fill"):
            request = _request(picture, mask)
            ask_for_run(_FILL_PAGE, "Fill", request, state.pop(_ASKED, False) and not request.why)
        run_panel(Stage(_FILL_PAGE, "Fill", figures.hole_runs, _reset, _restore, brief=True), request)


def _request(picture: Picture, mask: np.ndarray) -> RunRequest:
    """Draw the box for what should be in the hole; return the run of it by both methods."""
    painters = networks_for("painter", [spec.name for spec in ready_classifiers(_HENS.class_set)])
    specs, usual = [classifier_spec(name) for name in painters], _HENS.classes.names[picture.label or 0]
    state = st.session_state
    word = state.get(_WANTED) or usual
    unknown, chosen_then = state.get(_UNKNOWN, ("", word))
    if chosen_then != word:  # another was chosen in the meantime
        unknown = ""

    def take(entry: str, entered: bool) -> None:
        state.pop(_UNKNOWN, None)
        if entry and unknown_to(entry, specs, _HENS.classes) is not None:
            state[_UNKNOWN] = entry, word
        else:
            state[_WANTED], state[_ASKED] = entry, entered

    note = "(what was there)" if word == usual else stands_for(word, _HENS.classes)
    with st.container(width=_BOX_WIDTH):
        word_input(
            "What should be there?",
            vocabulary(_HENS.classes),
            unknown or word,
            lead="Fill with",
            note=note,
            key="story.wanted.box",
            on_word=take,
            clears=True,
        )
    if unknown:
        near_words("story.near", unknown, specs, _HENS.classes, lambda near: take(near, True))
    config = defaults(_FILL_PAGE, _HENS.image_size, leading(COMPARED), hole_size=hole_size(mask) or None, quick=True)
    chosen = RunSettings(config=config, seed=0, weight=paper.PENALTY_WEIGHT, penalty="eq3")
    return fill_request(picture, mask, word, chosen, specs, COMPARED)


def _restore(result: RunResult) -> None:
    """Restore a run's mask and word; for callbacks."""
    run = result.runs[0]
    if run.mask is not None and run.start.shape[-1] == _HENS.image_size:
        st.session_state[_BRUSHED], st.session_state[_WANTED] = run.mask[0], target_of(run, 0)


def _reset() -> None:
    """Reset to the stored mask and its runs; for callbacks."""
    run_state(_FILL_PAGE).reset()
    for key in (_BRUSHED, _WANTED):
        st.session_state.pop(key, None)
