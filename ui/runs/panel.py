"""Starting, watching and stopping a run; shared by *Inpainting* and *Generation*."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import sentence
from core.runs.plan import Run, RunPlan
from ui.components.replay import Progress, replay
from ui.maps.cell_predictions import wait_for_first_paint
from ui.runs.instrument import is_quick, remember_pace
from ui.runs.matching import SUBJECT, changed_settings
from ui.runs.replays import live_replay, run_replay
from ui.runs.saved import close_run, open_button, opened_run
from ui.runs.settings import check_size
from ui.runs.view import Result, download_menu, outcome_words, provenance
from ui.shared.job import Job
from ui.shared.jobs import QueueFull
from ui.shared.limits import limits
from ui.shared.look import style_sheet
from ui.shared.model_cache import classifier_for
from ui.shared.server_jobs import current_owner, job_manager
from ui.shared.text import as_markdown

# A redraw costs the browser more than any picture in it: each brings several moments of the run.
REDRAW_SECONDS = 0.5
# How a run can end that may go on where it stands.
ENDED_EARLY = {
    "stopped": "stopped by you",
    "abandoned": "ended while you were away",
    "overtime": "ended by this server’s limit of time",
}
WAIT_SECONDS = 4.0  # of a page for a run that started by itself
WAITING_SECONDS = 2.0  # between two looks at a run that is paused or stands in line: many may do so at once
_STYLE = style_sheet(__file__)


@dataclass(frozen=True, eq=False)
class Wanted:
    """What the settings on the page ask for: the plan, or in one sentence why there is none, and the classifiers.

    preview: a plan whose pictures are shown while there is nothing to run.
    """

    plan: RunPlan | str
    names: tuple[str, ...]
    class_set: str
    preview: RunPlan | None = None

    @property
    def pictures(self) -> RunPlan | None:
        """What is to be seen before anything runs."""
        return self.preview if isinstance(self.plan, str) else self.plan


@dataclass(frozen=True, eq=False)
class _Started:
    """A run of this visitor: the job, what it works on, and the names of its classifiers."""

    job: Job
    run: Run
    names: tuple[str, ...]
    by_itself: bool = False  # nobody has asked for it by a button: what is asked next takes its place


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


def running(page: str) -> bool:
    """Whether this page's run waits or goes on."""
    started = _current(page)
    return started is not None and started.job.active


def _current(page: str) -> _Started | None:
    """This page's run that waits or goes on, or has ended and is not a result yet."""
    return st.session_state.get(f"{page}.run")


def start_run(page: str, wanted: Wanted) -> None:
    """Queue what is wanted, or say in one sentence why not; an earlier run of this visitor is stopped."""
    if _start(page, wanted):
        st.rerun()


def _start(page: str, wanted: Wanted) -> bool:
    run = _new_run(page, wanted)
    if isinstance(run, str):
        st.session_state[f"{page}.refusal"] = run
        return False
    close_run(page)
    return _submit(page, run, wanted.names)


def _new_run(page: str, wanted: Wanted) -> Run | str:
    """What is wanted, ready to be queued; or in one sentence why it cannot be."""
    plan, names = wanted.plan, wanted.names
    if not names:
        return "no classifier is chosen; choose one or two"
    if isinstance(plan, str):
        return plan
    try:
        check_size(page, plan)
    except ValueError as error:
        return str(error)
    return Run(plan, lambda: [classifier_for(name, wanted.class_set) for name in names])


def _submit(page: str, run: Run, names: tuple[str, ...], by_itself: bool = False) -> bool:
    """Queue a run, or what is left of one that was stopped; False if there is no room, which the page then says."""
    steps, (pictures, *_, pixels) = run.plan.config.steps, run.plan.start.shape
    about = {"what": page, "classifiers": names, "steps": steps, "from_step": run.step}
    about |= {"pictures": pictures, "pixels": pixels}
    try:
        job = job_manager().submit(run.states, owner=current_owner(), total=steps + 1 - run.step, about=about)
    except QueueFull as error:
        st.session_state[f"{page}.refusal"] = str(error)
        return False
    st.session_state[f"{page}.run"] = _Started(job, run, names, by_itself)
    return True


def run_status(
    page: str,
    example: Callable[[], Result | None],
    wanted: Wanted | None,
    back: Callable[[], None],
    bring: Callable[[Result], bool] = lambda result: False,
) -> Result | None:
    """A row that says what is shown, with its menus; returns what `run_panel` is to show, None while nothing has run.

    That is a run file if one was opened, else this visitor's last result, else an example: as long as it is of the
    pictures and the target that are chosen, or the visitor asks to see it all the same.

    Args:
        example: the stored runs to show where there is nothing else.
        wanted: what the settings ask for; where something else is shown, the row says so.
        back: callback that sets the settings to those of the stored example.
        bring: callback that chooses the pictures and the target of a run; False where it cannot.
    """
    started = _current(page)
    if started is not None and not started.job.active:
        _collect(page, started)
    if not running(page) or (started is not None and started.by_itself):
        _run_by_itself(page, _shown(page, example), wanted)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{page}.status"):
        now = _current(page)  # which may have started just now
        if now is not None and now.job.active:
            st.markdown(
                f"Your run is paused: it keeps its place for {limits().pause_seconds} s, then it is stopped."
                if now.job.paused
                else "Your run goes on."
            )
            # Keeps the row's height, and so the panel's place.
            st.button("Download", icon=":material/download:", key=f"{page}.not_yet", disabled=True)
            return None
        result = _shown(page, example)
        if wanted is not None and _is_new(page, wanted, result):
            _about_new(page, wanted, result, back, bring)
            return None
        _about(page, result, wanted, back)
        return result


def _shown(page: str, example: Callable[[], Result | None]) -> Result | None:
    return opened_run(page) or st.session_state.get(f"{page}.result") or example()


def _is_new(page: str, wanted: Wanted, result: Result | None) -> bool:
    """Whether what is chosen has other pictures or another target than the result, and nobody asked to see that."""
    if wanted.pictures is None or not wanted.names or (result is not None and result.fixed):
        return False
    if result is not None and not set(SUBJECT) & set(changed_settings(wanted.pictures, wanted.names, result.runs)):
        return False
    return st.session_state.get(f"{page}.all_the_same") != _fingerprint(wanted, wanted.pictures)


def _about_new(
    page: str, wanted: Wanted, result: Result | None, back: Callable[[], None], bring: Callable[[Result], bool]
) -> None:
    """That nothing has run yet, and the way back to what has."""
    _tell_error(page)
    st.markdown(f"**Not run yet**{f': {as_markdown(wanted.plan)}' if isinstance(wanted.plan, str) else ''}.")
    if result is not None and not result.stored and (plan := wanted.pictures) is not None:

        def see() -> None:
            if not bring(result):
                st.session_state[f"{page}.all_the_same"] = _fingerprint(wanted, plan)

        st.button("Show the last run", key=f"{page}.see", on_click=see, type="tertiary")
    st.button("Back to the example", icon=":material/undo:", key=f"{page}.back", on_click=back)
    open_button(page)


def _run_by_itself(page: str, shown: Result | None, wanted: Wanted | None) -> None:
    """Start what the settings ask for, once, if it is not what is shown and will soon be over; and wait for it."""
    if wanted is None or opened_run(page) is not None or (shown is not None and shown.fixed):
        return  # what the visitor has asked to see stays
    run = _new_run(page, wanted)
    if isinstance(run, str) or (shown is not None and not _changed(wanted, shown)):
        return
    asked, last = _fingerprint(wanted, run.plan), st.session_state.get(f"{page}.by_itself")
    if asked == last or not is_quick(run.plan, wanted.names) or wait_for_first_paint():
        return
    st.session_state[f"{page}.by_itself"] = asked
    if _submit(page, run, wanted.names, by_itself=True):
        started: _Started = st.session_state[f"{page}.run"]
        if started.job.wait(WAIT_SECONDS):  # else it is watched, like any other
            _collect(page, started)


def _fingerprint(wanted: Wanted, plan: RunPlan) -> str:
    """Another text for another plan or other classifiers."""
    facts = [plan.targets, plan.config, plan.seed, plan.weight, plan.penalty, wanted.names, wanted.class_set]
    arrays = [one.tobytes() for one in (plan.start, plan.mask) if one is not None]
    return hashlib.blake2b(b"".join([repr(facts).encode(), *arrays]), digest_size=16).hexdigest()


def run_panel(page: str, result: Result | None, wanted: Wanted | None) -> None:
    """The run in progress if there is one, else the result, else what would run: always in the same place."""
    started = _current(page)
    with st.container(key=f"{page}.panel"):
        if started is not None:
            waits = _waits(started.job)
            st.fragment(_live, run_every=WAITING_SECONDS if waits else REDRAW_SECONDS)(page, waits)
        elif result is not None:
            stopped = None if result.go_on is None else Progress("stopped")
            packed = _kept(page, "packed", result.id, lambda: run_replay(result.runs, id=result.id, live=stopped))
            _replay(page, packed, go_on=result.go_on)
        elif wanted is not None and (plan := wanted.pictures) is not None:
            new = Progress("new", "Not run yet")
            version = _fingerprint(wanted, plan)
            packed = _kept(
                page, "packed", version, lambda: live_replay(plan, wanted.names, [], [], id=version, live=new)
            )
            _replay(page, packed, go_on=partial(_start, page, wanted))
    if started is None and result is not None:
        st.markdown(_kept(page, "outcome", result.id, lambda: outcome_words(result.runs)))


def run_details(result: Result | None) -> None:
    """Where the runs on the screen come from; for below the panel."""
    if result is None:
        st.markdown("Told when the run has ended.")
    else:
        provenance(result.runs)


def settings_beside() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Two columns, which keep their room: one for the settings, of fixed width, and one for what comes of them."""
    st.html(_STYLE)
    left, right = st.columns([1, 4], gap="medium")
    return left.container(key="run-settings"), right.container(key="run-results")


def _about(page: str, result: Result | None, wanted: Wanted | None, back: Callable[[], None]) -> None:
    """What is shown, whether it is what the settings ask for, and where to go from it."""
    own, opened = st.session_state.get(f"{page}.result") is not None, opened_run(page) is not None
    changed = [] if result is None or wanted is None or result.fixed else _changed(wanted, result)
    _tell_error(page)
    if result is not None:
        what = f" **Other settings than these ({as_markdown(', '.join(changed))})**: *Run*, or" if changed else ""
        st.markdown(f"{':material/sync_problem: ' if changed else ''}{as_markdown(result.note)}{what}")
    if changed:
        st.button("Back to the example", icon=":material/undo:", key=f"{page}.back", on_click=back)
    if opened:
        st.button("Close the saved run", icon=":material/close:", on_click=close_run, args=(page,), type="tertiary")
    elif own and not changed:
        st.button("Show the stored example", on_click=back, type="tertiary")
    open_button(page)
    if result is not None:
        download_menu(result.runs, key=f"{page}.{result.id}")


def _tell_error(page: str) -> None:
    """Why nothing was started, for this click only; or how the last run failed, until the next one."""
    error = st.session_state.pop(f"{page}.refusal", None) or st.session_state.get(f"{page}.error")
    if error:
        st.error(as_markdown(sentence(error)))


def _changed(wanted: Wanted, result: Result) -> list[str]:
    if isinstance(wanted.plan, str):
        return [wanted.plan]
    return changed_settings(wanted.plan, wanted.names, result.runs)


def _kept(page: str, what: str, version: object, make: Callable[[], Any]) -> Any:
    """What was made for this visitor, such as a packed replay, kept until another version is asked for."""
    known, data = st.session_state.get(f"{page}.{what}", (None, None))
    if known != version:
        data = make()
        st.session_state[f"{page}.{what}"] = version, data
    return data


def _replay(page: str, data: dict[str, Any], go_on: Callable[[], object] | None = None) -> None:
    """The one place of every run of a page, whether it goes on or has ended. go_on: for one that was stopped."""

    def job(action: str, otherwise: Callable[[], object] | None = None) -> Callable[[], None]:
        def act() -> None:
            started = _current(page)
            if started is not None:
                getattr(started.job, action)()
            elif otherwise is not None:
                otherwise()

        return act

    replay(data, key=f"{page}.replay", on_pause=job("pause"), on_resume=job("resume", go_on), on_stop=job("stop"))


def _collect(page: str, started: _Started) -> None:
    """Turn a run that has ended into a result."""
    job = started.job
    del st.session_state[f"{page}.run"]
    if job.status == "failed":
        st.session_state[f"{page}.error"] = str(job.error) or repr(job.error)
    try:
        runs = started.run.so_far()
    except ValueError as error:  # numbers that are no numbers any more
        st.session_state[f"{page}.error"] = f"The run cannot be shown: {error}"
        return
    if not runs:
        if job.status in ENDED_EARLY:
            st.session_state[f"{page}.error"] = "The run was stopped before its first step."
        return
    remember_pace(started.run.plan, started.names, job.seconds_per_step)
    done, steps = len(runs[0].curves["loss"]) - 1, started.run.plan.config.steps
    can_go_on = job.status in ENDED_EARLY and done < steps
    how = ENDED_EARLY | {"failed": "ended early"}
    note = (
        f"Your run, {done:,} steps"
        if job.status == "done"
        else f"Your run, {how[job.status]} after {done:,} of {steps:,} steps"
    )
    note += f", {1000 * job.seconds_per_step:.0f} ms per step." if done and job.seconds_per_step else "."
    go_on = partial(_submit, page, started.run, started.names) if can_go_on else None
    st.session_state[f"{page}.result"] = Result(job.id, runs, note, go_on)


def _waits(job: Job) -> bool:
    """Whether it takes no steps for now."""
    return job.paused or job.status == "queued"


def _live(page: str, waits: bool) -> None:
    """The newest moments of the run, or of one that waits all so far; the page is drawn anew when that changes."""
    started = _current(page)
    if started is None or not started.job.active or _waits(started.job) != waits:
        st.rerun()
    assert started is not None
    job, plan = started.job, started.run.plan
    job.beat()
    moments = job.moments()
    if job.status == "queued":
        live = Progress("queued", f"Waiting for other visitors' runs: number {job.position} in line")
    elif job.paused:
        live = Progress("paused")
    elif not moments:
        live = Progress("running", "loading the classifiers: some seconds the first time")
    else:
        live = Progress("running", _pace(job), REDRAW_SECONDS)
    if (waits or not moments) and (runs := started.run.so_far()):
        version = (job.id, started.run.step, live)
        _replay(page, _kept(page, "packed", version, lambda: run_replay(runs, id=job.id, live=live)))
        return
    curves = [started.run.curves(k) for k in range(len(started.names))] if moments else []
    _replay(page, live_replay(plan, started.names, moments, curves, id=job.id, live=live))


def _pace(job: Job) -> str:
    step, left = job.seconds_per_step, job.seconds_left
    if job.done < 2 or step is None or left is None:
        return "the first step"
    whole = round(left)
    time_left = f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"
    return f"{1000 * step:.0f} ms per step · about {time_left} left"
