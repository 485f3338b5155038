"""What a visitor chooses for a run: classifiers, lengths, lambda; shared by *Inpainting* and *Generation*."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.classifiers.registry import ClassifierSpec
from core.pgd.config import Penalty, PGDConfig
from core.runs.plan import RunPlan
from ui.runs.words import PENALTY_WORDS
from ui.shared.limits import limits

# An ordinary model beside a robust one of its kind: the paper's contrast.
CONTRASTS = (("mini-clip", "mini-clip-robust"), ("clip-vit-b-32", "clip-vit-b-32-robust"))
MAX_CLASSIFIERS = 2
WIDTH = 305  # CSS pixels: room for two titles in one line
OFFERED: tuple[Penalty, ...] = ("eq3", "mean_square")
PENALTIES: dict[str, Penalty] = {PENALTY_WORDS[penalty].label: penalty for penalty in OFFERED}
# What links of earlier versions say, and what they mean.
RENAMED: dict[str, Penalty] = {
    "Norm (Eq. 3)": "norm",
    "Mean square (Santurkar et al.)": "mean_square",
    "Frozen": "frozen",
    "Frozen: hold everything outside the hole": "frozen",
}


def choose_classifiers(ready: Sequence[ClassifierSpec], *, key: str) -> tuple[ClassifierSpec, ...]:
    """One or two classifiers, in the order of choice; by default the paper's contrast, where it is ready."""
    by_title = {spec.title: spec for spec in ready}
    titles = st.multiselect(
        "Classifiers (one or two)",
        list(by_title),
        default=first_choice(ready),
        max_selections=MAX_CLASSIFIERS,
        key=key,
        width=WIDTH,
        bind="query-params",
    )
    return tuple(by_title[title] for title in titles)


def first_choice(ready: Sequence[ClassifierSpec]) -> list[str]:
    """Titles of the first contrast that is complete, else of the first classifier."""
    titles = {spec.name: spec.title for spec in ready}
    pair = next((pair for pair in CONTRASTS if all(name in titles for name in pair)), ())
    return [titles[name] for name in pair] or list(titles.values())[:1]


def choose_penalty(page: str) -> Penalty:
    """What keeps the picture outside the hole from changing; by default Eq. 3, minimised."""
    parameter = f"{page}-penalty"
    if (linked := RENAMED.get(st.query_params.get(parameter, ""))) is not None:
        del st.query_params[parameter]  # which counts more than what the session holds
        st.session_state.setdefault(parameter, PENALTY_WORDS[linked if linked in OFFERED else "eq3"].label)
        st.session_state[f"{page}.linked_penalty"] = linked
    chosen = st.radio(
        "Change outside the hole",
        list(PENALTIES),
        horizontal=True,
        key=parameter,
        bind="query-params",
        help="Eq. 3: lambda times the L2 norm of the change outside the hole, as printed in the paper; nearly always "
        "its minimum changes nothing there. Mean square: lambda times the mean over all pixels and channels of the "
        "squared change, a far smaller number, as in the notebook of Santurkar et al.; the rest changes a little.",
    )
    return PENALTIES[chosen]


def linked_penalty(page: str) -> str:
    """One sentence where a link of an earlier version led here and meant another rule than a run takes now."""
    linked: Penalty | None = st.session_state.get(f"{page}.linked_penalty")
    if linked is None or linked in OFFERED:
        return ""
    return (
        f"This link was made by an earlier version, for a run with {PENALTY_WORDS[linked].told}. A run from here takes "
        "what is chosen."
    )


def max_steps(page: str) -> int:
    """Of one run of "inpainting" or "generation"."""
    return {"inpainting": limits().inpainting_steps, "generation": limits().generation_steps}[page]


def check_size(page: str, plan: RunPlan) -> None:
    """Raise ValueError, one sentence, for more than the server allows: widgets keep to it, other clients need not."""
    wanted = ("steps", plan.config.steps, max_steps(page)), ("pictures", len(plan.start), limits().run_pictures)
    for what, count, most in wanted:
        if count > most:
            raise ValueError(f"this server allows {most:,} {what} a run, and {count:,} were asked for; choose fewer")


def run_settings(page: str, paper: PGDConfig, size: int, *, weight: float | None) -> tuple[PGDConfig, float]:
    """The paper's settings, scaled to the picture's size, with the visitor's changes to them; and lambda.

    Args:
        paper: the settings to begin with; where their budget changes, one that nobody has changed follows it.
        size: side of the picture in pixels.
        weight: lambda of Eq. 3, or None where there is none; it is 0 then.
    """
    budget, followed = f"{page}-epsilon-{size}", f"{page}.followed_epsilon.{size}"
    before = st.session_state.get(followed, paper.epsilon)
    if before != paper.epsilon and st.session_state.get(budget) == before:
        st.session_state[budget] = paper.epsilon
    st.session_state[followed] = paper.epsilon
    with st.popover("Settings", icon=":material/tune:", key=f"{page}.settings"):
        most = max_steps(page)
        st.markdown(
            f"The paper's, scaled to the picture's side. A run has up to {most:,} steps and takes up to "
            f"{limits().run_seconds / 60:,.0f} minutes."
        )
        left, right = st.columns(2)
        steps = left.number_input(
            "Steps", 1, most, min(paper.steps, most), step=20, key=f"{page}-steps", bind="query-params"
        )
        step_size = right.number_input(
            "Step size (L2)",
            paper.step_size / 100,
            100 * paper.step_size,
            paper.step_size,
            step=paper.step_size / 4,
            format="%.4f",
            key=f"{page}-step-{size}",
            bind="query-params",
        )
        epsilon = left.number_input(
            "L2 budget (epsilon)",
            paper.step_size / 10,
            1000 * paper.step_size,
            paper.epsilon,
            step=20 * paper.step_size,
            format="%.3f",
            key=budget,
            bind="query-params",
            help="Radius of the ball around the start, over all pixels and channels, values in [0, 1].",
        )
        if weight is not None:
            weight = right.number_input(
                "Penalty weight (lambda)", 0.0, 1000.0, weight, step=1.0, key=f"{page}-lambda", bind="query-params"
            )
        fast = st.toggle(
            "Fast (bfloat16)",
            key=f"{page}-fast",
            bind="query-params",
            help="The network computes with numbers rounded to 8 bits of precision instead of 24. That may shorten the "
            "steps of large networks and lengthens those of small ones: Mini CLIP’s took 1.6 times as long on the "
            "processor where that was measured. Every step changes a little, so the run takes another path and ends in "
            "another picture.",
        )
    dtype = "bfloat16" if fast else "float32"
    return PGDConfig(epsilon=epsilon, step_size=step_size, steps=int(steps), dtype=dtype), weight or 0.0


def reset_settings(page: str, paper: PGDConfig, size: int, *, weight: float | None = None) -> None:
    """For callbacks: set what `run_settings` offers to the paper's values again."""
    state = st.session_state
    state[f"{page}-steps"], state[f"{page}-step-{size}"] = min(paper.steps, max_steps(page)), paper.step_size
    state[f"{page}-epsilon-{size}"], state[f"{page}-fast"] = paper.epsilon, False
    if weight is not None:
        state[f"{page}-lambda"] = weight
