"""Page *Generation*: classifiers draw a class, starting from noise, by PGD on Eq. 2."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.data.classes import CIFAR10, IMAGE_SIZES, imagenet
from core.pgd.config import paper_generation
from core.runs.noise import draw_noise, noise_credit, start_statistics
from core.runs.plan import RunPlan
from core.runs.stored import DRAWN
from ui.runs.examples import stored_example
from ui.runs.figures import Figure, picture_groups, to_picture
from ui.runs.panel import Wanted, reserve_heights, run_button, run_details, run_panel, run_status, start_run
from ui.runs.second_judge import many_pictures, second_judge
from ui.runs.settings import choose_classifiers, first_choice, reset_settings, run_settings
from ui.shared.model_cache import NONE_READY, ready_classifiers
from ui.shared.text import one_line

PAGE = "generation"
SETS = {"CIFAR-10, 32 px": "cifar10", "ImageNet, 224 px": "imagenet"}
MAX_TARGETS = 4
MAX_PER_CLASS = 4
MAX_SEED = 999_999


def page() -> None:
    """Draw the page."""
    reserve_heights(PAGE)
    st.title("Can CLIP draw what it sees?", anchor=False)
    st.markdown(
        "Start from **noise** with the colours of a class, and let gradient descent change it until the classifier is "
        "confident of that class. The paper's finding for CLIP ViT-B/32: it becomes confident of a picture in which we "
        "see next to nothing. Beside it stands a robust model: look for the shapes."
    )
    chosen, beside = st.columns([1, 4], gap="medium")
    with chosen:
        class_set, targets, per_target, seed = _wanted()
        starts = draw_noise(targets, per_target, class_set, seed) if targets else None
        wanted = _controls(class_set, targets, per_target, seed, starts)
    names = () if wanted is None else wanted.names
    with beside:
        result = run_status(
            PAGE, lambda: stored_example(PAGE, IMAGE_SIZES[class_set], names), wanted, back=lambda: _back(class_set)
        )
        run_panel(PAGE, result)
        if result is not None:
            second_judge(result)
            if class_set == "cifar10":
                many_pictures()
    formula, noise, origin = st.tabs(["What is computed", "The noise", "Where this run comes from"])
    with noise:
        if starts is not None:
            _noise(targets, per_target, class_set, starts)
    with formula:
        _formula()
    with origin:
        run_details(result)


def _wanted() -> tuple[str, list[str], int, int]:
    """Class set, targets, samples per class, and the random seed."""
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
    left, right = st.columns(2)
    per_target = left.number_input("Samples per class", 1, MAX_PER_CLASS, 1, key=f"{PAGE}-seeds", bind="query-params")
    seed = right.number_input(
        "Random seed",
        0,
        MAX_SEED,
        0,
        key=f"{PAGE}-seed",
        bind="query-params",
        help="The same number draws the same noise.",
    )
    return class_set, targets, int(per_target), int(seed)


def _noise(targets: list[str], per_target: int, class_set: str, starts: np.ndarray) -> None:
    """For each target: mean and spread of its statistics, and the noise drawn from them."""
    groups = []
    for k, target in enumerate(targets):
        statistics = start_statistics(target, class_set, IMAGE_SIZES[class_set])
        figures = [
            Figure("Mean picture", "", to_picture(statistics.mean)),
            Figure("Standard deviation", "black is none", to_picture(statistics.std)),
        ]
        figures += [
            Figure(f"Start {k * per_target + n + 1}", "noise drawn from both", to_picture(starts[k * per_target + n]))
            for n in range(per_target)
        ]
        groups.append((one_line(target), figures, f"Statistics of {one_line(statistics.source, 200)}."))
    st.html(picture_groups(groups, "The noise of each class", tile=80))


def _controls(
    class_set: str, targets: list[str], per_target: int, seed: int, starts: np.ndarray | None
) -> Wanted | None:
    """Classifiers, settings and the button that starts; returns what they ask for."""
    ready = ready_classifiers(class_set)
    if not ready:
        st.info(NONE_READY)
        return None
    size = IMAGE_SIZES[class_set]
    specs = choose_classifiers(ready, key=f"{PAGE}-models-{class_set}")
    config, _ = run_settings(PAGE, paper_generation(size), size, weight=None)
    plan: RunPlan | str = "nothing to draw is chosen; choose a class, or describe one in words"
    if starts is not None:
        plan = RunPlan(
            targets=tuple(target for target in targets for _ in range(per_target)),
            start=starts,
            config=config,
            seed=seed,
            images={"dataset": "noise", "per_target": per_target, "credit": noise_credit(targets, class_set)},
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
    state[f"{PAGE}-seeds"], state[f"{PAGE}-seed"] = 1, 0
    state[f"{PAGE}-models-{class_set}"] = first_choice(ready_classifiers(class_set))
    reset_settings(PAGE, paper_generation(size), size)


def _formula() -> None:
    st.markdown(
        r"The start $x_0$ is noise: each pixel and channel is drawn alone from a normal distribution with the mean "
        r"and standard deviation of the class. Then $x$ minimises $\;\mathrm{CE}(x, \mathrm{target})\;$ (Eq. 2) "
        r"within $\lVert x - x_0\rVert_2 \le \varepsilon$, by steps "
        r"$x \leftarrow \mathrm{clip}(\mathrm{project}(x - \alpha\, g / \lVert g\rVert_2), 0, 1)$. At 224 pixels "
        r"the paper takes $\varepsilon$ = 40, $\alpha$ = 1 and 60 steps; here lengths scale with the side."
    )
