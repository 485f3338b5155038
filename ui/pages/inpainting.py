"""Page *Fill a hole*: paint a hole into a photograph and watch a network fill it by PGD on Eq. 3."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.classifiers.registry import ClassifierSpec, classifier_title, short_title
from core.data.holes import Fill, hole_size, hole_text, read_hole
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.data.words import everyday_name
from core.pgd.drawings import judge_name
from core.pgd.methods import COMPARED, METHODS, MethodName, leading
from core.pgd.settings import PENALTIES, Penalty, Task
from core.pgd.views import MIN_CROP_SIZE
from core.shared import paper
from core.shared.numbers import confidence, join_list
from core.shared.text import TERMS, number_html, tooltip
from ui.components.painters.painters import mask_painter
from ui.components.pictures.picture_widgets import STRIP
from ui.components.replay.replay import replay
from ui.components.versioned import Versioned
from ui.components.words.word_box import word_input
from ui.runs.export import run_download
from ui.runs.first_guess import FirstGuess, first_guess
from ui.runs.known_words import keep_unknown, near_words, stands_for, unknown_entry, vocabulary
from ui.runs.outcome import explain_methods, filled_html, holes_alone, recognised_table, run_table
from ui.runs.panel import Stage, ask_for_run, head, painted_by, reserve, run_panel
from ui.runs.replay import (
    METHOD_TITLES,
    reset_to_example,
    run_replay,
    stored_example,
    stored_row,
    target_of,
)
from ui.runs.second_opinion import sample_set_of
from ui.runs.settings import choose_methods, choose_networks, run_settings
from ui.runs.state import RunResult, fill_request
from ui.server.cache import ready_classifiers
from ui.shared import url
from ui.shared.page_pictures import (
    UPLOAD,
    Picture,
    frame_own_photo,
    page_picture,
    picture_line,
    take_picture,
    to_picture,
)

_PAGE: Task = "inpainting"
_PAPERS = paper.PGD_SETTINGS[_PAGE]
_HOLE, EVERY = f"{_PAGE}-hole", f"{_PAGE}.filled"  # in the URL, in the session
_HOLES, _LAST_HOLES = f"{_PAGE}.holes", f"{_PAGE}.holes.last"  # by size: as painted, and what changed them last
FAILS = (
    "With many views, the hens’ hole fills with plumage and the polar bear’s with a head. The koala’s head comes back "
    "as fur without a face, and the tabby’s eye becomes curly fur. We looked at each of them."
)
_CHOICE_RULE = (
    "We didn’t pick these {}. They are the classes where a second network sees the robust networks gain most, and in "
    "each class the picture with the median gain."
)
_FACELESS = "Neither method paints this animal’s face into the hole."
MINIMISED = (
    r"This penalty is **exact**: the minimum changes nothing outside the hole while the cross-entropy's gradient "
    r"$g$ there is shorter than $\lambda$. Forward-backward steps find it: a step of length $t$ against "
    r"$g$, then for the change $y$ outside $y \leftarrow (1 - t\lambda / \lVert y\rVert_2)_+\,y$ (Combettes & "
    "Wajs 2005), the projection onto the ball, the clip."
)
_BOX_WIDTH = 400  # pixels
# In the session: whether a word was just entered; one that the network does not know, and the target at that time.
_ASKED, _UNKNOWN = f"{_PAGE}.asked", f"{_PAGE}.unknown"


def page() -> None:
    """Draw the page."""
    painter_line = head("Brush something away and see what fills the hole")
    reserve("calc(var(--square) + 244px)")
    with st.container(key="run-stage"):
        left, right = st.columns([2, 3], gap="medium")
    holes = st.container()
    expert, details = st.expander("Expert settings"), st.expander("Details")
    with left:
        picture = page_picture(_PAGE, _usual_set().title)
        strip, painter, below = st.container(), st.container(key=f"{_PAGE}.stage"), st.container()
    row = SAMPLE_SETS[picture.sample_set]
    with expert:
        _choose_set(row)
        specs = choose_networks(_PAGE, row.class_set)
        methods = choose_methods(_PAGE, row.image_size)
    painted_by(painter_line, specs, row.class_set)
    with right, st.container(horizontal=True, vertical_alignment="center", key=f"{_PAGE}.toolbar"):
        guess = _guess(picture, specs)
        target = _choose_target(picture, guess, specs)
        chosen = run_settings(expert, _PAGE, picture.size, hole_size(_hole(picture, guess)) or None, methods)
        request = fill_request(picture, _hole(picture, guess), target, chosen, specs, methods)
        ask_for_run(_PAGE, "Fill", request, st.session_state.pop(_ASKED, False) and not request.why)
    with right:
        contents = Stage(
            _PAGE,
            "Fill",
            lambda: stored_example(request.plan, request.names, methods),
            lambda: _reset(row),
            _restore,
        )
        result = run_panel(contents, request)
        if not picture.own and picture.position in row.faceless:
            st.caption(_FACELESS)
    with painter:
        _painter(picture, guess)
    with strip:
        picture_line(_PAGE, STRIP)
    with below:
        frame_own_photo(_PAGE)
        if row.image_size >= MIN_CROP_SIZE:  # of photographs
            st.html(rate_html())
    with holes:
        _stored_holes(row)
    with details:
        _formulas(chosen.penalty, methods)
        if result is not None:
            run_table(result)
            recognised_table(result)
            run_download(result.runs, key=f"{_PAGE}.{result.version}")


def rate_html() -> str:
    """Return how many stored holes a second network recognises from the hole alone, for each filling, as HTML."""
    bold = {name: f"<b>{number_html(count)}</b>" for name, count in holes_alone().items()}
    judge = short_title(classifier_title(judge_name()))
    about = tooltip("a second network", f"{judge}, of the same family as the painter")
    rates = [f"{bold[name]} with {METHOD_TITLES[name].lower()}" for name in reversed(COMPARED)]
    rates.append(f"{bold['original']} original photos")
    return f'<p class="hole-rate">Shown only the hole, {about} recognises {join_list(rates)}.</p>'


def _stored_holes(row: SampleSet) -> None:
    """Draw other stored holes of a sample set, once they are opened."""
    runs = stored_row(row.name)
    count = len(runs[0].start) if runs else len(row.holes)
    if not count:
        return
    expander = st.expander(f"See {count} examples", key=f"{EVERY}.{row.name}", on_change="rerun")
    if not expander.open:
        return
    with expander:
        if runs:
            st.markdown(_CHOICE_RULE.format(count))
            replay(run_replay(runs, id=row.name), key=f"{_PAGE}.row")
            return
        counts, fillings = filled_html(row.name)
        for column, text in zip(st.columns(2, gap="large"), (counts, FAILS), strict=True):
            column.markdown(text)
        st.html(fillings)


def _choose_set(row: SampleSet) -> None:
    """Draw the choice of another sample set."""
    state, key = st.session_state, f"{_PAGE}.set"
    state[key] = row.title
    titles = [other.title for other in SAMPLE_SETS.values()]
    st.segmented_control(
        "Pictures", titles, key=key, on_change=lambda: state.update({f"{_PAGE}-pictures": state[key]}), required=True
    )


def _usual_set() -> SampleSet:
    """Return the default sample set: the largest with a ready classifier."""
    rows = sorted(SAMPLE_SETS.values(), key=lambda row: -row.image_size)
    return next((row for row in rows if ready_classifiers(row.class_set)), rows[0])


def _first_hole(picture: Picture, guess: FirstGuess | None) -> np.ndarray:
    """Return a picture's initial hole: the chosen one, else the one that costs the network most, once that is known."""
    if guess is None or _has_chosen_hole(picture):
        return SAMPLE_SETS[picture.sample_set].mask(picture.position)
    return guess.mask


def _has_chosen_hole(picture: Picture) -> bool:
    row = SAMPLE_SETS[picture.sample_set]
    return not picture.own and picture.position in (row.inpainted, *row.holes)


def _hole(picture: Picture, guess: FirstGuess | None) -> np.ndarray:
    """Return this visitor's hole for pictures of this size.

    All of them share it. Until somebody changes it, it follows the initial hole of each picture.
    """
    state, size = st.session_state, picture.size
    masks: dict[int, np.ndarray] = state.setdefault(_HOLES, {})
    first = _first_hole(picture, guess)
    if size not in masks:
        linked = read_hole(url.text(_HOLE), size)
        masks[size] = first if linked is None else linked
    changes: dict[int, Versioned[np.ndarray]] = state.setdefault(_LAST_HOLES, {})
    change = changes.setdefault(size, Versioned(masks[size], first, equal=np.array_equal))
    change.set(masks[size])
    change.follow(first)
    masks[size] = change.value
    return change.value


def _painter(picture: Picture, guess: FirstGuess | None) -> None:
    """Draw the picture with its hole."""
    size, mask = picture.size, _hole(picture, guess)
    first = st.session_state[_LAST_HOLES][size].default
    mask_painter(
        to_picture(picture.pixels),
        mask,
        square=round(hole_size(first)),
        proposed=np.array_equal(mask, first),
        key=f"{_PAGE}.painter",
        on_paint=lambda mask: st.session_state[_HOLES].__setitem__(size, mask),
        alt=picture.caption,
        verb="Fill",
    )
    if guess is not None and not _has_chosen_hole(picture) and np.array_equal(mask, guess.mask):
        st.caption("We put the hole where the network looks most. Move it or paint your own.")
        url.put(_HOLE, None)  # the link's reader gets the same
        return
    text = hole_text(mask)
    if text is None:
        st.caption("This hole is too detailed to fit into a link.")
    url.put(_HOLE, text)


def _guess(picture: Picture, specs: Sequence[ClassifierSpec]) -> FirstGuess | None:
    """Return the first network's guess of a picture without a chosen class or hole; None for others."""
    looks = picture.label is None or not (_has_chosen_hole(picture) or _is_painted(picture))
    return first_guess(specs[0], picture) if specs and looks else None


def _is_painted(picture: Picture) -> bool:
    """Return True if the visitor or a link has changed the hole of pictures of this size."""
    mask, change = (st.session_state.get(key, {}).get(picture.size) for key in (_HOLES, _LAST_HOLES))
    if mask is None:
        return read_hole(url.text(_HOLE), picture.size) is not None
    return change is None or not np.array_equal(mask, change.default)


def _choose_target(picture: Picture, guess: FirstGuess | None, specs: Sequence[ClassifierSpec]) -> str:
    """Draw the box of what should fill the hole; return it, empty if it is not known yet.

    Without a choice it is the true class of a bundled picture, and a network's own first guess of the visitor's.
    """
    key, state, classes = f"{_PAGE}-target-{picture.class_set}", st.session_state, picture.classes
    usual, note = "", ""
    if picture.label is not None:
        was_there = classes.names[picture.label]
        usual = SAMPLE_SETS[picture.sample_set].word(picture.position, picture.label)
        note = "what was there" if usual == was_there else ""
        if key not in state and usual != was_there and url.text(_HOLE):
            state[key] = url.text(key) or was_there  # older links leave this word out
    elif guess is not None:
        usual, note = guess.name, f"the network’s own guess, {confidence(guess.probability)}"
    chosen: str = state.setdefault(key, url.text(key))
    target = chosen or usual
    unknown = unknown_entry(_UNKNOWN, target)

    def take(word: str, entered: bool) -> None:
        if not keep_unknown(_UNKNOWN, word, specs, classes, target):
            state[key] = "" if word == everyday_name(usual) else word
            state[_ASKED] = entered

    with st.container(width=_BOX_WIDTH):
        word_input(
            "What should be there?",
            vocabulary(classes),
            unknown or chosen or everyday_name(usual),
            lead="Fill with",
            note=stands_for(chosen, classes) if chosen else f"({note})" if note else "",
            placeholder="…",
            key=f"{_PAGE}.target.{picture.class_set}",
            on_word=take,
            clears=True,
        )
    if unknown:
        near_words(f"{_PAGE}.near", unknown, specs, classes, lambda word: take(word, True))
    url.put(key, chosen or (None if note else usual or None))
    return target


def _restore(result: RunResult) -> None:
    """Restore a run's picture, hole and target, if they fit; for callbacks."""
    run, state = result.runs[0], st.session_state
    row, facts = sample_set_of(run), run.metadata["images"]
    if (
        row is None
        or run.original is None
        or run.mask is None
        or run.original.shape != (1, 3, row.image_size, row.image_size)
    ):
        return
    if facts["dataset"] == row.dataset:
        take_picture(_PAGE, row.name, facts["index"])
    else:
        take_picture(_PAGE, UPLOAD, Picture(run.original[0], None, row.name, 0, facts["credit"], own=True))
    state.setdefault(_HOLES, {})[row.image_size] = run.mask[0]
    state[f"{_PAGE}-target-{row.class_set}"] = target_of(run, 0)
    titles = list(dict.fromkeys(classifier_title(run.metadata["classifier"]["name"]) for run in result.runs))
    if {spec.title for spec in ready_classifiers(row.class_set)}.issuperset(titles):
        state[f"{_PAGE}-models-{row.class_set}"] = titles
    state[f"{_PAGE}-method-{row.image_size}"] = tuple(dict.fromkeys(run.config.method.name for run in result.runs))


def _reset(row: SampleSet) -> None:
    """Apply the settings of the stored example."""
    state = st.session_state
    state.setdefault(f"{_PAGE}.positions", {})[row.name] = row.inpainted
    state.setdefault(_HOLES, {})[row.image_size] = row.mask(row.inpainted)
    reset_to_example(_PAGE, row, {"pictures": row.title, f"target-{row.class_set}": ""})


def _formulas(penalty: Penalty, methods: Sequence[MethodName]) -> None:
    left, right = st.columns(2, gap="large")
    left.markdown(formula(METHODS[leading(methods)].method.fill, penalty), help=f"Eq. 3: {TERMS['Eq. 3']}.")
    left.markdown(MINIMISED if penalty == "eq3" else f"The penalty is {PENALTIES[penalty].rule}")
    explain_methods(right, methods)


def formula(fill: Fill, penalty: Penalty) -> str:
    """Return the loss and its constraints as Markdown."""
    filled = "its mean colour" if fill == "region" else "the colours around it"
    return (
        rf"We first fill the hole with {filled} ($x_0$). With $m$ = 1 in the hole, $x$ minimises "
        rf"$\;\mathrm{{CE}}(x, \mathrm{{target}}) {PENALTIES[penalty].term}\;$ ({PENALTIES[penalty].label}) within "
        rf"$\lVert x - x_0\rVert_2 \le \varepsilon$. At {paper.IMAGE_SIZE} pixels the paper has "
        rf"$\lambda$ = {paper.PENALTY_WEIGHT:g}, in its text, and $\varepsilon$ = {_PAPERS['epsilon']} but no "
        f"steps; the notebook of Santurkar et al. takes {_PAPERS['steps']} of {_PAPERS['step_size']}. Lengths scale "
        "with the picture’s size, and the budget with the hole’s as well."
    )
