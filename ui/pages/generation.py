"""Page *Draw*: a sketch, a photo or a made start becomes a picture of a word by PGD on Eq. 2."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.classifiers.registry import ClassifierSpec
from core.data.canvases import CANVASES
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.pgd.drawings import GalleryWord, drawn_sketches
from core.pgd.painting import Painting
from core.pgd.plan import RunPlan
from core.pgd.starts import STARTS, StartName
from core.shared.numbers import join_list
from ui.components.words.word_box import word_input
from ui.pages.drawing_starts import (
    choose_beginning,
    choose_start,
    compared_start,
    draw_start,
    first_sketch,
    four_tries,
    is_large,
    keep_sketch,
    shown_sketch,
    start_tiles,
    usual_words,
)
from ui.runs.export import run_download
from ui.runs.gallery_pictures import example, four_squares_html, gallery, stored_from_photo, stored_word
from ui.runs.known_words import MAX_LENGTH, about_words, cannot_run, near_words, stands_for, unknown_to, vocabulary
from ui.runs.opened import (
    ASKED,
    MAX_WORDS,
    PAGE,
    SET,
    SKETCH,
    START,
    Opened,
    is_of,
    of_result,
    of_word,
    show,
    words_key,
)
from ui.runs.outcome import drawing_formulas, recognised_table, run_table
from ui.runs.panel import Stage, ask_for_run, begins_by_itself, head, painted_by, reserve, run_panel, shows_tries
from ui.runs.replay import reset_to_example, stored_example, subject_of
from ui.runs.settings import choose_methods, choose_networks, run_settings
from ui.runs.state import RunRequest, RunResult
from ui.server.cache import ready_classifiers
from ui.shared import url
from ui.shared.page_pictures import UPLOAD, take_picture
from ui.shared.url import one_line, settable, settable_in_url

_PICTURE, _PICTURES = f"{PAGE}-picture", f"{PAGE}-pictures"  # in the URL and in the session
_UNKNOWN = f"{PAGE}.unknown"  # in the session: a word that the network does not know, and what is drawn
_SIDE_AND_STAGE = [5, 10]  # widths of a sketch or a photo and of the run
_STAGE_AND_GALLERY = [11, 9]


def page() -> None:
    """Draw the page."""
    painter_line = head("Draw what a network sees")
    is_photo_lost = url.text(_PICTURES) == UPLOAD  # a link lacks the visitor's own photo
    with st.container(key="run-stage"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{PAGE}.toolbar"):
            begin, word, verb = (st.container(width=width) for width in ("content", 260, "content"))
        body = st.container()
    height, expert, details = st.container(), st.expander("Expert settings"), st.expander("Details")
    with expert:
        row = _choose_set()
        with height:
            reserve("690px" if is_large(row) else "400px")
        specs = choose_networks(PAGE, row.class_set)
        start = choose_start(row)
        any_text = bool(specs) and all(spec.kind == "zero-shot" for spec in specs)
        targets = _several_targets(row, start, any_text)
        methods = choose_methods(PAGE, row.image_size)
    painted_by(painter_line, specs, row.class_set)
    choose_beginning(begin, row, start)
    _choose_word(word, row, targets, specs)
    chosen = run_settings(expert, PAGE, row.image_size, None, methods, start)
    column, rest = body.columns(_SIDE_AND_STAGE, gap="medium") if STARTS[start].supplied else (None, body)
    x0, facts = draw_start(column, expert, row, targets, start, chosen.seed)
    names = tuple(spec.name for spec in specs)
    why = cannot_run(targets, specs, row.classes)
    if x0 is None or why:
        why = why or "no class is chosen; choose one or describe it in words"
        request = RunRequest(None, why, names, methods, row.class_set)
    else:
        plan = RunPlan(targets=tuple(targets), start=x0, config=chosen.config, seed=chosen.seed, images=facts)
        request = RunRequest(plan, "", names, methods, row.class_set)
    large = is_large(row)
    opened = targets[0] if large and start == compared_start(row) and len(targets) == 1 else None
    if column is not None:
        stage = rest
        with column, st.container(gap="xsmall", key=f"{PAGE}.{start}-choices"):
            start_tiles(row, start)
    else:
        several = shows_tries(PAGE, request)  # they need the page's width
        stage, for_gallery = (
            (rest.container(), rest.container())
            if several or not large
            else rest.columns(_STAGE_AND_GALLERY, gap="medium")
        )
        if large:
            with for_gallery, st.container(gap="xsmall"):
                gallery(f"{PAGE}.gallery", opened, _open, is_wide=several)
    sketch = shown_sketch(row, targets) if large and start == "sketch" else None
    still = stored_word(opened) if sketch is None else drawn_sketches()[sketch]
    if large and start == "photo" and x0 is not None:
        still = stored_from_photo(targets, x0[0])
    named = [words_key(row), SKETCH, *([START, _PICTURE] if start == "photo" or start in CANVASES else [])]
    linked = begins_by_itself(request, *named) and still is None and not is_photo_lost
    with verb:
        entered = st.session_state.pop(ASKED, False) or linked
        ask_for_run(PAGE, "Draw", request, entered, lambda plan: four_tries(plan, row))
    with stage:
        contents = Stage(
            PAGE,
            "Draw",
            partial(_example, request, still),
            partial(_reset, row, start),
            _restore,
            still,
        )
        result = run_panel(contents, request)
    with details:
        drawing_formulas(start, methods, row.rule if result is not None and result.stored else "")
        if result is not None:
            run_table(result)
            run_download(result.runs, key=f"{PAGE}.{result.version}")
            recognised_table(result)
        if is_large(row):
            st.html(four_squares_html())


# ---- what to draw ------------------------------------------------------------------------------------------------


def _choose_set() -> SampleSet:
    """Draw the choice of what is drawn, each of one sample set; return the set."""
    sets: dict[str, SampleSet] = {}
    for row in sorted(SAMPLE_SETS.values(), key=lambda row: -row.image_size):
        if row.drawn:
            sets.setdefault(row.drawn_title, row)  # the first of those with this side and these classes
    ready = (title for title, row in sets.items() if ready_classifiers(row.class_set))
    usual = next(ready, next(iter(sets)))

    def choose(name: str, value: str) -> str:
        known = {title: f"Any of {about_words(row.classes)}" for title, row in sets.items() if is_large(row)}
        titles = {title: known.get(title, f"{len(row.drawn)} classes, robust twin") for title, row in sets.items()}
        alike = {title for title in titles if [*titles.values()].count(titles[title]) > 1}
        titles |= {title: f"{title}: {titles[title][0].lower()}{titles[title][1:]}" for title in alike}
        return st.segmented_control(
            "Pictures", list(sets), default=value, format_func=titles.__getitem__, key=name, required=True
        )

    return sets[settable_in_url(SET, choose, usual, lambda text: text if text in sets else None)]


def _several_targets(row: SampleSet, start: StartName, any_text: bool) -> list[str]:
    """Draw the choice of several words, which the box of one word also sets; return the chosen words.

    any_text: True if all networks take words that are in no list.
    """
    key, names = words_key(row), vocabulary(row.classes)
    usual = usual_words(row, start)
    if key not in st.session_state:
        linked = list(dict.fromkeys(url.texts(key)))
        st.session_state[key] = linked[:MAX_WORDS] or usual
        if len(linked) > MAX_WORDS:
            rest = join_list([f"“{one_line(word, MAX_LENGTH)}”" for word in linked[MAX_WORDS:]])
            url.notify(f"One run draws {MAX_WORDS} words, so we left out {rest}.")
    targets = settable(
        key,
        lambda name, value: st.multiselect(
            f"Words to draw (up to {MAX_WORDS}; for CLIP, any text)",
            [*names, *(target for target in value if target not in names)],
            value,
            max_selections=MAX_WORDS,
            accept_new_options=any_text,  # no "Add: dragon" where the run would be refused
            key=name,
        ),
    )
    url.put_all(key, targets, usual)
    if url.texts(key):
        url.put(START, STARTS[start].label)  # a link with a word but no start is one of before
    return targets


def _choose_word(
    container: DeltaGenerator, row: SampleSet, targets: list[str], specs: Sequence[ClassifierSpec]
) -> None:
    """Draw the box of one word, which starts its drawing, and words near one that no network here knows."""
    key, state = f"{PAGE}.word.{row.class_set}", st.session_state

    def take(word: str, entered: bool) -> None:
        state.pop(_UNKNOWN, None)
        if unknown_to(word, specs, row.classes) is not None:
            state[_UNKNOWN] = word, targets
        else:
            state[words_key(row)], state[ASKED] = [word], entered

    unknown, chosen_then = state.get(_UNKNOWN, ("", targets))
    if chosen_then != targets:  # others were chosen in the meantime
        unknown = ""
    current = unknown or (targets[0] if len(targets) == 1 else "")
    with container, st.container(gap=None):
        word_input(
            "Word to draw",
            vocabulary(row.classes),
            current,
            note=stands_for(current, row.classes),
            placeholder=f"{len(targets)} words" if targets else "Type a word",
            key=key,
            on_word=take,
        )
        if unknown:
            near_words(f"{PAGE}.near", unknown, specs, row.classes, lambda word: take(word, True))


# ---- where it begins ---------------------------------------------------------------------------------------------


def _restore(result: RunResult) -> None:
    """Restore what determines a result, as far as possible; for callbacks."""
    if (opened := of_result(result)) is not None:
        show(opened)


def _reset(row: SampleSet, start: StartName) -> None:
    """Apply the settings of the stored example that a visitor began with, or of the first photo."""
    start = start if STARTS[start].supplied else compared_start(row)
    chosen = {"set": row.drawn_title, "start-from": STARTS[start].label}
    reset_to_example(PAGE, row, chosen | {f"classes-{row.class_set}": usual_words(row, start)})
    if start == "sketch":
        keep_sketch(first_sketch(row))
    elif start == "photo":
        take_picture(PAGE, row.name, row.photo)


def _open(word: str) -> None:
    """Show what a tile of the gallery shows; for callbacks."""
    if (stored := stored_word(word)) is not None:
        opened = of_word(stored)
        usual = Painting.default(word, stored.start, painter=stored.painter, quick=True)
        show(Opened(painting=usual) if word in example() else opened)


def _example(request: RunRequest, still: GalleryWord | None) -> RunResult | None:
    """Return the stored runs of a request; None where another stored picture has its very settings."""
    result = stored_example(subject_of(request), request.names, request.methods)
    if result is None or still is None or request.plan is None or not request.changes(result.runs):
        return result
    return None if is_of(still, request) else result
