"""Page *Generation*: classifiers draw a class, starting from a blur of it or from noise, by PGD on Eq. 2."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import paper
from core.data.class_statistics import ClassStatistics
from core.data.classes import CIFAR10, IMAGE_SIZES, imagenet
from core.pgd.settings import RunKind, paper_settings
from core.runs.plan import RunPlan
from core.runs.starts import STARTS, StartKind, draw_starts, start_facts, start_of
from core.runs.stored import DRAWN
from ui.runs.examples import stored_example
from ui.runs.figures import Figure, picture_groups, to_picture
from ui.runs.panel import Wanted, reserve_heights, run_button, run_details, run_panel, run_status, start_run
from ui.runs.second_judge import many_pictures, second_judge
from ui.runs.settings import choose_classifiers, first_choice, reset_settings, run_settings
from ui.shared.model_cache import NONE_READY, ready_classifiers
from ui.shared.text import as_markdown, one_line

PAGE: RunKind = "generation"
SETS = {"CIFAR-10, 32 px": "cifar10", "ImageNet, 224 px": "imagenet"}
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
        class_set, targets, kind, per_target, seed = _wanted()
        starts = draw_starts(targets, per_target, class_set, seed, kind) if targets else None
        wanted = _controls(class_set, targets, kind, per_target, seed, starts)
    names = () if wanted is None else wanted.names
    with beside:
        result = run_status(
            PAGE,
            lambda: stored_example(PAGE, IMAGE_SIZES[class_set], names, kind),
            wanted,
            back=lambda: _back(class_set),
        )
        run_panel(PAGE, result)
        if result is not None:
            second_judge(result)
            if class_set == "cifar10":
                many_pictures()
    formula, start, origin = st.tabs(["What is computed", "The start", "Where this run comes from"])
    with start:
        if starts is not None:
            _start(targets, per_target, class_set, kind, starts)
    with formula:
        _formula()
    with origin:
        run_details(result)


def _wanted() -> tuple[str, list[str], StartKind, int, int]:
    """Class set, targets, what they start from, samples per class, and the random seed."""
    first = "CIFAR-10, 32 px" if ready_classifiers("cifar10") else "ImageNet, 224 px"
    chosen = st.segmented_control(
        "Classes of", list(SETS), default=first, key=f"{PAGE}-set", required=True, bind="query-params"
    )
    class_set = SETS[chosen or first]
    names = (CIFAR10 if class_set == "cifar10" else imagenet()).names
    targets = st.multiselect(
        f"Draw (up to {MAX_TARGETS}; for CLIP, any text)",
        list(dict.fromkeys(names)),
        default=list(DRAWN[class_set]),
        max_selections=MAX_TARGETS,
        accept_new_options=True,
        key=f"{PAGE}-classes-{class_set}",
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
    for why in dict.fromkeys(start_of(target, class_set, IMAGE_SIZES[class_set], kind).why for target in targets):
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
    return class_set, targets, kind, int(per_target), int(seed)


def _start(targets: list[str], per_target: int, class_set: str, kind: StartKind, starts: np.ndarray) -> None:
    """For each target: what its starts are drawn from, and the starts."""
    groups = []
    for k, target in enumerate(targets):
        start = start_of(target, class_set, IMAGE_SIZES[class_set], kind)
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
    class_set: str, targets: list[str], kind: StartKind, per_target: int, seed: int, starts: np.ndarray | None
) -> Wanted | None:
    """Classifiers, settings and the button that starts; returns what they ask for."""
    ready = ready_classifiers(class_set)
    if not ready:
        st.info(NONE_READY)
        return None
    size = IMAGE_SIZES[class_set]
    specs = choose_classifiers(ready, key=f"{PAGE}-models-{class_set}")
    config, _ = run_settings(PAGE, paper_settings(PAGE, size), size)
    plan: RunPlan | str = "nothing to draw is chosen; choose a class, or describe one in words"
    if starts is not None:
        plan = RunPlan(
            targets=tuple(target for target in targets for _ in range(per_target)),
            start=starts,
            config=config,
            seed=seed,
            images=start_facts(targets, per_target, class_set, kind),
        )
    wanted = Wanted(plan, tuple(spec.name for spec in specs), class_set)
    if run_button(PAGE):
        start_run(PAGE, wanted)
    return wanted


def _back(class_set: str) -> None:
    """Set everything to what the stored example was made with."""
    state, size = st.session_state, IMAGE_SIZES[class_set]
    for kept in (f"{PAGE}.result", f"{PAGE}.error"):
        state.pop(kept, None)
    state[f"{PAGE}-classes-{class_set}"] = list(DRAWN[class_set])
    state[f"{PAGE}-start-from"] = next(iter(OFFERED))
    state[f"{PAGE}-seeds"], state[f"{PAGE}-seed"] = 1, 0
    state[f"{PAGE}-models-{class_set}"] = first_choice(ready_classifiers(class_set))
    reset_settings(PAGE, paper_settings(PAGE, size), size)


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
