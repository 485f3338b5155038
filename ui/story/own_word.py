"""A word of the visitor's own at the story's opening: drawn where the stored drawings are, as *Draw* would draw it.

The run is that of the page *Draw*, which shows it when the visitor goes there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_spec, classifier_title, short_title
from core.data.sample_sets import SAMPLE_SETS
from core.pgd.drawings import Drawing
from core.pgd.run import SURE, RunPlan
from core.pgd.search import COMPARED, Search
from core.pgd.settings import PGDConfig, RunKind
from core.pgd.starts import StartKind, draw_starts, first_settings, start_facts
from core.shared.stand_ins import networks_for
from core.shared.text import sentence
from ui.components.mount import webp_strip
from ui.components.story.story import opening
from ui.runs.panel import REDRAW_SECONDS, collect, what_one_sees
from ui.runs.replay import target_of, to_uint8_planes
from ui.runs.state import ActiveRun, RunRequest, RunResult, run_state, start
from ui.server.cache import NONE_READY, ready_classifiers
from ui.shared import url
from ui.shared.url import as_markdown

PAGE: RunKind = "generation"  # whose run it is
WORD, RUN = "story.word", "story.run"  # keys in the session: the typed word; the id of the run shown in the story
ROW = SAMPLE_SETS["photographs"]
START: StartKind = "grey"
WEBP_QUALITY = 90
# Title of a drawing that has not convinced the network yet, and of one that has.
TITLES: dict[Search, tuple[str, str]] = {
    "pixels": ("Must convince as it is", "Convinces as it is"),
    "views": ("Must convince from every view", "Convinces from every view"),
}
REQUIREMENTS: dict[Search, str] = {
    "pixels": "Each step follows the gradient at the picture itself, as in the paper.",
    "views": "Each step follows the gradient at a random crop, under noise.",
}


def word_box(label: str, preferred: str) -> None:
    """Draw the box for any word and its button; both start the drawing, the box by Enter.

    preferred: the network that draws if it is here, else another one.
    """
    painter, state = _painter(preferred), run_state(PAGE)
    if painter is None:
        st.info(NONE_READY)
        return
    names = list(dict.fromkeys(ROW.classes.names))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="story-word"):
        word = st.selectbox(
            label,
            names,
            index=None,
            placeholder="Type a word: castle, goldfish …",
            accept_new_options=classifier_spec(painter).vocabulary is None,
            key=WORD,
            on_change=_press,
            args=(painter,),
        )
        st.button("Draw", type="primary", disabled=not word, on_click=_press, args=(painter,), key="story.draw")
    if why := state.take_refusal() or state.error:
        st.error(as_markdown(sentence(why)))
    if shown_run() is not None and st.button("Open in Draw", type="tertiary", key="story.open"):
        url.open_page(PAGE)


def shown_run() -> ActiveRun | RunResult | None:
    """Return the run of the visitor's word, in progress or ended; None while a stored word is shown."""
    state, number = run_state(PAGE), st.session_state.get(RUN)
    if state.active is not None and not state.running:
        collect(state)
    if state.active is not None and state.active.job.id == number:
        return state.active
    return state.result if state.result is not None and state.result.id == number else None


def draw_scene(labels: tuple[str, ...], on_stored: Callable[[int], None]) -> None:
    """Draw both drawings of the visitor's word in place of the stored ones, redrawn while they grow.

    Args:
        labels: the stored words. on_stored: called with the index of a stored word that the visitor chooses instead.
    """
    growing = isinstance(shown_run(), ActiveRun)
    scene = st.fragment(_scene, run_every=REDRAW_SECONDS) if growing else _scene
    scene(labels, on_stored, growing)


def _scene(labels: tuple[str, ...], on_stored: Callable[[int], None], growing: bool) -> None:
    run = shown_run()
    if isinstance(run, ActiveRun) != growing:
        st.rerun()
    assert run is not None

    def choose_stored(place: int) -> None:
        if isinstance(run, ActiveRun):
            run.job.stop()
        del st.session_state[RUN]
        on_stored(place)

    drawings, captions, word = _growing(run) if isinstance(run, ActiveRun) else _ended(run)
    opening((*labels, word), len(labels), drawings, captions, on_ask=choose_stored)


Captions = list[tuple[str, str, str]]


def _growing(run: ActiveRun) -> tuple[list[Drawing], Captions, str]:
    """Return the newest drawings of a run in progress, their captions, and the word."""
    job, plan = run.job, run.run.plan
    job.beat()
    moments = job.moments()
    drawings = []
    for k, search in enumerate(COMPARED):
        picture, confidence = plan.start[0], 0.0
        if moments:
            picture = moments[-1][k].images[0].cpu().numpy()
            confidence = float(moments[-1][k].target_probability[0])
        drawings.append(_drawing(search, to_uint8_planes(picture), confidence))
    notes = {"pixels": "", "views": what_one_sees(run)}  # one line tells of both
    captions = [(TITLES[search][0], REQUIREMENTS[search], notes[search]) for search in COMPARED]
    return drawings, captions, str(plan.targets[0])


def _ended(result: RunResult) -> tuple[list[Drawing], Captions, str]:
    """Return the last drawings of a run, their captions, and the word."""
    painter = short_title(classifier_title(result.runs[0].metadata["classifier"]["name"]))
    note = f"Drawn here just now by {painter}; no other network has judged it."
    drawings: list[Drawing] = []
    captions: Captions = []
    for search, run in zip(COMPARED, result.runs, strict=True):
        confidence = float(run.curves["target_probability"][-1, 0])
        drawings.append(_drawing(search, run.frames[-1, 0], confidence))
        captions.append((TITLES[search][confidence >= SURE], REQUIREMENTS[search], note))
    return drawings, captions, target_of(result.runs[0], 0)


def _drawing(search: Search, picture: np.ndarray, confidence: float) -> Drawing:
    """Return one moment of a drawing. picture: (3, H, W) uint8."""
    strip = webp_strip(picture[None], WEBP_QUALITY)
    return Drawing(search=search, strip=strip, confidence=(confidence,), norm=0.0)


def _painter(preferred: str) -> str | None:
    """Return the network that draws, of those that are here; None without one."""
    ready = [spec.name for spec in ready_classifiers(ROW.class_set)]
    return preferred if preferred in ready else next(iter(networks_for("painter", ready)), None)


def _press(painter: str) -> None:
    """Start the drawing of the word in the box; for callbacks."""
    if not (word := st.session_state.get(WORD)):
        return
    state, run = run_state(PAGE), shown_run()
    if isinstance(run, ActiveRun) and (run.run.plan.targets, run.names) == ((word,), (painter,)):
        return  # it is being drawn
    state.error = ""
    config = PGDConfig(**first_settings(PAGE, ROW.side, None, "views"))
    facts = start_facts([word], 1, ROW.name, START)
    plan = RunPlan(targets=(word,), start=draw_starts([word], 1, ROW.name, 0, START), config=config, images=facts)
    if start(PAGE, RunRequest(plan, "", (painter,), COMPARED, ROW.class_set)) and state.active is not None:
        st.session_state[RUN] = state.active.job.id
        # *Draw* then has the settings of the run.
        st.session_state[f"{PAGE}-set"] = ROW.drawn_title
        st.session_state[f"{PAGE}-classes-{ROW.class_set}"] = [word]
        st.session_state[f"{PAGE}-models-{ROW.class_set}"] = [classifier_title(painter)]
