"""Page *Paint*: a sketch, a photo or a made start becomes a picture of a word by PGD on Eq. 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.classifiers.registry import ClassifierSpec
from core.data.canvases import CANVASES
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.pgd.drawings import GalleryWord, drawn_sketches
from core.pgd.links import number_parameter
from core.pgd.methods import MethodName
from core.pgd.painting import Painting
from core.pgd.plan import RunPlan
from core.pgd.settings import FIELDS
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
from ui.runs.known_words import (
    MAX_LENGTH,
    about_words,
    cannot_run,
    keep_unknown,
    near_words,
    stands_for,
    unknown_entry,
    vocabulary,
)
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
from ui.runs.replay import reset_to_example, stored_example
from ui.runs.settings import RunSettings, choose_methods, choose_networks, run_settings
from ui.runs.state import RunRequest, RunResult
from ui.server.cache import ready_classifiers
from ui.shared import url
from ui.shared.page_pictures import UPLOAD, take_picture
from ui.shared.url import one_line, settable, settable_in_url

_PICTURE, _PICTURES = f"{PAGE}-picture", f"{PAGE}-pictures"  # in the URL and in the session
_UNKNOWN = f"{PAGE}.unknown"  # in the session: see `keep_unknown`
_SIDE_AND_STAGE = [28, 59]  # widths of a sketch or a photo and of the run
_STAGE_AND_GALLERY = [11, 9]


@dataclass(frozen=True)
class _Layout:
    """Places on the page, in the order of the screen; painter: the line below the title."""

    painter: DeltaGenerator
    begin: DeltaGenerator
    word: DeltaGenerator
    verb: DeltaGenerator
    body: DeltaGenerator
    height: DeltaGenerator
    expert: DeltaGenerator
    details: DeltaGenerator


@dataclass(frozen=True)
class _Choice:
    """The visitor's choice: a sample set, networks, a start, words, methods and settings."""

    row: SampleSet
    specs: tuple[ClassifierSpec, ...]
    start: StartName
    words: list[str]
    methods: tuple[MethodName, ...]
    settings: RunSettings

    @property
    def gallery_word(self) -> str | None:
        """The word that the gallery shows as chosen; None from another start or for several words."""
        is_compared = is_large(self.row) and self.start == compared_start(self.row)
        return self.words[0] if is_compared and len(self.words) == 1 else None


def page() -> None:
    """Draw the page."""
    layout = _reserve()
    choice = _choose(layout)
    side, stage = layout.body.columns(_SIDE_AND_STAGE, gap="medium") if _is_given(choice) else (None, layout.body)
    start = draw_start(side, layout.expert, choice.row, choice.words, choice.start, choice.settings.seed)
    request = _request(choice, *start)
    if side is None:
        stage = _beside_gallery(stage, choice, request)
    else:
        with side, st.container(gap="xsmall", key=f"{PAGE}.{choice.start}-choices"):
            start_tiles(choice.row, choice.start)
    stored = _stored(choice, start[0])
    with layout.verb:
        begins = st.session_state.pop(ASKED, False) or _is_linked(choice, request, stored)
        ask_for_run(PAGE, "Paint", request, begins, lambda plan: four_tries(plan, choice.row))
    example, reset = partial(_example, request, stored), partial(_reset, choice.row, choice.start)
    with stage:
        result = run_panel(Stage(PAGE, "Paint", example, reset, _restore, stored), request)
    with layout.details:
        _details(choice, result)


def _reserve() -> _Layout:
    """Draw the title and reserve the places below it."""
    painter = head("Paint what a network sees")
    with st.container(key="run-stage"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{PAGE}.toolbar"):
            begin, word, verb = (st.container(width=width) for width in ("content", 260, "content"))
        body = st.container()
    height, expert, details = st.container(), st.expander("Expert settings"), st.expander("Details")
    return _Layout(painter, begin, word, verb, body, height, expert, details)


def _choose(layout: _Layout) -> _Choice:
    """Draw all controls but the start itself; return what they say."""
    with layout.expert:
        row = _choose_set()
        with layout.height:
            reserve("690px" if is_large(row) else "400px")
        specs = choose_networks(PAGE, row.class_set)
        start = choose_start(row)
        any_text = bool(specs) and all(spec.kind == "zero-shot" for spec in specs)
        targets = _several_words(row, start, any_text)
        methods = choose_methods(PAGE, row.image_size)
    painted_by(layout.painter, specs, row.class_set)
    choose_beginning(layout.begin, row, start)
    _choose_word(layout.word, row, targets, specs)
    settings = run_settings(layout.expert, PAGE, row.image_size, None, methods, start)
    return _Choice(row, specs, start, targets, methods, settings)


def _is_given(choice: _Choice) -> bool:
    """Return True if the visitor provides the start, which the page then shows next to the run."""
    return STARTS[choice.start].supplied


def _request(choice: _Choice, x0: np.ndarray | None, facts: Mapping[str, str]) -> RunRequest:
    """Return the run of what is chosen. x0, facts: as `draw_start` returns them."""
    plan, why = None, cannot_run(choice.words, choice.specs, choice.row.classes)
    if x0 is None:
        why = why or "type a word to paint"
    elif not why:
        config, seed = choice.settings.config, choice.settings.seed
        plan = RunPlan(targets=tuple(choice.words), start=x0, config=config, seed=seed, images=facts)
    names = tuple(spec.name for spec in choice.specs)
    return RunRequest(plan, why, names, choice.methods, choice.row.class_set)


def _beside_gallery(body: DeltaGenerator, choice: _Choice, request: RunRequest) -> DeltaGenerator:
    """Draw the gallery of a set of large pictures next to the run; return the run's place."""
    if not is_large(choice.row):
        return body.container()
    is_wide = shows_tries(PAGE, request)  # several tries need the page's width
    stage, beside = (body.container(), body.container()) if is_wide else body.columns(_STAGE_AND_GALLERY, gap="medium")
    with beside, st.container(gap="xsmall"):
        gallery(f"{PAGE}.gallery", choice.gallery_word, _open, is_wide=is_wide)
    return stage


def _stored(choice: _Choice, x0: np.ndarray | None) -> GalleryWord | None:
    """Return the stored painting of the chosen start and word; None if there is none."""
    if not is_large(choice.row):
        return None
    if choice.start == "photo":
        return None if x0 is None else stored_from_photo(choice.words, x0[0])
    if choice.start == "sketch":
        name = shown_sketch(choice.row, choice.words)
        return None if name is None else drawn_sketches()[name]
    return stored_word(choice.gallery_word)


def _is_linked(choice: _Choice, request: RunRequest, stored: GalleryWord | None) -> bool:
    """Return True once if the page's link asks for a picture that is not stored."""
    if url.text(_PICTURES) == UPLOAD:  # the link lacks the visitor's own photo
        return False
    own_start = [START, _PICTURE] if choice.start == "photo" or choice.start in CANVASES else []
    linked = begins_by_itself(request, words_key(choice.row), SKETCH, *own_start)
    numbers = (field for field in FIELDS.values() if field.parameter)
    named = {f"{PAGE}-seed", *(number_parameter(PAGE, field, choice.row.image_size) for field in numbers)}
    return linked and (stored is None or (bool(named & url.names()) and not is_of(stored, request)))


def _details(choice: _Choice, result: RunResult | None) -> None:
    """Draw the formulas, and the tables and the file of a result."""
    rule = choice.row.rule if result is not None and result.stored else ""
    drawing_formulas(choice.start, choice.methods, rule)
    if result is not None:
        run_table(result)
        run_download(result.runs, key=f"{PAGE}.{result.version}")
        recognised_table(result)
    if is_large(choice.row):
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


def _several_words(row: SampleSet, start: StartName, any_text: bool) -> list[str]:
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
            url.notify(f"One run paints at most {MAX_WORDS} words, so we left out {rest}.")
    targets = settable(
        key,
        lambda name, value: st.multiselect(
            f"Words to paint (up to {MAX_WORDS}; for CLIP, any text)",
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
        if not keep_unknown(_UNKNOWN, word, specs, row.classes, targets):
            state[words_key(row)], state[ASKED] = [word], entered

    unknown = unknown_entry(_UNKNOWN, targets)
    current = unknown or (targets[0] if len(targets) == 1 else "")
    with container, st.container(gap=None):
        word_input(
            "Word to paint",
            vocabulary(row.classes),
            current,
            note=stands_for(current, row.classes),
            placeholder=f"{len(targets)} words" if len(targets) > 1 else "Type a word",
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
        usual = Painting.default(word, stored.start, painter=stored.painter, quick=True)
        show(Opened(painting=usual) if word in example() else of_word(stored))


def _example(request: RunRequest, still: GalleryWord | None) -> RunResult | None:
    """Return the stored runs of a request; None where another stored picture has its very settings."""
    result = stored_example(request.plan, request.names, request.methods)
    if result is None or still is None or request.plan is None or not request.changes(result.runs):
        return result
    return None if is_of(still, request) else result
