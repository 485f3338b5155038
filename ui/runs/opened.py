"""A picture that the page *Draw* opens: its word, start, method, network and settings, as the page keeps them.

The gallery, the story and *Show the last run* all open a picture by `show`, so each reproduces it: a picture that is
stored, or was painted in this visit, is there without waiting.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_title
from core.data.sample_sets import SampleSet
from core.data.sketches import SKETCH_SIZE, decode_sketch, encode_sketch
from core.pgd.drawings import GalleryWord
from core.pgd.methods import COMPARED, MethodName, leading
from core.pgd.settings import FIELDS, PGDConfig, Task, defaults, has_quick, same_value
from core.pgd.starts import STARTS, StartName
from ui.runs.replay import forget_settings, target_of
from ui.runs.second_opinion import sample_set_of
from ui.runs.settings import FULL_PACE, QUICK_PACE
from ui.runs.state import RunRequest, RunResult, run_state
from ui.server.cache import ready_classifiers
from ui.shared import url
from ui.shared.page_pictures import UPLOAD, Picture, frame_place, sample_picture, samples, take_picture

PAGE: Task = "generation"
SET, START, SKETCH = f"{PAGE}-set", f"{PAGE}-start-from", f"{PAGE}-sketch"  # in the URL and in the session
# In the session: the sketch; whether a run shall begin without a press.
SKETCHED, ASKED = f"{PAGE}.sketch", f"{PAGE}.asked"
MAX_WORDS = 10


def words_key(row: SampleSet) -> str:
    """Return the name of the words among a set's classes, in the URL and in the session."""
    return f"{PAGE}-classes-{row.class_set}"


@dataclass(frozen=True, eq=False, kw_only=True)
class Opened:
    """Everything that determines a picture of the page *Draw*.

    row: with the words' classes and the picture's size. start: key in `STARTS`. sketch: uint8 (32, 32, 3), or None.
    photo: the start if it is a photo, or None. position: of the frame on a photo of the visitor's own, from 0 to 1.
    painters: registry names. methods: in the order of `METHODS`. config: of the leading method; None for the page's
    defaults.
    """

    row: SampleSet
    words: tuple[str, ...]
    start: StartName
    sketch: np.ndarray | None = None
    photo: Picture | None = None
    position: float = 0.5
    painters: tuple[str, ...]
    methods: tuple[MethodName, ...] = COMPARED
    config: PGDConfig | None = None
    seed: int = 0

    def settings(self) -> dict[str, Any]:
        """Return the page's settings, by their keys in the session."""
        size, method = self.row.image_size, leading(self.methods)
        chosen: dict[str, Any] = {f"{PAGE}-method-{size}": self.methods, f"{PAGE}-seed": self.seed}
        for pace in (QUICK_PACE, FULL_PACE) if has_quick(size, method) else ():
            usual = defaults(PAGE, size, method, start=self.start, quick=pace == QUICK_PACE)
            if self.config is None or not self._numbers(usual):
                return chosen | {f"{PAGE}-pace": pace}
        return chosen | self._numbers(defaults(PAGE, size, method, start=self.start, quick=True))

    def _numbers(self, usual: PGDConfig) -> dict[str, Any]:
        """Return the numbers that differ from the usual ones, by their keys in the session."""
        config = self.config or usual
        return {
            f"{PAGE}-{field.parameter}{f'-{self.row.image_size}' if field.scaled else ''}": getattr(config, name)
            for name, field in FIELDS.items()
            if field.parameter and hasattr(config, name) and not same_value(getattr(config, name), getattr(usual, name))
        }


def of_word(word: GalleryWord) -> Opened:
    """Return what determines a stored drawing."""
    painting = word.painting(leading(COMPARED))
    picture, start = painting.picture, painting.start
    return Opened(
        row=painting.row,
        words=(painting.word,),
        start=start,
        sketch=picture if start == "sketch" else None,
        photo=as_start(painting.row, picture.transpose(2, 0, 1)) if start == "photo" and picture is not None else None,
        painters=(painting.painter,),
        config=painting.config,
        seed=painting.seed,
    )


def link_to(word: GalleryWord) -> str:
    """Return the URL of the page with a stored drawing, relative to the app's."""
    opened = of_word(word)
    shown: list[tuple[str, object]] = [*start_in_url(opened), (words_key(opened.row), word.word)]
    shown += [(name, value) for name, value in opened.settings().items() if isinstance(value, (str, int, float))]
    return url.link(PAGE, *shown)


def start_in_url(opened: Opened) -> list[tuple[str, object]]:
    """Return the parameters of the URL that choose a start: its sketch or a bundled photo, too."""
    chosen: list[tuple[str, object]] = [(START, STARTS[opened.start].label)]
    if opened.sketch is not None:
        chosen.append((SKETCH, encode_sketch(opened.sketch)))
    if opened.photo is not None:
        chosen += [(f"{PAGE}-pictures", opened.row.title), (f"{PAGE}-picture", opened.photo.position)]
    return chosen


def is_of(word: GalleryWord, request: RunRequest) -> bool:
    """Return True if a request has the painter, the methods, the settings and the seed of a stored drawing."""
    plan, painting = request.plan, word.painting(leading(COMPARED))
    if plan is None or request.names != (painting.painter,) or tuple(request.methods) != COMPARED:
        return False
    asked = replace(painting, seed=plan.seed, config=plan.with_method(painting.method).config)
    return not painting.changes(asked)


def of_result(result: RunResult) -> Opened | None:
    """Return what determines a result, as far as its runs know; None if the page cannot show it."""
    run, last = result.runs[0], result.runs[-1]
    row, facts = sample_set_of(run), run.metadata["images"]
    start, sketch, photo = facts.get("start"), None, None
    if row is None or not row.drawn or start not in STARTS:
        return None
    if start == "sketch":
        with suppress(ValueError):
            sketch = decode_sketch(facts.get("sketch", ""), SKETCH_SIZE)
    if start == "photo":
        photo = as_start(row, run.frames[0, 0], facts["credit"].partition(": ")[2])
    return Opened(
        row=row,
        words=tuple(dict.fromkeys(target_of(run, k) for k in range(len(run.start))))[:MAX_WORDS],
        start=start,
        sketch=sketch,
        photo=photo,
        painters=tuple(dict.fromkeys(other.metadata["classifier"]["name"] for other in result.runs)),
        methods=COMPARED if result.tries else tuple(dict.fromkeys(other.config.method.name for other in result.runs)),
        config=last.config,
        seed=run.metadata["seed"],
    )


def as_start(row: SampleSet, pixels: np.ndarray, caption: str = "") -> Picture:
    """Return a photo, (3, H, W) uint8, as a picture: the bundled one if it is one, else the visitor's."""
    images, own = samples(row.name).images, st.session_state.get(f"{PAGE}.own")
    same = (images == pixels).all(axis=(1, 2, 3)) if images.shape[1:] == pixels.shape else np.zeros(1, bool)
    if same.any():
        return sample_picture(row.name, int(same.argmax()))
    if own is not None and np.array_equal(own.pixels, pixels):
        return own  # with the whole photo and its frame to move
    return Picture(pixels, None, row.name, 0, caption, own=True)


def show(opened: Opened, *, begins: bool = False) -> None:
    """Choose on the page *Draw* all that determines a picture; for callbacks and other pages.

    begins: True to begin its run without a press, for a picture that is neither stored nor in the session.
    """
    state, row = st.session_state, opened.row
    forget_settings(PAGE)
    run_state(PAGE).error = ""
    titles = [classifier_title(name) for name in opened.painters]
    if {spec.title for spec in ready_classifiers(row.class_set)}.issuperset(titles):
        state[f"{PAGE}-models-{row.class_set}"] = titles
    state.update(opened.settings())
    state[SET], state[START] = row.drawn_title, STARTS[opened.start].label
    state[words_key(row)] = list(opened.words)
    if opened.sketch is not None:
        state[SKETCHED] = opened.sketch
    if opened.photo is not None:
        own = opened.photo.own
        take_picture(PAGE, UPLOAD if own else row.name, opened.photo if own else opened.photo.position)
        state[frame_place(PAGE)] = opened.position
    state[f"opened.{words_key(row)}"] = True  # nothing begins by a link
    if begins:
        state[ASKED] = True


def open_in_draw(opened: Opened, *, begins: bool = False) -> None:
    """Go to the page *Draw* and show a picture there. begins: as in `show`."""
    show(opened, begins=begins)
    url.open_page(PAGE)
