"""What the settings of *Fill a hole* and *Draw* ask for, and starting it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.pgd.settings import RunKind
from core.pgd.view_settings import Search
from core.runs.plan import RunPlan
from core.runs.run import Run
from ui.runs.setup.settings import Chosen, check_size, choose_classifiers, choose_searches, run_settings
from ui.server.job import Job
from ui.server.jobs import QueueFull
from ui.server.model_cache import NONE_READY, classifier_for, ready_classifiers
from ui.server.server_jobs import current_owner, job_manager


@dataclass(frozen=True, eq=False)
class Wanted:
    """What the settings on the page ask for.

    plan: what is to run, or what of it can be looked at; None where there is nothing. why: in one sentence why it
    cannot run; empty where it can. names: of the classifiers, each of which runs by each search.
    """

    plan: RunPlan | None
    why: str
    names: tuple[str, ...]
    searches: tuple[Search, ...]
    class_set: str

    @cached_property
    def fingerprint(self) -> str:
        """Another text for another plan or other classifiers; empty without a plan."""
        if (plan := self.plan) is None:
            return ""
        facts = [plan.targets, plan.config, plan.seed, plan.weight, plan.penalty]
        facts += [self.names, self.searches, self.class_set]
        arrays = [one.tobytes() for one in (plan.start, plan.mask) if one is not None]
        return hashlib.blake2b(b"".join([repr(facts).encode(), *arrays]), digest_size=16).hexdigest()


@dataclass(frozen=True, eq=False)
class Started:
    """A run of this visitor: the job, what it works on, the names of its classifiers, and its searches."""

    job: Job
    run: Run
    names: tuple[str, ...]
    searches: tuple[Search, ...]
    by_itself: bool = False  # nobody has asked for it by a button: what is asked next takes its place


def ask_for_run(
    page: RunKind,
    class_set: str,
    size: int,
    plan: Callable[[Chosen], tuple[RunPlan | None, str]],
    *,
    buttons: DeltaGenerator,
    hole: float | None = None,
) -> Wanted | None:
    """Classifiers, searches, settings and the button that starts; returns what they ask for.

    None where no classifier is ready.

    Args:
        size: side of the pictures in pixels. hole: of a hole.
        plan: from the settings to `Wanted.plan` and `Wanted.why`; a ValueError is the latter, too.
        buttons: where the settings and the button stand.
    """
    ready = ready_classifiers(class_set)
    if not ready:
        st.info(NONE_READY)
        return None
    specs = choose_classifiers(ready, key=f"{page}-models-{class_set}")
    searches = choose_searches(page, size)
    names = tuple(spec.name for spec in specs)
    with buttons:
        chosen = run_settings(page, size, hole, specs, searches)
        pressed = st.button(
            "Run",
            type="primary",
            icon=":material/play_arrow:",
            disabled=running(page),
            key=f"{page}.start",
            width="stretch",
        )
    try:
        wanted = Wanted(*plan(chosen), names, searches, class_set)
    except ValueError as error:
        wanted = Wanted(None, str(error), names, searches, class_set)
    if pressed:
        st.session_state.pop(f"{page}.error", None)
        if start(page, wanted):
            st.rerun()
    return wanted


def running(page: str) -> bool:
    """Whether this page's run waits or goes on."""
    started = current_run(page)
    return started is not None and started.job.active


def current_run(page: str) -> Started | None:
    """This page's run that waits or goes on, or has ended and is not a result yet."""
    return st.session_state.get(f"{page}.run")


def refusal(page: str, wanted: Wanted) -> str:
    """In one sentence why what is wanted cannot run; empty where it can."""
    if not wanted.names:
        return "no classifier is chosen; choose one or two"
    if not wanted.searches:
        return "no search is chosen; choose pixels, views or both"
    if wanted.plan is None or wanted.why:
        return wanted.why
    try:
        check_size(page, wanted.plan)
    except ValueError as error:
        return str(error)
    return ""


def start(page: str, wanted: Wanted, by_itself: bool = False) -> bool:
    """Queue what is wanted, or say in one sentence why not; an earlier run of this visitor is stopped."""
    plan, names = wanted.plan, wanted.names
    if (why := refusal(page, wanted)) or plan is None:
        st.session_state[f"{page}.refusal"] = why
        return False
    run = Run(plan, lambda: [classifier_for(name, wanted.class_set) for name in names], wanted.searches)
    return submit(page, run, names, wanted.searches, by_itself)


def submit(page: str, run: Run, names: tuple[str, ...], searches: tuple[Search, ...], by_itself: bool = False) -> bool:
    """Queue a run, or what is left of one that was stopped; False if there is no room, which the page then says."""
    steps, (pictures, *_, pixels) = run.plan.config.steps, run.plan.start.shape
    about = {"what": page, "classifiers": names, "searches": searches, "steps": steps, "from_step": run.step}
    about |= {"pictures": pictures, "pixels": pixels}
    try:
        job = job_manager().submit(run.states, owner=current_owner(), total=steps + 1 - run.step, about=about)
    except QueueFull as error:
        st.session_state[f"{page}.refusal"] = str(error)
        return False
    st.session_state[f"{page}.run"] = Started(job, run, names, searches, by_itself)
    return True
