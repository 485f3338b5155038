"""Page *Generation*: classifiers draw a class, starting from a blur of it or from noise, by PGD on Eq. 2."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import paper
from core.data.class_statistics import ClassStatistics
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.pgd.settings import RunKind, paper_settings
from core.runs.plan import RunPlan
from core.runs.starts import STARTS, StartKind, draw_starts, set_start, start_facts
from ui.runs.examples import stored_example
from ui.runs.figures import Figure, picture_groups, to_picture
from ui.runs.panel import Wanted, reserve_heights, run_button, run_details, run_panel, run_status, start_run
from ui.runs.second_judge import many_pictures, second_judge
from ui.runs.settings import choose_classifiers, first_choice, reset_settings, run_settings
from ui.shared.model_cache import NONE_READY, ready_classifiers
from ui.shared.text import as_markdown, one_line

PAGE: RunKind = "generation"
MAX_TARGETS = 4
MAX_PER_CLASS = 4
MAX_SEED = 999_999
OFFERED: dict[str, StartKind] = {STARTS[kind].label: kind for kind in ("blur", "independent")}


def page() -> None:
    """Draw the page."""
    reserve_heights(PAGE)
    st.title("Can CLIP draw what it sees?", anchor=False)
    st.markdown(
        "Start from a **blur** of a class, and let gradient descent change it until the classifier is confident of "
        "that class. The paper's finding for CLIP ViT-B/32: it becomes confident of a picture in which we see next to "
        "nothing. Beside it stands a robust model: look for the animal or the machine."
    )
    chosen, beside = st.columns([1, 4], gap="medium")
    with chosen:
        row, targets, kind, per_target, seed = _wanted()
        starts = draw_starts(targets, per_target, row.name, seed, kind) if targets else None
        wanted = _controls(row, targets, kind, per_target, seed, starts)
    names = () if wanted is None else wanted.names
    with beside:
        result = run_status(
            PAGE,
            lambda: stored_example(PAGE, row.name, names, kind),
            wanted,
            back=lambda: _back(row),
        )
        run_panel(PAGE, result)
        if result is not None:
            second_judge(result)
            many_pictures(row, kind)
    formula, start, origin = st.tabs(["What is computed", "The start", "Where this run comes from"])
    with start:
        if starts is not None:
            _start(targets, per_target, row, kind, starts)
    with formula:
        _formula()
    with origin:
        run_details(result)


def _wanted() -> tuple[SampleSet, list[str], StartKind, int, int]:
    """Sample set, targets, what they start from, samples per class, and the random seed."""
    sets = {row.drawn_title: row for row in SAMPLE_SETS.values() if row.drawn}
    small, next_set, *_ = sets
    first = small if ready_classifiers(sets[small].class_set) else next_set
    chosen = st.segmented_control(
        "Classes of", list(sets), default=first, key=f"{PAGE}-set", required=True, bind="query-params"
    )
    row = sets[chosen or first]
    targets = st.multiselect(
        f"Draw (up to {MAX_TARGETS}; for CLIP, any text)",
        list(dict.fromkeys(row.classes.names)),
        default=list(row.drawn),
        max_selections=MAX_TARGETS,
        accept_new_options=True,
        key=f"{PAGE}-classes-{row.class_set}",
        bind="query-params",
    )
    start = st.segmented_control(
        "Start from",
        list(OFFERED),
        default=next(iter(OFFERED)),
        key=f"{PAGE}-start-from",
        required=True,
        bind="query-params",
        help=" ".join(f"*{label}*: {STARTS[kind].source}" for label, kind in OFFERED.items()),
    )
    kind = OFFERED[start or next(iter(OFFERED))]
    for why in dict.fromkeys(set_start(target, row.name, kind).why for target in targets):
        if why:
            st.markdown(as_markdown(why))
    left, right = st.columns(2)
    per_target = left.number_input("Samples per class", 1, MAX_PER_CLASS, 1, key=f"{PAGE}-seeds", bind="query-params")
    seed = right.number_input(
        "Random seed",
        0,
        MAX_SEED,
        0,
        key=f"{PAGE}-seed",
        bind="query-params",
        help="The same number draws the same starts.",
    )
    return row, targets, kind, int(per_target), int(seed)


def _start(targets: list[str], per_target: int, row: SampleSet, kind: StartKind, starts: np.ndarray) -> None:
    """For each target: what its starts are drawn from, and the starts."""
    groups = []
    for k, target in enumerate(targets):
        start = set_start(target, row.name, kind)
        mean, name = start.distribution.mean, STARTS[start.kind].name
        figures = [Figure("Mean picture", "", to_picture(mean))]
        if isinstance(start.distribution, ClassStatistics):
            figures.append(Figure("Standard deviation", "black is none", to_picture(start.distribution.std)))
        figures += [
            Figure(f"Start {k * per_target + n + 1}", name, to_picture(starts[k * per_target + n]))
            for n in range(per_target)
        ]
        groups.append((one_line(target), figures, f"From {one_line(start.distribution.source, 200)}."))
    st.markdown(STARTS[kind].source)
    st.html(picture_groups(groups, "The starts of each class", tile=80))


def _controls(
    row: SampleSet, targets: list[str], kind: StartKind, per_target: int, seed: int, starts: np.ndarray | None
) -> Wanted | None:
    """Classifiers, settings and the button that starts; returns what they ask for."""
    ready = ready_classifiers(row.class_set)
    if not ready:
        st.info(NONE_READY)
        return None
    specs = choose_classifiers(ready, key=f"{PAGE}-models-{row.class_set}")
    config, _ = run_settings(PAGE, paper_settings(PAGE, row.side), row.side)
    plan: RunPlan | str = "nothing to draw is chosen; choose a class, or describe one in words"
    if starts is not None:
        plan = RunPlan(
            targets=tuple(target for target in targets for _ in range(per_target)),
            start=starts,
            config=config,
            seed=seed,
            images=start_facts(targets, per_target, row.name, kind),
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
    state[f"{PAGE}-start-from"] = next(iter(OFFERED))
    state[f"{PAGE}-seeds"], state[f"{PAGE}-seed"] = 1, 0
    state[f"{PAGE}-models-{row.class_set}"] = first_choice(ready_classifiers(row.class_set))
    reset_settings(PAGE, paper_settings(PAGE, row.side), row.side)


def _formula() -> None:
    papers = paper.RUNS[PAGE]
    st.markdown(
        r"The start $x_0$ is drawn from a normal distribution: a blur as a whole image, with the covariance of the "
        r"class; pixel noise with each pixel and channel alone, with its mean and standard deviation. Then $x$ "
        r"minimises $\;\mathrm{CE}(x, \mathrm{target})\;$ (Eq. 2) "
        r"within $\lVert x - x_0\rVert_2 \le \varepsilon$, by steps "
        r"$x \leftarrow \mathrm{clip}(\mathrm{project}(x - \alpha\, g / \lVert g\rVert_2), 0, 1)$. "
        rf"At {paper.IMAGE_SIZE} pixels the paper takes $\varepsilon$ = {papers['epsilon']}, $\alpha$ = "
        rf"{papers['step_size']} and {papers['steps']} steps; here lengths scale with the side."
    )
