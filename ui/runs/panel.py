"""Starting, watching and stopping a run; shared by *Inpainting* and *Generation*."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import sentence
from core.runs.plan import Run, RunPlan
from ui.runs.figures import Figure, picture_row, to_picture
from ui.runs.saved import close_run, open_button, opened_run
from ui.runs.view import TERM_LABELS, Result, curves_html, run_view
from ui.runs.words import percent, title_of
from ui.shared.jobs import Job, QueueFull, current_owner, job_manager
from ui.shared.model_cache import classifier_for
from ui.shared.text import as_markdown

if TYPE_CHECKING:
    from core.pgd.steps import PGDState

REDRAW_SECONDS = 0.5
MAX_PICTURES = 16  # drawn of one run while it goes on


@dataclass(frozen=True, eq=False)
class _Started:
    """A run of this visitor: the job, what it works on, and the names of its classifiers."""

    job: Job
    run: Run
    names: tuple[str, ...]


def run_button(page: str) -> bool:
    """The button that starts a run; True when it was pressed."""
    pressed = st.button(
        "Run",
        type="primary",
        icon=":material/play_arrow:",
        disabled=running(page),
        key=f"{page}.start",
        width="stretch",
    )
    if pressed:
        st.session_state.pop(f"{page}.error", None)
    return pressed


def refuse(reason: str) -> None:
    """Say in one sentence why nothing was started."""
    st.error(as_markdown(sentence(reason)))


def running(page: str) -> bool:
    """Whether this page's run waits or goes on."""
    started: _Started | None = st.session_state.get(f"{page}.run")
    return started is not None and started.job.active


def start_run(page: str, plan: RunPlan, names: tuple[str, ...], class_set: str) -> None:
    """Queue a plan on one or two classifiers and draw the page anew; an earlier run of this visitor is stopped."""
    run = Run(plan, lambda: [classifier_for(name, class_set) for name in names])
    try:
        job = job_manager().submit(run.states, owner=current_owner(), total=plan.config.steps + 1)
    except QueueFull as error:
        st.error(str(error))
        return
    st.session_state[f"{page}.run"] = _Started(job, run, names)
    close_run(page)
    st.rerun()


def run_panel(page: str, example: Callable[[], Result | None]) -> None:
    """The run in progress if there is one, else a run file, else this visitor's last result, else an example."""
    started: _Started | None = st.session_state.get(f"{page}.run")
    if started is not None and not started.job.active:
        _collect(page, started)
    if running(page):
        st.fragment(_live, run_every=REDRAW_SECONDS)(page)
        return
    if error := st.session_state.get(f"{page}.error"):
        refuse(error)
    result = opened_run(page) or st.session_state.get(f"{page}.result") or example()
    if result is None:
        open_button(page)
    else:
        _finished(page, result)


def _collect(page: str, started: _Started) -> None:
    """Turn a run that has ended into a result."""
    job = started.job
    del st.session_state[f"{page}.run"]
    if job.status == "failed":
        st.session_state[f"{page}.error"] = str(job.error) or repr(job.error)
    try:
        runs = started.run.finish()
    except ValueError as error:  # numbers that are no numbers any more
        st.session_state[f"{page}.error"] = f"The run cannot be shown: {error}"
        return
    if not runs:
        if job.status in ("stopped", "abandoned"):
            st.session_state[f"{page}.error"] = "The run was stopped before its first step."
        return
    done, steps = len(runs[0].curves["loss"]) - 1, started.run.plan.config.steps
    how = {"stopped": "stopped by you", "abandoned": "ended while you were away", "failed": "ended early"}
    note = (
        f"Your run, {done:,} steps"
        if job.status == "done"
        else f"Your run, {how[job.status]} after {done:,} of {steps:,} steps"
    )
    note += f", {1000 * job.seconds_per_step:.0f} ms per step." if done and job.seconds_per_step else "."
    st.session_state[f"{page}.result"] = Result(job.id, runs, note)


def _finished(page: str, result: Result) -> None:
    st.caption(as_markdown(result.note))
    with st.container(horizontal=True, vertical_alignment="center"):
        open_button(page)
        if opened_run(page) is not None:
            st.button("Close the saved run", icon=":material/close:", on_click=close_run, args=(page,), type="tertiary")
        elif st.session_state.get(f"{page}.result") is not None:
            st.button(
                "Show the stored example", on_click=lambda: st.session_state.pop(f"{page}.result"), type="tertiary"
            )
    st.fragment(run_view)(result.runs, key=f"{page}.{result.id}")


def _live(page: str) -> None:
    started: _Started | None = st.session_state.get(f"{page}.run")
    if started is None or not started.job.active:
        st.caption("The run has ended; putting its result together …")
        st.rerun()
    assert started is not None
    job, steps = started.job, started.run.plan.config.steps
    job.beat()
    states: tuple[PGDState, ...] | None = job.latest
    left, right = st.columns([4, 1], vertical_alignment="center")
    if job.status == "queued":
        left.info(
            f"Waiting for other visitors' runs: you are number {job.position} in line.", icon=":material/hourglass:"
        )
    elif states is None:
        left.progress(0.0, "Loading the classifier: some seconds the first time")
    else:
        left.progress(states[0].step / steps, _pace(job, states[0].step, steps))
    # A callback, because it runs before anything is drawn: the click shows at once.
    right.button("Stop the run", icon=":material/stop_circle:", width="stretch", key=f"{page}.stop", on_click=job.stop)
    if states is None:
        return
    for k, place in enumerate(st.columns(len(states), gap="large")):
        with place:
            _live_one(started, k, states[k])


def _pace(job: Job, step: int, steps: int) -> str:
    text = f"Step {step:,} of {steps:,}"
    if job.seconds_per_step is not None and step > 0:
        text += f" · {1000 * job.seconds_per_step:.0f} ms per step"
    if step > 1 and job.seconds_left is not None:
        left = round(job.seconds_left)
        text += f" · about {left // 60} min {left % 60} s left" if left >= 60 else f" · about {left} s left"
    return text


def _live_one(started: _Started, k: int, newest: PGDState) -> None:
    """One classifier's newest images, numbers and curves."""
    plan = started.run.plan
    probability, norm = newest.target_probability.tolist(), newest.perturbation_norm.tolist()
    images = newest.images[:MAX_PICTURES].cpu().numpy()
    figures = [
        Figure(str(plan.targets[row]), f"{percent(probability[row])} · change {norm[row]:.2f}", to_picture(images[row]))
        for row in range(len(images))
    ]
    curves = started.run.curves(k)
    terms = {name: curves[name] for name in TERM_LABELS if name in curves}
    numbers = " · ".join(f"{TERM_LABELS[name]} {curve[-1]:.3g}" for name, curve in terms.items())
    charts = curves_html(
        terms,
        curves["target_probability"],
        curves["perturbation_norm"],
        steps=plan.config.steps,
        epsilon=plan.config.epsilon,
    )
    st.html(
        f"<b>{html.escape(title_of(started.names[k]))}</b>"
        f'<br><span style="font-size:.85rem">{numbers}</span>'
        + picture_row(figures, tile=200 if len(figures) == 1 else 100)
    )
    st.markdown(charts, unsafe_allow_html=True)
