"""Stage of the chapter *Sketch*: a sketch and a word by the visitor, and what a network paints from them.

The painting is stored for bundled sketches of their own word. Any other is a run of the page *Draw*, which shows it,
too. Text and pictures always belong to the sketch and the word that are chosen.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache, partial
from typing import Any

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_spec, classifier_title
from core.data.class_statistics import natural_pixels
from core.data.sample_sets import SAMPLE_SETS
from core.data.sketches import (
    SKETCH_SIZE,
    SKETCHES,
    Colour,
    decode_sketch,
    draw_sketch,
    encode_sketch,
    sketch_name,
)
from core.data.words import find_word
from core.pgd.drawings import GalleryWord, drawn_sketches, opening_words, painter_name
from core.pgd.methods import COMPARED, leading
from core.pgd.pictures import Judgement
from core.pgd.plan import RunPlan
from core.pgd.settings import Task, defaults
from core.pgd.starts import STARTS, StartName, draw_starts, sketch_start, start_facts
from core.shared.numbers import duration, sureness
from core.shared.text import sentence, with_article
from ui.components.mount import webp_strip
from ui.components.painters.painters import sketch_painter
from ui.components.pictures.pictures import Thumbnails, TileStyle, image_picker, pack_thumbnails
from ui.components.story.story import Painting, painting
from ui.runs.export import save_buttons
from ui.runs.gallery import stored_word
from ui.runs.judge import judgement_of, second_opinion, to_be_exact
from ui.runs.panel import REDRAW_SECONDS, begins_by_itself, collect, what_one_sees
from ui.runs.replay import target_of, to_uint8_planes
from ui.runs.settings import expected_seconds
from ui.runs.state import ActiveRun, RunRequest, RunResult, run_state, start
from ui.runs.words import about_words, near_words, word_box
from ui.shared import url
from ui.shared.url import as_markdown, one_line

_DRAW_PAGE: Task = "generation"  # whose runs these are
SKETCH, WORD, RUN = "story.sketch", "story.word", "story.run"  # in the session; RUN: its id, and what it is painted of
_BOX = "story.word.box"
LINKED_WORD, LINKED_SKETCH = "word", "sketch"  # in the URL
ROW = SAMPLE_SETS["photographs"]
ANY_WORD = f"Any of {about_words(ROW.classes)}"
FIRST = next(iter(SKETCHES))
EMPTY = "empty"  # canvas, in the URL and below its tile
TILES = (
    EMPTY, FIRST, "lighthouse", "castle", "horse", "daisy", "balloon", "ship", "strawberry", "goldfish", "penguin",
    "panda", "mushroom", "pizza", "umbrella", "bird", "starfish", "barn",
)  # fmt: skip
TILE_SIZE = 64  # pixels
_WEBP_QUALITY = 85
_SURE = 0.99


# ---- what is chosen ----------------------------------------------------------------------------------------------


@cache
def _grey() -> Colour:
    """Return the mean colour of natural pixels, from which a network paints without a sketch."""
    red, green, blue = (round(255 * float(part)) for part in natural_pixels().mean)
    return red, green, blue


def bundled(name: str) -> np.ndarray:
    """Return a bundled sketch or the empty canvas, uint8 (32, 32, 3)."""
    if name == EMPTY:
        return np.full((SKETCH_SIZE, SKETCH_SIZE, 3), _grey(), np.uint8)
    return draw_sketch(name)


def name_of(sketch: np.ndarray) -> str:
    """Return the name of a bundled sketch or of the empty canvas; empty for any other."""
    return EMPTY if np.array_equal(bundled(EMPTY), sketch) else sketch_name(sketch)


def _word_of(name: str) -> str:
    """Return the word to begin with from a sketch."""
    return SKETCHES[name].word if name in SKETCHES else opening_words()[0]


def chosen() -> tuple[np.ndarray, str]:
    """Return the chosen sketch and word, at first the URL's; the word may be unknown or empty."""
    state = st.session_state
    if SKETCH not in state:
        word, linked = url.text(LINKED_WORD), url.text(LINKED_SKETCH)
        name = linked if linked in (EMPTY, *SKETCHES) else EMPTY if word and not linked else FIRST
        state[SKETCH] = bundled(name)
        if linked and linked != name:
            with suppress(ValueError):
                state[SKETCH] = decode_sketch(linked, SKETCH_SIZE)
        state[WORD] = word or _word_of(name_of(state[SKETCH]) or FIRST)
    return state[SKETCH], state[WORD]


def asked() -> str:
    """Return the chosen word with its article, for a sentence."""
    _, word = chosen()
    return with_article(one_line(word)) if word else "what you name"


def _put_in_url(sketch: np.ndarray, word: str) -> None:
    """Write both to the URL, unless they are those that the page opens with."""
    name, linked = name_of(sketch), None
    if (name, word) != (FIRST, _word_of(FIRST)):
        linked = name
        with suppress(ValueError):
            linked = name or encode_sketch(sketch)
    url.put(LINKED_SKETCH, linked or None)
    url.put(LINKED_WORD, word if linked else None)


def leave() -> None:
    """Take the sketch and the word out of the URL; the session keeps them."""
    url.put(LINKED_SKETCH, None)
    url.put(LINKED_WORD, None)


# ---- the stage ---------------------------------------------------------------------------------------------------


def paint_a_sketch() -> None:
    """Draw the painter, the word and the painting, which is redrawn as it grows, and sketches to begin with."""
    sketch, word = chosen()
    request, known = _request(sketch, word), bool(word and find_word(word, ROW.classes))
    linked = begins_by_itself(request, LINKED_WORD, LINKED_SKETCH)
    _put_in_url(sketch, word)
    _stop_another(sketch, word)
    if linked and known and _stored(sketch, word) is None:
        _press()
    growing = isinstance(_shown_run(), ActiveRun)
    with st.container(key="story-stage"):
        left, right = st.columns([34, 66], gap="small")
        with left:
            with st.container(key="story-sketch"):
                paint = partial(_choose, None)
                sketch_painter(sketch, key="story.sketch-painter", on_paint=paint, background=_grey(), colour="red")
            _controls(word, growing, known)
        with right, st.container(key="story-painting"):
            # Always a fragment, so that the element stays the same.
            st.fragment(_scene, run_every=REDRAW_SECONDS if growing else None)(growing)
    image_picker(
        _thumbnails(),
        selected=TILES.index(name) if (name := name_of(sketch)) in TILES else -1,
        key="story.sketches",
        label="Sketches to start from",
        on_pick=lambda index: _choose(TILES[index], bundled(TILES[index])),
        style=TileStyle(size=TILE_SIZE, line=True, names=TILES, opens="st-key-story-painting"),
    )
    state, result = run_state(_DRAW_PAGE), _shown_run()
    if state.error and _is_painted(sketch, word):
        st.error(as_markdown(sentence(state.error)))
    with st.container(horizontal=True, gap="small", key="story-save"):
        if st.button("Open in Draw", icon=":material/arrow_forward:", key="story.open"):
            _set_in_draw(sketch, word)
            url.open_page(_DRAW_PAGE)
        if isinstance(result, RunResult):
            save_buttons(result, key=f"story.{result.id}")


def _controls(word: str, growing: bool, known: bool) -> None:
    """Draw the box for any word, words near an unknown one, and the button that paints or stops."""
    state = st.session_state

    def take() -> None:
        state[WORD] = state[_BOX] or ""

    state[_BOX] = word or None
    with st.container(horizontal=True, gap="small", key="story-word"):
        word_box(
            st.container(),
            ANY_WORD,
            ROW.classes,
            word or None,
            placeholder="Type any word",
            key=_BOX,
            on_change=take,
            label_visibility="collapsed",
        )
        if growing:
            st.button("Stop", key="story.stop", on_click=_stop)
        else:
            st.button("Paint it", type="primary", key="story.paint", on_click=_press, disabled=not known)
        if word:
            painter = [classifier_spec(painter_name())]
            near_words("story.near", word, painter, ROW.classes, partial(state.__setitem__, WORD))


@cache
def _thumbnails() -> Thumbnails:
    captions = ["An empty canvas: any word, without a sketch", *(_word_of(name) for name in TILES[1:])]
    return pack_thumbnails(np.stack([bundled(name) for name in TILES]), captions)


def _choose(name: str | None, sketch: np.ndarray) -> None:
    """Make a picture the visitor's sketch, and choose the word of a bundled one, of this name; for callbacks."""
    before, word = chosen()
    st.session_state[SKETCH] = sketch
    own = word and word != _word_of(name_of(before))  # which an empty canvas keeps
    if name is not None and not (name == EMPTY and own):
        st.session_state[WORD] = _word_of(name)


def _press() -> None:
    """Start painting the sketch; for callbacks."""
    sketch, word = chosen()
    if not word or not find_word(word, ROW.classes):
        return
    state = run_state(_DRAW_PAGE)
    state.error = ""
    if start(_DRAW_PAGE, _request(sketch, word)) and state.active is not None:
        st.session_state[RUN] = state.active.job.id, sketch.tobytes(), word


def _stop() -> None:
    """Stop painting; for callbacks."""
    if (active := run_state(_DRAW_PAGE).active) is not None:
        active.job.stop()


def _is_painted(sketch: np.ndarray, word: str) -> bool:
    """Return True if the last run was started for this sketch and word."""
    return st.session_state.get(RUN, ("",))[1:] == (sketch.tobytes(), word)


def _stop_another(sketch: np.ndarray, word: str) -> None:
    """Stop this chapter's run if it is of another sketch or word than the chosen ones."""
    active = run_state(_DRAW_PAGE).active
    if active is not None and active.job.id == st.session_state.get(RUN, ("",))[0] and not _is_painted(sketch, word):
        active.job.stop()


def _shown_run() -> ActiveRun | RunResult | None:
    """Return the run of the chosen sketch and word, in progress or ended; None if there is none."""
    state = run_state(_DRAW_PAGE)
    if state.active is not None and not state.running:
        collect(state)
    if not _is_painted(*chosen()):
        return None
    number = st.session_state[RUN][0]
    if state.active is not None and state.active.job.id == number:
        return state.active
    return state.result if state.result is not None and state.result.id == number else None


def _start_name(sketch: np.ndarray) -> StartName:
    return "grey" if name_of(sketch) == EMPTY else "sketch"


def _request(sketch: np.ndarray, word: str) -> RunRequest:
    """Return the run of a sketch and a word by both methods, as the page *Draw* requests it."""
    start = _start_name(sketch)
    if start == "grey":
        planes, facts = draw_starts([word], 1, ROW.name, 0, start), dict(start_facts([word], ROW.name, start))
    else:
        picture, facts = sketch_start(sketch, ROW.image_size)
        planes = picture[None]
    config = defaults(_DRAW_PAGE, ROW.image_size, leading(COMPARED), start=start, quick=True)
    plan = RunPlan(targets=(word,), start=planes, config=config, images=facts)
    return RunRequest(plan, "", (painter_name(),), COMPARED, ROW.class_set)


def _set_in_draw(sketch: np.ndarray, word: str) -> None:
    """Choose the sketch, the word and the painter on the page *Draw*."""
    state = st.session_state
    state[f"{_DRAW_PAGE}-set"] = ROW.drawn_title
    state[f"{_DRAW_PAGE}-start-from"] = STARTS[_start_name(sketch)].label
    state[f"{_DRAW_PAGE}.sketch"] = sketch
    state[f"{_DRAW_PAGE}-classes-{ROW.class_set}"] = [word if find_word(word, ROW.classes) else _word_of(FIRST)]
    state[f"{_DRAW_PAGE}-models-{ROW.class_set}"] = [classifier_title(painter_name())]


# ---- the painting ------------------------------------------------------------------------------------------------


def _scene(growing: bool) -> None:
    """Draw the painting. growing: True while its run is in progress."""
    run, (sketch, word) = _shown_run(), chosen()
    if isinstance(run, ActiveRun) != growing:
        st.rerun()
    if isinstance(run, ActiveRun):
        scene = _growing(run)
    elif run is not None:
        scene = _ended(run)
    elif (still := _stored(sketch, word)) is not None:
        scene = stored(still)
    else:
        scene = _before(_request(sketch, word), word)
    painting(scene, sketch, key="story.painting")


def _stored(sketch: np.ndarray, word: str) -> GalleryWord | None:
    """Return the stored painting of a sketch or, from an empty canvas, of a word; None if there is none."""
    name = name_of(sketch)
    if name == EMPTY:
        return stored_word(word)
    return drawn_sketches()[name] if name and word == _word_of(name) else None


def stored(word: GalleryWord) -> Painting:
    """Return a stored painting with what both networks say of it."""
    paper, views = (word.drawings[method] for method in COMPARED)
    judgements = [next(iter(drawing.judgements), None) for drawing in (paper, views)]
    return Painting(
        phase="ended",
        views=views.picture,
        paper=paper.picture,
        claim=claim(views.confidence[-1], word.word),
        **_judged(judgements[1], word.word),
        about_paper=about_paper(paper.confidence[-1], views.confidence[-1], judgements[0]),
    )


def _before(request: RunRequest, word: str) -> Painting:
    """Return what both methods start from, before anything is painted."""
    assert request.plan is not None
    picture = _webp(to_uint8_planes(request.plan.start[0]))
    seconds = expected_seconds(request.plan, request.names, request.methods)
    how_long = "" if seconds is None else f" (about {duration(max(1.0, seconds))})"
    text = f"Press Paint it{how_long}." if word and find_word(word, ROW.classes) else "Choose a word that it knows."
    note = "Starts from the same picture."
    return Painting(phase="new", views=picture, paper=picture, claim=text, about_paper=note)


def _growing(run: ActiveRun) -> Painting:
    """Return the newest moment of a run in progress."""
    job, plan = run.job, run.run.plan
    job.beat()
    moments, pictures, sure = job.moments(), [plan.start[0]] * len(COMPARED), list[float]()
    if moments:
        pictures = [state.images[0].cpu().numpy() for state in moments[-1]]
        sure = [float(state.target_probability[0]) for state in moments[-1]]
    paper, views = (_webp(to_uint8_planes(picture)) for picture in pictures)
    return Painting(
        phase="growing",
        views=views,
        paper=paper,
        claim=claim(sure[1], str(plan.targets[0])) if sure else "",
        judged=what_one_sees(run),
        about_paper=f"{sureness(sure[0])} sure so far." if sure else "Starts from the same picture.",
    )


def _ended(result: RunResult) -> Painting:
    """Return the painting of an ended run, with what both networks say of it."""
    sure = [float(run.curves["target_probability"][-1, 0]) for run in result.runs]
    paper, views = (_webp(run.frames[-1, 0]) for run in result.runs)
    judgements = [None if (said := judgement_of(run)) is None else said.of(0) for run in result.runs]
    early = "" if result.unfinished is None else "Stopped early. "
    text = f"{early}{claim(sure[1], target_of(result.runs[1], 0))} {to_be_exact(result.runs[1], 0)}"
    return Painting(
        phase="ended",
        views=views,
        paper=paper,
        claim=text.strip(),
        **_judged(judgements[1], target_of(result.runs[1], 0)),
        about_paper=about_paper(sure[0], sure[1], judgements[0]),
    )


def _webp(picture: np.ndarray) -> bytes:
    """Encode a (3, H, W) uint8 picture."""
    return webp_strip(picture[None], _WEBP_QUALITY)


def claim(confidence: float, word: str) -> str:
    """Return a sentence on how sure the painter is."""
    return f"The painter is {sureness(confidence)} sure: {with_article(one_line(word))}."


def _judged(judgement: Judgement | None, word: str) -> dict[str, Any]:
    return {} if judgement is None else dict(zip(("judged", "agrees"), second_opinion(judgement, 0, word), strict=True))


def about_paper(confidence: float, views: float, judgement: Judgement | None) -> str:
    """Return sentences on the paper's method: only a sure picture that the second network does not recognise is noise.

    confidence: the painter's, in the picture by the paper's method. views: in the painting by many views.
    """
    also = "Also over" if views > _SURE else "Over"
    sure = f"{also} 99% sure" if confidence > _SURE else f"{sureness(confidence)} sure"
    opinion, agrees = ("", False) if judgement is None else second_opinion(judgement, 0)
    if opinion and confidence > _SURE and not agrees:
        return f"{sure}, but all we see is noise."
    return f"{sure}. {opinion}".strip()
