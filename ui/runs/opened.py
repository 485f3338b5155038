"""A picture that the page *Paint* opens: its word, start, method, network and settings, as the page keeps them.

The gallery, the story and *Show the last run* all open a picture by `show`, so each reproduces it: a picture that is
stored, or was painted in this visit, is there without waiting.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_title
from core.data.datasets import sample_position
from core.data.sample_sets import SampleSet
from core.pgd.drawings import GalleryWord
from core.pgd.links import to_link, to_settings, word_parameter
from core.pgd.methods import COMPARED, MethodName, leading
from core.pgd.painting import Painting
from core.pgd.settings import Task
from core.pgd.starts import STARTS
from ui.runs.replay import forget_settings, target_of
from ui.runs.second_opinion import sample_set_of
from ui.runs.state import RunRequest, RunResult, run_state
from ui.server.cache import ready_classifiers
from ui.shared import url
from ui.shared.page_pictures import UPLOAD, Picture, frame_place, sample_picture, take_picture

PAGE: Task = "generation"
SET, START, SKETCH = f"{PAGE}-set", f"{PAGE}-start-from", f"{PAGE}-sketch"  # in the URL and in the session
# In the session: the sketch; whether a run shall begin without a press.
SKETCHED, ASKED = f"{PAGE}.sketch", f"{PAGE}.asked"
MAX_WORDS = 10


def words_key(row: SampleSet) -> str:
    """Return the name of the words among a set's classes, in the URL and in the session."""
    return word_parameter(PAGE, row)


@dataclass(frozen=True, eq=False, kw_only=True)
class Opened:
    """A painting that the page *Paint* opens, and what that page can show with it.

    painting: by the leading one of `methods`. words: all words of a run of several; empty for the painting's own.
    photo: the start if it is a photo, with its whole picture; None to look it up by its pixels. position: of the frame
    on a photo, from 0 to 1. painters: registry names; empty for the painting's own. methods: in the order of `METHODS`.
    """

    painting: Painting
    words: tuple[str, ...] = ()
    photo: Picture | None = None
    position: float = 0.5
    painters: tuple[str, ...] = ()
    methods: tuple[MethodName, ...] = COMPARED


def link_to(word: GalleryWord) -> str:
    """Return the URL of the page with a stored painting, relative to the app's."""
    return url.link(PAGE, *to_link(word.painting(leading(COMPARED))).items())


def of_word(word: GalleryWord) -> Opened:
    """Return what the page opens for a stored painting."""
    return Opened(painting=word.painting(leading(COMPARED)))


def is_of(word: GalleryWord, request: RunRequest) -> bool:
    """Return True if a request has the painter, the methods, the settings and the seed of a stored painting."""
    plan, painting = request.plan, word.painting(leading(COMPARED))
    if plan is None or request.names != (painting.painter,) or tuple(request.methods) != COMPARED:
        return False
    asked = replace(painting, seed=plan.seed, config=plan.with_method(painting.method).config)
    return not painting.changes(asked)


def of_result(result: RunResult) -> Opened | None:
    """Return what the page opens for a result, as far as its runs know; None if it cannot show it."""
    run, last = result.runs[0], result.runs[-1]
    row = sample_set_of(run)
    if row is None or not row.drawn:
        return None
    painting = Painting.of_run(last.only(0), row.name)
    if painting is None:
        return None
    photo = None
    if (picture := painting.picture) is not None and painting.start == "photo":
        photo = as_start(row, np.moveaxis(picture, -1, 0), run.metadata["images"]["credit"].partition(": ")[2])
    return Opened(
        painting=painting,
        words=tuple(dict.fromkeys(target_of(run, k) for k in range(len(run.start))))[:MAX_WORDS],
        photo=photo,
        painters=tuple(dict.fromkeys(other.metadata["classifier"]["name"] for other in result.runs)),
        methods=COMPARED if result.tries else tuple(dict.fromkeys(other.config.method.name for other in result.runs)),
    )


def as_start(row: SampleSet, pixels: np.ndarray, caption: str = "") -> Picture:
    """Return a photo, (3, H, W) uint8, as a picture: the bundled one if it is one, else the visitor's."""
    position, own = sample_position(row.dataset, pixels), st.session_state.get(f"{PAGE}.own")
    if position is not None:
        return sample_picture(row.name, position)
    if own is not None and np.array_equal(own.pixels, pixels):
        return own  # with the whole photo and its frame to move
    return Picture(pixels, None, row.name, 0, caption, own=True)


def show(opened: Opened, *, begins: bool = False) -> None:
    """Choose on the page *Paint* all that determines a picture; for callbacks and other pages.

    begins: True to begin its run without a press, for a picture that is neither stored nor in the session.
    """
    state, painting, row = st.session_state, opened.painting, opened.painting.row
    forget_settings(PAGE)
    run_state(PAGE).error = ""
    titles = [classifier_title(name) for name in opened.painters or (painting.painter,)]
    if {spec.title for spec in ready_classifiers(row.class_set)}.issuperset(titles):
        state[f"{PAGE}-models-{row.class_set}"] = titles
    state.update(to_settings(painting, opened.methods))
    state[SET], state[START] = row.drawn_title, STARTS[painting.start].label
    state[words_key(row)] = list(opened.words or (painting.word,))
    picture = painting.picture
    if picture is not None and painting.start == "sketch":
        state[SKETCHED] = picture
    elif picture is not None:
        photo = opened.photo or as_start(row, np.moveaxis(picture, -1, 0))
        take_picture(PAGE, UPLOAD if photo.own else row.name, photo if photo.own else photo.position)
        state[frame_place(PAGE)] = opened.position
    state[f"opened.{words_key(row)}"] = True  # nothing begins by a link
    if begins:
        state[ASKED] = True


def open_in_draw(opened: Opened, *, begins: bool = False) -> None:
    """Go to the page *Paint* and show a picture there. begins: as in `show`."""
    show(opened, begins=begins)
    url.open_page(PAGE)
