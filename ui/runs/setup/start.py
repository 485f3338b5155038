"""Start of the runs requested by the settings of *Fill a hole* and *Draw*."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.classifiers.families import ClassifierSpec
from core.pgd.run import Run, RunPlan
from core.pgd.search import Search
from core.pgd.settings import RunKind
from ui.runs.setup.settings import RunSettings, check_size, choose_classifiers, choose_searches, run_settings
from ui.runs.setup.state import ActiveRun, RunRequest, RunState
from ui.server.jobs import QueueFull
from ui.server.model_cache import NONE_READY, classifier_for, ready_classifiers
from ui.server.server_jobs import current_owner, job_manager


class Toolbar(NamedTuple):
    """Containers of the row above a run: its subject, networks, searches, settings and *Run*."""

    subject: DeltaGenerator
    networks: DeltaGenerator
    search: DeltaGenerator
    settings: DeltaGenerator
    run: DeltaGenerator


def draw_toolbar(page: str) -> Toolbar:
    """Draw the containers of a toolbar, which wraps in a narrow window."""
    run_state(page)
    row: dict[str, Any] = {"horizontal": True, "vertical_alignment": "bottom", "gap": "xsmall"}
    with st.container(**row, key=f"{page}.toolbar"):
        subject, networks, search = (st.container(**row, width="content") for _ in range(3))
        settings = st.popover("Settings", icon=":material/tune:", key=f"{page}.settings")
        return Toolbar(subject, networks, search, settings, st.container(width="content"))


def choose_networks(page: RunKind, class_set: str, toolbar: Toolbar) -> tuple[ClassifierSpec, ...] | None:
    """Draw the choice of classifiers and return it; None, with a message on the page, if none is ready."""
    ready = ready_classifiers(class_set)
    if not ready:
        st.info(NONE_READY)
        return None
    with toolbar.networks:
        return choose_classifiers(ready, key=f"{page}-models-{class_set}")


def ask_for_run(
    page: RunKind,
    specs: Sequence[ClassifierSpec],
    class_set: str,
    size: int,
    plan: Callable[[RunSettings], tuple[RunPlan | None, str]],
    toolbar: Toolbar,
    hole: float | None = None,
) -> RunRequest:
    """Draw searches, settings and *Run*; return the request.

    Args:
        specs: the chosen classifiers. size: side of the pictures in pixels. hole: side of the hole, if any.
        plan: maps the settings to `RunRequest.plan` and `RunRequest.why`; the message of a ValueError becomes `why`.
    """
    with toolbar.search:
        searches = choose_searches(page, size)
    names = tuple(spec.name for spec in specs)
    chosen = run_settings(toolbar.settings, page, size, hole, searches)
    pressed = toolbar.run.button(
        "Run", type="primary", icon=":material/play_arrow:", disabled=run_state(page).running, key=f"{page}.start"
    )
    try:
        request = RunRequest(*plan(chosen), names, searches, class_set)
    except ValueError as error:
        request = RunRequest(None, str(error), names, searches, class_set)
    if pressed:
        run_state(page).error = ""
        if start(page, request):
            st.rerun()
    return request


def run_state(page: str) -> RunState:
    """Return the state of this visitor's runs on a page."""
    key = f"{page}.runs"
    if key not in st.session_state:
        st.session_state[key] = RunState()
    state: RunState = st.session_state[key]
    return state


def refusal(page: str, request: RunRequest) -> str:
    """Return a one-sentence reason why the request cannot run; empty if it can."""
    if not request.names:
        return "no classifier is chosen; choose one or two"
    if not request.searches:
        return "no search is chosen; choose pixels, views or both"
    if request.plan is None or request.why:
        return request.why
    try:
        check_size(request.plan)
    except ValueError as error:
        return str(error)
    return ""


def start(page: str, request: RunRequest) -> bool:
    """Stop this visitor's earlier run and queue a request, or show a one-sentence reason why it cannot run."""
    plan, names = request.plan, request.names
    if (why := refusal(page, request)) or plan is None:
        run_state(page).refusal = why
        return False
    run = Run(plan, lambda: [classifier_for(name, request.class_set) for name in names], request.searches)
    return submit(page, run, names, request.searches)


def submit(page: str, run: Run, names: tuple[str, ...], searches: tuple[Search, ...]) -> bool:
    """Queue a run, or the rest of a stopped one; return False, with a message on the page, if the queue is full."""
    steps, (pictures, *_, pixels) = run.plan.config.steps, run.plan.start.shape
    about = {"what": page, "classifiers": names, "searches": searches, "steps": steps, "from_step": run.step}
    about |= {"pictures": pictures, "pixels": pixels}
    try:
        job = job_manager().submit(run.states, owner=current_owner(), total=steps + 1 - run.step, about=about)
    except QueueFull as error:
        run_state(page).refusal = str(error)
        return False
    run_state(page).active = ActiveRun(job, run, names, searches)
    return True
