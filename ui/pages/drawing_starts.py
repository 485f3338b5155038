"""Starts of the page *Paint*: a sketch, a photo or a canvas, and the tiles that choose one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.data.canvases import (
    CANVASES,
    COMPARED_CANVAS,
    DEFAULT_CANVAS,
    TRIES,
    canvas_of,
    empty_sketch,
    paint_canvas,
    tried_canvases,
)
from core.data.picture_files import square_image, to_uint8
from core.data.sample_sets import SampleSet
from core.data.sketches import (
    PALETTE,
    SKETCH_SIZE,
    SKETCHES,
    decode_sketch,
    draw_sketch,
    encode_sketch,
    sketch_name,
)
from core.data.words import find_word
from core.pgd.drawings import PAINTED_PHOTOS, picked_words
from core.pgd.plan import RunPlan
from core.pgd.starts import MADE_STARTS, STARTS, StartName, draw_starts, set_start, sketch_start, start_facts
from core.pgd.views import MIN_CROP_SIZE
from ui.components.painters.painters import sketch_painter
from ui.components.pictures.picture_widgets import Thumbnails, TileStyle, image_picker, pack_thumbnails
from ui.runs.gallery_pictures import photo_counts, sketch_counts
from ui.runs.opened import PAGE, SKETCH, SKETCHED, START, words_key
from ui.shared import url
from ui.shared.page_pictures import UPLOAD, Picture, frame_own_photo, page_picture, picture_line
from ui.shared.url import as_markdown, settable_in_url

_PICTURES = f"{PAGE}-pictures"  # in the URL and in the session
_SKY = PALETTE["sky blue"]
_SKETCH_TILES, _PHOTO_TILES = (TileStyle(size=size) for size in (44, 60))  # below the chosen one
_CANVAS_TILES, _CANVAS_PIXELS = TileStyle(size=40, line=True), 80


def is_large(row: SampleSet) -> bool:
    """Return True for a set of large pictures: it has a gallery of drawings, words for sketches, and canvases."""
    return row.image_size >= MIN_CROP_SIZE


def usual_words(row: SampleSet, start: StartName) -> list[str]:
    """Return the words to begin with from a start."""
    if start == "sketch" and sketches_of(row):
        return [next(iter(sketches_of(row).values()))]
    if start in CANVASES and {*row.drawn} <= {*picked_words()}:  # a set with our gallery
        return [picked_words()[0]]
    return [row.photo_word or row.drawn[0]] if start == "photo" else list(row.drawn)


# ---- which start -------------------------------------------------------------------------------------------------


def offered_starts(row: SampleSet) -> list[StartName]:
    """Return the starts that the page offers for a set, the default first.

    A class without images here has no blur, so large drawings start from a sketch or a canvas.
    """
    starts: list[StartName] = list(STARTS)
    if not is_large(row):
        return starts
    canvases: list[StartName] = [DEFAULT_CANVAS, *(name for name in CANVASES if name != DEFAULT_CANVAS)]
    first: list[StartName] = ["sketch", "photo", *canvases] if sketches_of(row) else [*canvases, "sketch", "photo"]
    return [*first, *(start for start in starts if start not in ("blur", *first))]


def made_start(row: SampleSet) -> StartName:
    """Return the default start of a drawing from a word alone."""
    return next(start for start in offered_starts(row) if start in MADE_STARTS)


def compared_start(row: SampleSet) -> StartName:
    """Return the start of the stored drawings of a set's words, which are compared with the paper's method."""
    return COMPARED_CANVAS if is_large(row) else made_start(row)


def choose_start(row: SampleSet) -> StartName:
    """Draw the menu of starts; return the chosen one."""
    offered = {STARTS[start].label: start for start in offered_starts(row)}
    first = next(iter(offered))
    if st.session_state.get(START, first) not in offered:
        st.session_state[START] = first  # the chosen start belongs to another set
    if START not in st.session_state and url.texts(words_key(row)) and not {START, SKETCH} & url.names():
        st.session_state[START] = STARTS[compared_start(row)].label  # links of before, when a word was the default
    about = " ".join(f"*{label}*: {STARTS[start].source}" for label, start in offered.items())
    labels = list(offered)
    label = settable_in_url(
        START,
        lambda name, value: st.selectbox("Start from", labels, labels.index(value), key=name, help=about),
        first,
        lambda text: text if text in offered else None,
    )
    return offered[label]


def choose_beginning(container: DeltaGenerator, row: SampleSet, start: StartName) -> None:
    """Draw the choice to begin with a sketch, a photo or a canvas, and the canvases as tiles."""
    key, state, current = f"{PAGE}.begin", st.session_state, _beginning(row, start)
    starts: dict[str, StartName] = {_beginning(row, name): name for name in ("sketch", "photo", made_start(row))}
    word_keys = {name: f"{words_key(row)}.{name}" for name in starts}  # each beginning keeps its own word

    def begin() -> None:
        chosen = state[key]
        state[word_keys[current]] = state[words_key(row)]
        state[words_key(row)] = state.get(word_keys[chosen], usual_words(row, starts[chosen]))
        state[START] = STARTS[starts[chosen]].label

    state[key] = current
    with container, st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.segmented_control(
            "Begin with", list(starts), key=key, on_change=begin, required=True, label_visibility="collapsed"
        )
        if start in MADE_STARTS and is_large(row):
            with st.container(width=len(CANVASES) * (_CANVAS_TILES.size + 6) + 6, key=f"{PAGE}.canvases"):
                _choose_canvas(start)


def _beginning(row: SampleSet, start: StartName) -> str:
    """Return the title of the beginning that has a start."""
    if STARTS[start].supplied:
        return STARTS[start].label
    return "Canvas" if is_large(row) else "Word"


def _choose_canvas(start: StartName) -> None:
    """Draw the canvases; a click chooses one as the start."""
    names = list(CANVASES)
    image_picker(
        _canvas_thumbnails(),
        selected=names.index(start) if start in CANVASES else -1,
        key=f"{PAGE}.canvas",
        label="Canvases",
        on_pick=lambda index: st.session_state.update({START: STARTS[names[index]].label}),
        style=_CANVAS_TILES,
    )


@cache
def _canvas_thumbnails() -> Thumbnails:
    pictures = [to_uint8(paint_canvas(name, _CANVAS_PIXELS)) for name in CANVASES]
    return pack_thumbnails(np.stack(pictures), [canvas.title for canvas in CANVASES.values()])


def four_tries(plan: RunPlan, row: SampleSet) -> RunPlan:
    """Return the plan of `TRIES` tries at a drawing: on canvases that share settings, or by as many seeds."""
    start: StartName = plan.images["start"]
    if start in CANVASES:
        names, targets = tried_canvases(start), [str(target) for target in plan.targets]
        seeds = [plan.seed + names[:k].count(name) for k, name in enumerate(names)]
        starts = [
            (draw_starts(targets, 1, row.name, seed, name)[0], start_facts(targets, row.name, name))
            for seed, name in zip(seeds, names, strict=True)
        ]
        return plan.from_each(starts, seeds)
    if start not in MADE_STARTS:
        return plan.repeated(TRIES)
    return plan.repeated(TRIES, draw_starts(list(map(str, plan.targets)), TRIES, row.name, plan.seed, start))


# ---- the start itself --------------------------------------------------------------------------------------------


def draw_start(
    column: DeltaGenerator | None,
    expert: DeltaGenerator,
    row: SampleSet,
    targets: list[str],
    start: StartName,
    seed: int,
) -> tuple[np.ndarray | None, Mapping[str, str]]:
    """Draw what the starts depend on; return them, (B, 3, H, W) float32, with their metadata."""
    if column is not None:
        with column:
            if start == "sketch":
                planes, facts = sketch_start(_sketch(row), row.image_size)
            else:
                square, picture = _picture(row)
                planes = square.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
                facts = {"dataset": start, "start": start, "credit": f"Start: {picture.caption}"}
                is_ours = picture.photo is not None and picture.photo.bundled
                facts |= {"own": "yes"} if picture.own and not is_ours else {}
        if not targets:
            return None, {}
        return np.repeat(planes[None], len(targets), axis=0), facts
    for why in dict.fromkeys(set_start(target, row.name, start).why for target in targets):
        if why:
            expert.markdown(as_markdown(why))
    if not targets:
        return None, {}
    return draw_starts(targets, 1, row.name, seed, start), start_facts(targets, row.name, start)


def start_tiles(row: SampleSet, start: StartName) -> None:
    """Draw other sketches or photos to begin with, below the chosen one."""
    if start == "sketch":
        _bundled_sketches(row)
    else:
        picture_line(PAGE, _PHOTO_TILES)
        if row.name == PAINTED_PHOTOS:
            text, about = photo_counts()
            st.markdown(text, help=about)


def keep_sketch(picture: np.ndarray) -> None:
    """Make a uint8 (32, 32, 3) picture the visitor's sketch; for callbacks."""
    st.session_state[SKETCHED] = picture


def first_sketch(row: SampleSet) -> np.ndarray:
    """Return the sketch to begin with, uint8 (32, 32, 3); empty sky if no bundled one is of the set's classes."""
    name = next(iter(sketches_of(row)), None)
    return np.full((SKETCH_SIZE, SKETCH_SIZE, 3), _SKY, np.uint8) if name is None else draw_sketch(name)


def sketches_of(row: SampleSet) -> dict[str, str]:
    """Return the bundled sketches of a set, with the word that each is of."""
    word_of = {name: sketch.word if is_large(row) else name for name, sketch in SKETCHES.items()}
    return {name: word for name, word in word_of.items() if find_word(word, row.classes)}


def shown_sketch(row: SampleSet, targets: list[str]) -> str | None:
    """Return the bundled sketch that the painter shows and the targets are of; None if there is none."""
    name = sketch_name(st.session_state[SKETCHED])
    return name if name and targets == [sketches_of(row).get(name)] else None


def _sketch(row: SampleSet) -> np.ndarray:
    """Draw the painter of sketches; return the sketch, uint8 (32, 32, 3)."""
    state, first = st.session_state, first_sketch(row)
    if SKETCHED not in state:
        state[SKETCHED] = first
        if linked := url.text(SKETCH):
            try:
                state[SKETCHED] = decode_sketch(linked, SKETCH_SIZE)
            except ValueError:
                url.refuse(SKETCH)
    sketch_painter(state[SKETCHED], key=f"{PAGE}.painter", on_paint=keep_sketch, background=_SKY, verb="Paint")
    text = None
    try:
        text = encode_sketch(state[SKETCHED])
    except ValueError:
        st.caption("This sketch is too detailed to fit into a link.")
    url.put(SKETCH, text, encode_sketch(first))
    return state[SKETCHED]


def _bundled_sketches(row: SampleSet) -> None:
    """Draw the empty sketches and the bundled ones; choosing one also chooses its word."""
    sketches = sketches_of(row)
    names: list[str] = [*CANVASES, *sketches]

    def pick(index: int) -> None:
        if (name := names[index]) in sketches:
            keep_sketch(draw_sketch(name))
            st.session_state[words_key(row)] = [sketches[name]]
        else:
            keep_sketch(empty_sketch(list(CANVASES)[index]))

    chosen = canvas_of(st.session_state[SKETCHED]) or sketch_name(st.session_state[SKETCHED])
    image_picker(
        _sketch_thumbnails(tuple(sketches.items())),
        selected=names.index(chosen) if chosen in names else -1,
        key=f"{PAGE}.sketches",
        label="Bundled sketches",
        on_pick=pick,
        style=replace(_SKETCH_TILES, opens="st-key-generation-painter"),
    )
    if is_large(row) and sketches:
        text, about = sketch_counts()
        st.markdown(text, help=about)


@cache
def _sketch_thumbnails(sketches: tuple[tuple[str, str], ...]) -> Thumbnails:
    pictures = [*map(empty_sketch, CANVASES), *(draw_sketch(name) for name, _ in sketches)]
    empty = [f"Empty sketch: {canvas.title.lower()}" for canvas in CANVASES.values()]
    return pack_thumbnails(np.stack(pictures), [*empty, *(word for _, word in sketches)])


def _picture(row: SampleSet) -> tuple[np.ndarray, Picture]:
    """Draw the chosen picture; return it as a start, uint8 (size, size, 3), and unchanged."""
    chosen = st.session_state.get(_PICTURES) or url.text(_PICTURES)
    st.session_state[_PICTURES] = UPLOAD if chosen == UPLOAD else row.title  # no pictures of another set
    picture = page_picture(PAGE, row.title)
    pixels = picture.pixels.transpose(1, 2, 0)
    if not frame_own_photo(PAGE):
        st.image(pixels, caption=picture.caption, width="stretch")
    return square_image(pixels, row.image_size, resize_to=row.image_size), picture
