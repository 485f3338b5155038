"""Page *Draw*: a sketch, a photo or a made start becomes a picture of a word by PGD on Eq. 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.classifiers.registry import ClassifierSpec, classifier_title, short_title
from core.data.picture_files import square_image
from core.data.sample_sets import SAMPLE_SETS, SampleSet
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
from core.pgd.drawings import drawn_sketches, sketches_made_by
from core.pgd.plan import RunPlan
from core.pgd.starts import MADE_STARTS, STARTS, StartName, draw_starts, set_start, sketch_start, start_facts
from core.pgd.views import MIN_CROP_SIZE
from ui.components.painters.painters import sketch_painter
from ui.components.pictures.pictures import Thumbnails, TileStyle, image_picker, pack_thumbnails
from ui.runs.export import run_download
from ui.runs.gallery import four_squares_html, gallery, stored_word
from ui.runs.opened import (
    ASKED,
    MAX_WORDS,
    PAGE,
    SET,
    SKETCH,
    SKETCHED,
    START,
    of_result,
    of_word,
    show,
    words_key,
)
from ui.runs.outcome import drawing_formulas, recognised_table, run_table
from ui.runs.panel import Stage, ask_for_run, begins_by_itself, head, painted_by, reserve, run_panel, shows_tries
from ui.runs.replay import reset_to_example, stored_example, subject_of
from ui.runs.settings import choose_methods, choose_networks, run_settings
from ui.runs.state import TRIES, RunRequest, RunResult
from ui.runs.words import about_words, cannot_run, near_words, unknown_to, vocabulary, word_box
from ui.server.cache import ready_classifiers
from ui.shared import url
from ui.shared.pictures import UPLOAD, Picture, frame_own_photo, page_picture, picture_line, take_picture
from ui.shared.url import as_markdown, settable, settable_in_url

_SKY = PALETTE["sky blue"]
_PICTURE, _PICTURES = f"{PAGE}-picture", f"{PAGE}-pictures"  # in the URL and in the session
_UNKNOWN = f"{PAGE}.unknown"  # in the session: a word that the network does not know, and what is drawn


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
            reserve("690px" if row.image_size >= MIN_CROP_SIZE else "400px")
        specs = choose_networks(PAGE, row.class_set)
        start = _choose_start(row)
        any_text = bool(specs) and all(spec.kind == "zero-shot" for spec in specs)
        targets = _several_targets(row, start, any_text)
        methods = choose_methods(PAGE, row.image_size)
    painted_by(painter_line, specs, row.class_set)
    _choose_beginning(begin, row, start)
    _choose_word(word, row, targets, specs)
    chosen = run_settings(expert, PAGE, row.image_size, None, methods, start)
    side, rest = body.columns(_SIDE_AND_STAGE, gap="medium") if STARTS[start].supplied else (None, body)
    x0, facts = _starts(side, expert, row, targets, start, chosen.seed)
    names = tuple(spec.name for spec in specs)
    why = cannot_run(targets, specs, row.classes)
    if x0 is None or why:
        why = why or "no class is chosen; choose one or describe it in words"
        request = RunRequest(None, why, names, methods, row.class_set)
    else:
        plan = RunPlan(targets=tuple(targets), start=x0, config=chosen.config, seed=chosen.seed, images=facts)
        request = RunRequest(plan, "", names, methods, row.class_set)
    large = row.image_size >= MIN_CROP_SIZE
    opened = targets[0] if large and start == "grey" and len(targets) == 1 else None
    if side is not None:
        stage = rest
        with side, st.container(gap="xsmall", key=f"{PAGE}.{start}-choices"):
            if start == "sketch":
                _bundled_sketches(row)
            else:
                picture_line(PAGE, _PHOTO_TILES, frames=False)
    else:
        stage, beside = _containers(rest, row, shows_tries(PAGE, request))
        if beside is not None:
            with beside, st.container(gap="xsmall"):
                gallery(f"{PAGE}.gallery", opened, _open)
    sketch = _shown_sketch(row, targets) if large and start == "sketch" else None
    still = stored_word(opened) if sketch is None else drawn_sketches()[sketch]
    named = [words_key(row), SKETCH, *([START, _PICTURE] if start == "photo" else [])]
    linked = begins_by_itself(request, *named) and still is None and not is_photo_lost
    with verb:
        draw = partial(draw_starts, targets, TRIES, row.name, chosen.seed, start) if start in MADE_STARTS else None
        ask_for_run(PAGE, "Draw", request, st.session_state.pop(ASKED, False) or linked, draw)
    with stage:
        contents = Stage(
            PAGE,
            "Draw",
            partial(stored_example, subject_of(request), request.names, methods),
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
        if row.image_size >= MIN_CROP_SIZE:
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
        titles = {
            title: f"Any of {about_words(row.classes)}"
            if row.image_size >= MIN_CROP_SIZE
            else f"{len(row.drawn)} classes, robust twin"
            for title, row in sets.items()
        }
        return st.segmented_control(
            "Pictures", list(sets), default=value, format_func=titles.__getitem__, key=name, required=True
        )

    return sets[settable_in_url(SET, choose, usual, lambda text: text if text in sets else None)]


def offered_starts(row: SampleSet) -> list[StartName]:
    """Return the starts that the page offers for a set, the default first.

    A class without images here has no blur of its own, so large drawings start from a sketch or grey.
    """
    starts: list[StartName] = list(STARTS)
    if row.image_size < MIN_CROP_SIZE:
        return starts
    first: list[StartName] = ["sketch", "photo", "grey"] if _sketches(row) else ["grey", "sketch", "photo"]
    return [*first, *(start for start in starts if start not in ("blur", *first))]


def _made_start(row: SampleSet) -> StartName:
    """Return the default start of a drawing from a word alone."""
    return next(start for start in offered_starts(row) if start in MADE_STARTS)


def _choose_start(row: SampleSet) -> StartName:
    """Draw the menu of starts; return the chosen one."""
    offered = {STARTS[start].label: start for start in offered_starts(row)}
    first = next(iter(offered))
    if st.session_state.get(START, first) not in offered:
        st.session_state[START] = first  # the chosen start belongs to another set
    if START not in st.session_state and url.texts(words_key(row)) and not {START, SKETCH} & url.names():
        st.session_state[START] = STARTS[_made_start(row)].label  # links of before, when a word was the default
    about = " ".join(f"*{label}*: {STARTS[start].source}" for label, start in offered.items())
    labels = list(offered)
    label = settable_in_url(
        START,
        lambda name, value: st.selectbox("Start from", labels, labels.index(value), key=name, help=about),
        first,
        lambda text: text if text in offered else None,
    )
    return offered[label]


def _choose_beginning(container: DeltaGenerator, row: SampleSet, start: StartName) -> None:
    """Draw the choice to begin with a sketch, a photo or a word, which chooses the start."""
    key, state, current = f"{PAGE}.begin", st.session_state, _beginning(start)
    starts: dict[str, StartName] = {_beginning(name): name for name in ("sketch", "photo", _made_start(row))}
    words = {name: f"{words_key(row)}.{name}" for name in starts}  # each beginning keeps its own word

    def begin() -> None:
        chosen = state[key]
        state[words[current]] = state[words_key(row)]
        state[words_key(row)] = state.get(words[chosen], _usual_words(row, starts[chosen]))
        state[START] = STARTS[starts[chosen]].label

    state[key] = current
    container.segmented_control(
        "Begin with", list(starts), key=key, on_change=begin, required=True, label_visibility="collapsed"
    )


def _beginning(start: StartName) -> str:
    """Return the title of the beginning that has a start."""
    return STARTS[start].label if STARTS[start].supplied else "Word"


def _usual_words(row: SampleSet, start: StartName) -> list[str]:
    if start == "sketch" and _sketches(row):
        return [next(iter(_sketches(row).values()))]
    return [row.photo_word or row.drawn[0]] if start == "photo" else list(row.drawn)


def _several_targets(row: SampleSet, start: StartName, any_text: bool) -> list[str]:
    """Draw the choice of several words, which the box of one word also sets; return the chosen words.

    any_text: True if all networks take words that are in no list.
    """
    key, names = words_key(row), vocabulary(row.classes)
    usual = _usual_words(row, start)
    st.session_state.setdefault(key, url.texts(key)[:MAX_WORDS] or usual)
    targets = settable(
        key,
        lambda name, value: st.multiselect(
            f"Draw (up to {MAX_WORDS}; for CLIP, any text)",
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

    def draw(word: str | None) -> None:
        state.pop(_UNKNOWN, None)
        if word and unknown_to(word, specs, row.classes) is not None:
            state[_UNKNOWN] = word, targets
        elif word:
            state[words_key(row)], state[ASKED] = [word], True

    unknown, beside = state.get(_UNKNOWN, ("", targets))
    if beside != targets:  # others were chosen in the meantime
        unknown = ""
    current = unknown or (targets[0] if len(targets) == 1 else None)
    state[key] = current
    with container, st.container(gap=None):
        word_box(
            st.container(),
            "Word to draw",
            row.classes,
            current,
            placeholder=f"{len(targets)} words" if targets else "Type a word",
            key=key,
            on_change=lambda: draw(state[key]),
            label_visibility="collapsed",
        )
        if unknown:
            near_words(f"{PAGE}.near", unknown, specs, row.classes, draw)


def _sketches(row: SampleSet) -> dict[str, str]:
    """Return the bundled sketches of a set, with the word that each is of."""
    words = {name: sketch.word if row.image_size >= MIN_CROP_SIZE else name for name, sketch in SKETCHES.items()}
    return {name: word for name, word in words.items() if find_word(word, row.classes)}


def _first_sketch(row: SampleSet) -> np.ndarray:
    """Return the sketch to begin with, uint8 (32, 32, 3); empty sky if no bundled one is of the set's classes."""
    name = next(iter(_sketches(row)), None)
    return np.full((SKETCH_SIZE, SKETCH_SIZE, 3), _SKY, np.uint8) if name is None else draw_sketch(name)


# ---- where it begins ---------------------------------------------------------------------------------------------


_SIDE_AND_STAGE = [5, 10]  # widths of a sketch or a photo and of the run
_SKETCH_TILES, _PHOTO_TILES = (TileStyle(size=size) for size in (44, 62))  # below the chosen one


def _containers(rest: DeltaGenerator, row: SampleSet, tries: bool) -> tuple[DeltaGenerator, DeltaGenerator | None]:
    """Return the containers of the run and of the gallery, which small pictures and several tries lack."""
    if tries or row.image_size < MIN_CROP_SIZE:
        return rest.container(), None
    stage, beside = rest.columns([11, 9], gap="medium")
    return stage, beside


def _starts(
    side: DeltaGenerator | None,
    expert: DeltaGenerator,
    row: SampleSet,
    targets: list[str],
    start: StartName,
    seed: int,
) -> tuple[np.ndarray | None, Mapping[str, str]]:
    """Draw what the starts depend on; return them, (B, 3, H, W) float32, with their metadata."""
    if side is not None:
        with side:
            if start == "sketch":
                planes, facts = sketch_start(_sketch(row), row.image_size)
            else:
                square, picture = _picture(row)
                planes = square.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
                facts = {"dataset": start, "start": start, "credit": f"Start: {picture.caption}"}
                facts |= {"own": "yes"} if picture.own else {}
        if not targets:
            return None, {}
        return np.repeat(planes[None], len(targets), axis=0), facts
    for why in dict.fromkeys(set_start(target, row.name, start).why for target in targets):
        if why:
            expert.markdown(as_markdown(why))
    if not targets:
        return None, {}
    return draw_starts(targets, 1, row.name, seed, start), start_facts(targets, row.name, start)


def _keep_sketch(picture: np.ndarray) -> None:
    """Make a uint8 (32, 32, 3) picture the visitor's sketch; for callbacks."""
    st.session_state[SKETCHED] = picture


def _sketch(row: SampleSet) -> np.ndarray:
    """Draw the painter of sketches; return the sketch, uint8 (32, 32, 3)."""
    state, first = st.session_state, _first_sketch(row)
    if SKETCHED not in state:
        state[SKETCHED] = first
        with suppress(ValueError):
            if linked := url.text(SKETCH):
                state[SKETCHED] = decode_sketch(linked, SKETCH_SIZE)
    sketch_painter(state[SKETCHED], key=f"{PAGE}.painter", on_paint=_keep_sketch, background=_SKY)
    text = None
    try:
        text = encode_sketch(state[SKETCHED])
    except ValueError:
        st.caption("This sketch has too many details for a link.")
    url.put(SKETCH, text, encode_sketch(first))
    return state[SKETCHED]


def _bundled_sketches(row: SampleSet) -> None:
    """Draw the bundled sketches; each also chooses its word."""
    sketches = _sketches(row)
    names = list(sketches)
    if not names:
        return

    def pick(index: int) -> None:
        _keep_sketch(draw_sketch(names[index]))
        st.session_state[words_key(row)] = [sketches[names[index]]]

    image_picker(
        _sketch_thumbnails(tuple(sketches.items())),
        selected=next((k for k, name in enumerate(names) if _is_shown(name)), -1),
        key=f"{PAGE}.sketches",
        label="Bundled sketches",
        on_pick=pick,
        style=replace(_SKETCH_TILES, opens="st-key-generation-painter"),
    )
    if row.image_size >= MIN_CROP_SIZE:
        _count_sketches()


def _count_sketches() -> None:
    """Draw how many pictures of the bundled sketches a second network recognises, by both methods."""
    words, (seed, judge) = drawn_sketches().values(), sketches_made_by()
    views, papers = (sum(word.drawings[method].recognised() for word in words) for method in ("views", "paper"))
    st.markdown(
        f"From our {len(words)} sketches the network painted, a second network recognises **{views} pictures** by many "
        f"views and **{papers}** by the paper’s method (seed {seed}).",
        help=f"The second network is {short_title(classifier_title(judge))}, a close relative of the painter. One try "
        "per sketch and method; nothing is picked.",
    )


def _is_shown(sketch: str) -> bool:
    return sketch_name(st.session_state[SKETCHED]) == sketch


def _shown_sketch(row: SampleSet, targets: list[str]) -> str | None:
    """Return the bundled sketch that the painter shows and the targets are of; None if there is none."""
    return next((name for name, word in _sketches(row).items() if targets == [word] and _is_shown(name)), None)


@cache
def _sketch_thumbnails(sketches: tuple[tuple[str, str], ...]) -> Thumbnails:
    return pack_thumbnails(np.stack([draw_sketch(name) for name, _ in sketches]), [word for _, word in sketches])


def _picture(row: SampleSet) -> tuple[np.ndarray, Picture]:
    """Draw the chosen picture; return it as a start, uint8 (size, size, 3), and as it is."""
    chosen = st.session_state.get(_PICTURES) or url.text(_PICTURES)
    st.session_state[_PICTURES] = UPLOAD if chosen == UPLOAD else row.title  # no pictures of another set
    picture = page_picture(PAGE, row.title, frames=False)
    pixels = picture.pixels.transpose(1, 2, 0)
    if picture.photo is not None and not picture.photo.is_square:
        frame_own_photo(PAGE, picture)
    else:
        st.image(pixels, caption=picture.caption, width="stretch")
    return square_image(pixels, row.image_size, resize_to=row.image_size), picture


def _restore(result: RunResult) -> None:
    """Restore what determines a result, as far as possible; for callbacks."""
    if (opened := of_result(result)) is not None:
        show(opened)


def _reset(row: SampleSet, start: StartName) -> None:
    """Apply the settings of the stored example that a visitor began with, or of the first photo."""
    start = start if STARTS[start].supplied else _made_start(row)
    chosen = {"set": row.drawn_title, "start-from": STARTS[start].label}
    reset_to_example(PAGE, row, chosen | {f"classes-{row.class_set}": _usual_words(row, start)})
    if start == "sketch":
        _keep_sketch(_first_sketch(row))
    elif start == "photo":
        take_picture(PAGE, row.name, row.photo)


def _open(word: str) -> None:
    """Show a word of the gallery as it was drawn; for callbacks."""
    if (stored := stored_word(word)) is not None:
        show(of_word(stored))
