"""Page *Generation*: classifiers draw a class, starting from a blur of it or from noise, by PGD on Eq. 2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import paper
from core.classifiers.registry import PAPERS_CLIP
from core.data.class_statistics import ClassStatistics
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.images.sketch import SIDE, SKETCHES
from core.pgd.settings import RunKind, paper_settings
from core.runs.file import PGDRun
from core.runs.plan import RunPlan
from core.runs.starts import RANDOM_KINDS, STARTS, StartKind, draw_starts, set_start, start_facts
from ui.runs.examples import example_titles, stored_example
from ui.runs.figures import Figure, picture_groups, to_picture
from ui.runs.many_pictures import MANY, is_stored, many_pictures
from ui.runs.own_start import FIRST, picture_start, sketch_start, take_result, to_starts
from ui.runs.panel import (
    Wanted,
    run_button,
    run_details,
    run_panel,
    run_status,
    settings_beside,
    start_run,
)
from ui.runs.second_judge import class_set_of, second_judge
from ui.runs.settings import choose_classifiers, reset_settings, run_settings
from ui.runs.view import Result
from ui.runs.words import run_title, target_of
from ui.shared.model_cache import NONE_READY, is_ready, ready_classifiers
from ui.shared.text import as_markdown, one_line

PAGE: RunKind = "generation"
INTRO = (
    "Gradient descent changes a **blur** until the classifier is confident of a class. The paper: CLIP becomes "
    "confident, and we see next to nothing. What does a robust network draw?"
)
MAX_TARGETS = 10
MAX_PER_CLASS = 4
MAX_SEED = 999_999
OFFERED: dict[str, StartKind] = {words.label: kind for kind, words in STARTS.items() if words.offered}
START = f"{PAGE}-start-from"


def page() -> None:
    """Draw the page."""
    st.title("Can CLIP draw what it sees?", anchor=False)
    st.markdown(INTRO)
    chosen, beside = settings_beside()
    with chosen:
        asked = _asked()
        wanted = _controls(asked)
    names = () if wanted is None else wanted.names
    row, kind = asked.row, asked.kind
    with beside:
        result = run_status(
            PAGE,
            lambda: stored_example(PAGE, row.name, names, kind),
            wanted,
            back=lambda: _back(row),
        )
        run_panel(PAGE, result, wanted)
        if result is not None:
            _go_on_painting(result)
            second_judge(result)
    known = [MANY] if is_stored(row, kind) else []
    *many, formula, start, origin = st.tabs([*known, "What is computed", "The start", "Where this run comes from"])
    for tab in many:
        with tab:
            many_pictures(kind)
    with start:
        _start(asked)
    with formula:
        _formula()
        if result is not None and result.stored:
            st.markdown(row.rule)
    with origin:
        run_details(result)


@dataclass(frozen=True, eq=False)
class Asked:
    """What is to be drawn: the sample set, the targets, what they start from, and how that is drawn.

    starts: (B, 3, H, W) float32, `per_target` for each target in turn; None while there is nothing to draw.
    facts: what a run's file says of them.
    """

    row: SampleSet
    targets: list[str]
    kind: StartKind
    per_target: int
    seed: int
    starts: np.ndarray | None
    facts: dict[str, str | int]


def _asked() -> Asked:
    """The widgets for it."""
    sets = {row.drawn_title: row for row in SAMPLE_SETS.values() if row.drawn}
    small, next_set, *_ = sets
    first = small if ready_classifiers(sets[small].class_set) and not is_ready(PAPERS_CLIP) else next_set
    chosen = st.segmented_control(
        "Classes of", list(sets), default=first, key=f"{PAGE}-set", required=True, bind="query-params"
    )
    row = sets[chosen or first]
    classes = f"{PAGE}-classes-{row.class_set}"
    targets = st.multiselect(
        f"Draw (up to {MAX_TARGETS}; for CLIP, any text)",
        list(dict.fromkeys(row.classes.names)),
        default=list(row.drawn),
        max_selections=MAX_TARGETS,
        accept_new_options=True,
        key=classes,
        bind="query-params",
    )

    def draw(class_name: str) -> None:
        if class_name in row.classes.names:
            st.session_state[classes] = [class_name]

    def begin() -> None:
        if OFFERED.get(st.session_state[START]) == "sketch":
            draw(SKETCHES[FIRST].class_name)  # of one picture one class, to begin with

    start = st.segmented_control(
        "Start from",
        list(OFFERED),
        default=next(iter(OFFERED)),
        key=START,
        required=True,
        wrap=True,
        bind="query-params",
        on_change=begin,
        help=" ".join(f"*{label}*: {STARTS[kind].source}" for label, kind in OFFERED.items()),
    )
    kind = OFFERED[start or next(iter(OFFERED))]
    if kind in RANDOM_KINDS:
        return _random(row, targets, kind)
    given = (sketch_start(draw), STARTS[kind].name) if kind == "sketch" else picture_start(row)
    if given is None or not targets:
        return Asked(row, targets, kind, 1, 0, None, {})
    picture, credit = given
    facts: dict[str, str | int] = {"dataset": kind, "start": kind, "credit": f"Start: {credit}"}
    return Asked(row, targets, kind, 1, 0, to_starts(picture, row.side, len(targets)), facts)


def _random(row: SampleSet, targets: list[str], kind: StartKind) -> Asked:
    """How many starts are drawn for each target, and by which random seed."""
    for why in dict.fromkeys(set_start(target, row.name, kind).why for target in targets):
        if why:
            st.markdown(as_markdown(why))
    both = st.container(horizontal=True, gap="small")  # beside each other on a phone, too
    chosen = both.number_input(
        "Samples per class", 1, MAX_PER_CLASS, 1, key=f"{PAGE}-seeds", bind="query-params", width=124
    )
    seed = both.number_input(
        "Random seed",
        0,
        MAX_SEED,
        0,
        key=f"{PAGE}-seed",
        bind="query-params",
        help="The same number draws the same starts.",
        width=124,
    )
    per_target = int(chosen)
    starts = draw_starts(targets, per_target, row.name, int(seed), kind) if targets else None
    facts = start_facts(targets, per_target, row.name, kind) if targets else {}
    return Asked(row, targets, kind, per_target, int(seed), starts, facts)


def _go_on_painting(result: Result) -> None:
    """A button for each network that makes what it has drawn the sketch: paint on it, and go on from there.

    Of several pictures it is the first.
    """
    small = [run for run in result.runs if run.start.shape[-1] == SIDE]
    if not small:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        for k, run in enumerate(small):
            what = f"the {target_of(run, 0)} of" if len(run.start) > 1 else "the picture of"
            st.button(
                f"Paint on {as_markdown(what)} {as_markdown(run_title(run))}",
                icon=":material/brush:",
                key=f"{PAGE}.paint_on.{k}",
                on_click=_paint_on,
                args=(run,),
                type="tertiary",
            )


def _paint_on(run: PGDRun) -> None:
    take_result(run, 0)
    st.session_state[START] = STARTS["sketch"].label
    class_set = class_set_of(run)
    if class_set is not None:
        st.session_state[f"{PAGE}-classes-{class_set}"] = [target_of(run, 0)]


def _start(asked: Asked) -> None:
    """For each target: what its starts are drawn from, and the starts."""
    kind, starts = asked.kind, asked.starts
    if starts is None:
        return
    st.markdown(STARTS[kind].source)
    if kind not in RANDOM_KINDS:
        return
    groups = []
    for k, target in enumerate(asked.targets):
        start = set_start(target, asked.row.name, kind)
        mean, name = start.distribution.mean, STARTS[start.kind].name
        figures = [Figure("Mean picture", "", to_picture(mean))]
        if isinstance(start.distribution, ClassStatistics):
            figures.append(Figure("Standard deviation", "black is none", to_picture(start.distribution.std)))
        figures += [
            Figure(f"Start {k * asked.per_target + n + 1}", name, to_picture(starts[k * asked.per_target + n]))
            for n in range(asked.per_target)
        ]
        groups.append((one_line(target), figures, f"From {one_line(start.distribution.source, 110)}."))
    st.html(picture_groups(groups, "The starts of each class", tile=56))


def _controls(asked: Asked) -> Wanted | None:
    """Classifiers, settings and the button that starts; returns what they ask for."""
    row = asked.row
    ready = ready_classifiers(row.class_set)
    if not ready:
        st.info(NONE_READY)
        return None
    specs = choose_classifiers(ready, key=f"{PAGE}-models-{row.class_set}")
    config, *_ = run_settings(PAGE, paper_settings(PAGE, row.side), row.side)
    plan: RunPlan | str = "nothing to draw is chosen; choose a class, or describe one in words"
    if asked.starts is not None:
        plan = RunPlan(
            targets=tuple(target for target in asked.targets for _ in range(asked.per_target)),
            start=asked.starts,
            config=config,
            seed=asked.seed,
            images=asked.facts,
        )
    wanted = Wanted(plan, tuple(spec.name for spec in specs), row.class_set)
    if run_button(PAGE):
        start_run(PAGE, wanted)
    return wanted


def _back(row: SampleSet) -> None:
    """Set everything to what the stored example was made with."""
    state = st.session_state
    for kept in (f"{PAGE}.result", f"{PAGE}.error"):
        state.pop(kept, None)
    state[f"{PAGE}-classes-{row.class_set}"] = list(row.drawn)
    state[START] = start = next(iter(OFFERED))
    state[f"{PAGE}-seeds"], state[f"{PAGE}-seed"] = 1, 0
    ready = ready_classifiers(row.class_set)
    state[f"{PAGE}-models-{row.class_set}"] = example_titles(PAGE, row.name, OFFERED[start], ready)
    reset_settings(PAGE, paper_settings(PAGE, row.side), row.side)


def _formula() -> None:
    papers = paper.RUNS[PAGE]
    st.markdown(
        r"The start $x_0$ is drawn from a normal distribution: a blur as a whole image, with the covariance of the "
        r"class or of all classes; pixel noise pixel by pixel. Then $x$ minimises "
        r"$\;\mathrm{CE}(x, \mathrm{target})\;$ (Eq. 2) "
        r"within $\lVert x - x_0\rVert_2 \le \varepsilon$, by steps "
        r"$x \leftarrow \mathrm{clip}(\mathrm{project}(x - \alpha\, g / \lVert g\rVert_2), 0, 1)$. "
        rf"At {paper.IMAGE_SIZE} pixels the paper takes $\varepsilon$ = {papers['epsilon']}, $\alpha$ = "
        rf"{papers['step_size']} and {papers['steps']} steps; here lengths scale with the side."
    )
