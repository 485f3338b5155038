"""Opening of the story: a word, drawn by one network by both methods; any other word, drawn live; things to try.

A visitor's own word is drawn where the stored drawings are, by a run of the page *Draw*, which then shows it, too.
"""

from __future__ import annotations

import html
from dataclasses import replace

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_spec, classifier_title
from core.data.picture_files import png_data_uri
from core.data.sample_sets import SAMPLE_SETS
from core.data.words import find_word
from core.fourier.heatmap import colormap_table
from core.pgd.drawings import CARDS, Drawing, opening_drawings, opening_words, painter_name
from core.pgd.methods import COMPARED, MethodName
from core.pgd.plan import RunPlan
from core.pgd.settings import Task, defaults
from core.pgd.starts import STARTS, StartName, draw_starts, start_facts
from core.shared.text import sentence
from ui.components.mount import webp_data_uri, webp_strip
from ui.components.story.story import opening
from ui.maps.catalogue import CLIP, shipped_maps
from ui.runs.export import save_buttons
from ui.runs.judge import became, judged, judgement_of
from ui.runs.panel import REDRAW_SECONDS, begins_by_itself, collect, what_one_sees
from ui.runs.replay import METHOD_TITLES, target_of, to_uint8_planes
from ui.runs.state import ActiveRun, RunRequest, RunResult, run_state, start
from ui.runs.words import about_words, near_words, word_box
from ui.shared import url
from ui.shared.pictures import enlarge
from ui.shared.url import as_markdown

CARD_SIDE, _WEBP_QUALITY = 160, 85  # pixels; of drawings
WORD_WIDTH = 240  # pixels
_WORD_INDEX = "story.requested"  # key in the session
_DRAW_PAGE: Task = "generation"  # whose run an own word is
WORD, RUN = "story.word", "story.run"  # keys in the session: the typed word; the id of its run
LINKED = "word"  # in the URL
ROW = SAMPLE_SETS["photographs"]
_STARTS_FROM: StartName = "grey"
ANY_WORD = f"Any of {about_words(ROW.classes)}"
TITLES = [METHOD_TITLES[method] for method in COMPARED]  # of the drawings of a word
# Title, text, picture file and link of each card.
TO_TRY = (
    ("Paint a hole", "Networks fill it as you watch.", "hole", "inpainting"),
    ("Touch a heat map", "Which stripes mislead CLIP, and which a ResNet?", "map", "frequency"),
    ("You are the judge", "Ten drawings, five words each: which do you recognise?", "judge", "?chapter=judge"),
)


def ask_for_a_word() -> None:
    """Draw the box for any word, and the drawings of the word that the visitor chose or typed, redrawn as they grow."""
    _open_link()
    _word_box()
    growing = isinstance(shown_run(), ActiveRun)
    (st.fragment(_scene, run_every=REDRAW_SECONDS) if growing else _scene)(growing)
    state, result = run_state(_DRAW_PAGE), shown_run()
    if state.error:
        st.error(as_markdown(sentence(state.error)))
    with st.container(horizontal=True, gap="small", key="story-save"):
        if isinstance(result, RunResult):
            save_buttons(result.runs, key=f"story.{result.id}")
        if st.button("Open in Draw", icon=":material/arrow_forward:", key="story.open"):
            if result is None:
                _set_in_draw(opening_words()[_stored_index()])
            url.open_page(_DRAW_PAGE)


def _scene(growing: bool) -> None:
    """Draw a word's drawings. growing: True while its run is in progress."""
    run, classes = shown_run(), opening_words()
    if isinstance(run, ActiveRun) != growing:
        st.rerun()

    def choose(index: int) -> None:
        if isinstance(run, ActiveRun):
            run.job.stop()
        st.session_state.update({RUN: None, WORD: None, _WORD_INDEX: index})

    if run is None:
        index = _stored_index()
        opening(classes, index, opening_drawings(classes[index]), captions(classes[index]), on_ask=choose)
        return
    drawn, about, word = _growing(run) if isinstance(run, ActiveRun) else _ended(run)
    opening((*classes, word), len(classes), drawn, about, on_ask=choose)


def _stored_index() -> int:
    """Return the index of the stored word to show while there is no run."""
    index: int = st.session_state.get(_WORD_INDEX, 0)
    return index


def captions(word: str) -> list[tuple[str, str]]:
    """Return title and judgement of each of a stored word's drawings."""
    return [(METHOD_TITLES[drawing.method], _judged(drawing, word)) for drawing in opening_drawings(word)]


def _judged(drawing: Drawing, word: str) -> str:
    """Return a sentence on another network's prediction for a drawing; empty without one."""
    return f"{judged(drawing.judgements[0], 0, word)[0]}." if drawing.judgements else ""


def _word_box() -> None:
    """Draw the box for any word, which starts its drawing, and words near one that the network does not know."""
    with st.container(horizontal=True, gap="small", key="story-word"):
        word = word_box(
            st.container(width=WORD_WIDTH),
            ANY_WORD,
            ROW.classes,
            st.session_state.get(WORD),
            index=None,
            placeholder="Your word, then Enter",
            key=WORD,
            on_change=_press,
            label_visibility="collapsed",
        )
        if word:
            near_words("story.near", word, [classifier_spec(painter_name())], ROW.classes, _draw_near)
        if word and find_word(word, ROW.classes) and shown_run() is None:  # a link's word that takes long
            st.button("Draw", type="primary", on_click=_press, key="story.draw")
    url.put(LINKED, word)


def shown_run() -> ActiveRun | RunResult | None:
    """Return the run of the visitor's word, in progress or ended; None while a stored word is shown."""
    state, number = run_state(_DRAW_PAGE), st.session_state.get(RUN)
    if state.active is not None and not state.running:
        collect(state)
    if state.active is not None and state.active.job.id == number:
        return state.active
    return state.result if state.result is not None and state.result.id == number else None


Captions = list[tuple[str, str]]


def _growing(run: ActiveRun) -> tuple[list[Drawing], Captions, str]:
    """Return the newest drawings of a run in progress, their captions, and the word."""
    job, plan = run.job, run.run.plan
    job.beat()
    moments = job.moments()
    drawings = []
    for k, method in enumerate(COMPARED):
        picture, confidence = plan.start[0], list[float]()
        if moments:
            picture = moments[-1][k].images[0].cpu().numpy()
            confidence = [float(moments[-1][k].target_probability[0])]
        drawings.append(_moment(method, to_uint8_planes(picture), *confidence))
    notes = {"paper": "", "views": what_one_sees(run)}  # one line tells of both
    captions = [(METHOD_TITLES[method], notes[method]) for method in COMPARED]
    return drawings, captions, str(plan.targets[0])


def _ended(result: RunResult) -> tuple[list[Drawing], Captions, str]:
    """Return the last drawings of a run, their captions, and the word."""
    drawings: list[Drawing] = []
    captions: Captions = []
    for method, run in zip(COMPARED, result.runs, strict=True):
        confidence, word = float(run.curves["target_probability"][-1, 0]), target_of(run, 0)
        drawing, closest = _moment(method, run.frames[-1, 0], confidence), became(run, 0)
        if (judgement := judgement_of(run)) is not None:
            drawing = replace(drawing, judgements=(judgement.of(0),))
        note = " ".join(filter(None, (f"Most of all a {closest}." * bool(closest), _judged(drawing, word))))
        drawings.append(drawing)
        captions.append((METHOD_TITLES[method], note))
    return drawings, captions, target_of(result.runs[0], 0)


def _moment(method: MethodName, picture: np.ndarray, *confidence: float) -> Drawing:
    """Return one moment of a drawing. picture: (3, H, W) uint8. confidence: none before the first step."""
    return Drawing(method=method, picture=webp_strip(picture[None], _WEBP_QUALITY), confidence=confidence)


def _draw_near(word: str) -> None:
    """Draw a word in place of the typed one; for callbacks."""
    st.session_state[WORD] = word
    _press()


def _request(word: str) -> RunRequest:
    """Return the run of a word by both methods, from grey."""
    config = defaults(_DRAW_PAGE, ROW.image_size, "views", quick=True)
    facts = start_facts([word], ROW.name, _STARTS_FROM)
    plan = RunPlan(
        targets=(word,), start=draw_starts([word], 1, ROW.name, 0, _STARTS_FROM), config=config, images=facts
    )
    return RunRequest(plan, "", (painter_name(),), COMPARED, ROW.class_set)


def _press() -> None:
    """Start the drawing of the word in the box; for callbacks."""
    word = st.session_state.get(WORD)
    if not word or not find_word(word, ROW.classes):
        return
    state, run = run_state(_DRAW_PAGE), shown_run()
    if isinstance(run, ActiveRun) and run.run.plan.targets == (word,):
        return  # it is being drawn
    state.error = ""
    if start(_DRAW_PAGE, _request(word)) and state.active is not None:
        st.session_state[RUN] = state.active.job.id
        _set_in_draw(word)


def _open_link() -> None:
    """Take a linked word into the box, and draw it if that takes only seconds."""
    word = url.text(LINKED)
    if not word or WORD in st.session_state:
        return
    st.session_state[WORD] = word
    if find_word(word, ROW.classes) and begins_by_itself(_request(word), LINKED):
        _press()


def _set_in_draw(word: str) -> None:
    """Choose a word and who draws it on the page *Draw*."""
    state = st.session_state
    state[f"{_DRAW_PAGE}-set"], state[f"{_DRAW_PAGE}-start-from"] = ROW.drawn_title, STARTS[_STARTS_FROM].label
    state[f"{_DRAW_PAGE}-classes-{ROW.class_set}"] = [word]
    state[f"{_DRAW_PAGE}-models-{ROW.class_set}"] = [classifier_title(painter_name())]


def cards() -> None:
    """Draw links to things to try, each with a picture."""
    parts = [
        f'<a class="try" href="{html.escape(url)}"><img src="{_card_picture(picture)}" alt="">'
        f"<span><b>{html.escape(title)}</b>{html.escape(text)}</span></a>"
        for title, text, picture, url in TO_TRY
    ]
    st.html(f'<nav class="tries" aria-label="To try">{"".join(parts)}</nav>')


def _card_picture(name: str) -> str:
    if name in CARDS:
        return webp_data_uri(CARDS[name])
    rates, colours = shipped_maps()[CLIP].heatmap.rate(), colormap_table("viridis")
    parts = (rates - rates.min()) / (rates.max() - rates.min())
    return png_data_uri(enlarge(colours[(parts * (len(colours) - 1)).round().astype(int)], CARD_SIDE))
