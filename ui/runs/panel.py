"""Watching, stopping and showing a run; shared by *Fill a hole* and *Draw*."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.runs.matching import SUBJECT, changed_settings
from core.shared.errors import sentence
from ui.components.replay import Progress, replay
from ui.maps.predictions.cell_predictions import wait_for_first_paint
from ui.runs.downloads import download_menu
from ui.runs.replays import live_replay, run_replay
from ui.runs.saved import open_button
from ui.runs.setup.instrument import expected_seconds, remember_pace
from ui.runs.setup.start import Started, Wanted, current_run, refusal, running, start, submit
from ui.runs.view import Result, outcome_words, provenance
from ui.server.job import Job
from ui.server.limits import limits
from ui.shared.look import style_sheet
from ui.shared.text import as_markdown

# A redraw costs the browser more than any picture in it: each brings several moments of the run.
REDRAW_SECONDS = 0.5
# How a run can end that may go on where it stands.
ENDED_EARLY = {
    "stopped": "stopped by you",
    "abandoned": "ended while you were away",
    "overtime": "ended by this server’s limit of time",
}
# A run that started by itself and is likely to end within so many seconds is shown when it has ended: the page waits
# for it, but no longer than the latter.
AT_ONCE, WAIT_SECONDS = 2.0, 4.0
WAITING_SECONDS = 2.0  # between two looks at a run that is paused or stands in line: many may do so at once
_STYLE = style_sheet(__file__)


def settings_beside() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Two columns, which keep their room: one for the settings, of fixed width, and one for what comes of them."""
    st.html(_STYLE)
    left, right = st.columns([1, 4], gap="medium")
    return left.container(key="run-settings"), right.container(key="run-results")


def run_status(
    page: str,
    example: Callable[[], Result | None],
    wanted: Wanted | None,
    back: Callable[[], None],
    bring: Callable[[Result], None] = lambda result: None,
) -> Result | None:
    """A row that says what is shown, with its menus; returns what `run_panel` is to show, None while nothing has run.

    That is what was opened, else this visitor's last result, else an example: as long as it is of the pictures and the
    target that are chosen, or the visitor asks to see it all the same.

    Args:
        example: the stored runs to show where there is nothing else.
        wanted: what the settings ask for; where something else is shown, the row says so.
        back: callback that sets the settings to those of the stored example.
        bring: chooses the pictures and the target of a result, as far as it can; for callbacks.
    """
    state, seen = st.session_state, f"{page}.seen"
    if state.get(seen) is True and wanted is not None:
        state[seen] = wanted.fingerprint
    started = current_run(page)
    if started is not None and not started.job.active:
        _collect(page, started)
    if wanted is not None and (not running(page) or (started is not None and started.by_itself)):
        _run_by_itself(page, _nearest(page, example, wanted), wanted)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{page}.status"):
        now = current_run(page)  # which may have started just now
        if now is not None and now.job.active:
            st.markdown(
                f"Your run is paused; after {limits().pause_seconds} s it is stopped."
                if now.job.paused
                else "Your run goes on."
            )
            # Keeps the row's height, and so the panel's place.
            st.button("Download", icon=":material/download:", key=f"{page}.not_yet", disabled=True)
            return None
        result = _nearest(page, example, wanted)
        new = wanted is not None and _is_of_others(wanted, result) and wanted.fingerprint != state.get(seen)
        _about(page, wanted, result, new, back, bring)
        return None if new else result


def _nearest(page: str, example: Callable[[], Result | None], wanted: Wanted | None) -> Result | None:
    """This visitor's last result, or an example, also where that alone is what the settings ask for."""
    mine: Result | None = st.session_state.get(f"{page}.result")
    asked = wanted is not None and wanted.fingerprint != st.session_state.get(f"{page}.seen")
    if mine is None or (asked and wanted is not None and _is_of_others(wanted, mine)):
        stored = example()
        if mine is None or (stored is not None and wanted is not None and not _changed(wanted, stored)):
            return stored
    return mine


def _about(
    page: str,
    wanted: Wanted | None,
    result: Result | None,
    new: bool,
    back: Callable[[], None],
    bring: Callable[[Result], None],
) -> None:
    """What is shown, or that nothing has run yet; whether it is what the settings ask for; and where to go from it."""
    # Why nothing was started, for this click only; or how the last run failed.
    if error := st.session_state.pop(f"{page}.refusal", None) or st.session_state.get(f"{page}.error"):
        st.error(as_markdown(sentence(error)))
    shown = None if new else result
    changed = [] if wanted is None or shown is None or _is_of_others(wanted, shown) else _changed(wanted, shown)
    if new and wanted is not None:
        st.markdown(f"**Not run yet**{f': {as_markdown(wanted.why)}' if wanted.why else ''}.")
    elif shown is not None:
        what = f" **Other settings than these ({as_markdown(', '.join(changed))})**: *Run*, or" if changed else ""
        st.markdown(f"{':material/sync_problem: ' if changed else ''}{as_markdown(shown.note)}{what}")
    mine: Result | None = st.session_state.get(f"{page}.result")
    if mine is not None and mine is not shown:
        again = partial(show_result, page, mine, bring)
        st.button("Show the last run", key=f"{page}.see", on_click=again, type="tertiary")
    if new or changed:
        st.button("Back to the example", icon=":material/undo:", key=f"{page}.back", on_click=back)
    if shown is not None and shown.opened:
        close = partial(_close, page, bring)
        st.button(f"Close {shown.opened}", icon=":material/close:", on_click=close, type="tertiary")
    elif shown is not None and not shown.stored and not changed:
        st.button("Show the stored example", on_click=back, type="tertiary")
    open_button(page, partial(show_result, page, bring=bring))
    if shown is not None:
        download_menu(shown.runs, key=f"{page}.{shown.id}")


def _is_of_others(wanted: Wanted, result: Result | None) -> bool:
    """Whether the result is of other pictures or another target than those that are chosen, or there is none."""
    if wanted.plan is None or not wanted.names or not wanted.searches:
        return False
    return result is None or bool(
        {*SUBJECT} & {*changed_settings(wanted.plan, wanted.names, result.runs, wanted.searches)}
    )


def _changed(wanted: Wanted, result: Result) -> list[str]:
    if wanted.why or wanted.plan is None:
        return [wanted.why]
    return changed_settings(wanted.plan, wanted.names, result.runs, wanted.searches)


def show_result(page: str, result: Result, bring: Callable[[Result], None] = lambda result: None) -> None:
    """Show a result, until something else is chosen, with its pictures if `bring` can choose them; for callbacks."""
    state = st.session_state
    shown: Result | None = state.get(f"{page}.result")
    if result.opened:
        result = replace(result, before=shown.before if shown is not None and shown.opened else shown)
    state[f"{page}.result"], state[f"{page}.seen"] = result, True
    state.pop(f"{page}.error", None)
    bring(result)


def _close(page: str, bring: Callable[[Result], None]) -> None:
    """Show again what was shown before a result was opened; for callbacks."""
    before = st.session_state.pop(f"{page}.result").before
    if before is not None:
        show_result(page, before, bring)


def _run_by_itself(page: str, shown: Result | None, wanted: Wanted) -> None:
    """Start what the settings ask for, once, if it is not what is shown and will soon be over; and wait for it."""
    asked, done = wanted.fingerprint, (st.session_state.get(f"{page}.{name}") for name in ("by_itself", "seen"))
    if refusal(page, wanted) or wanted.plan is None or (shown is not None and not _changed(wanted, shown)):
        return
    seconds = expected_seconds(wanted.plan, wanted.names, wanted.searches)
    if seconds is None or seconds > limits().quick_seconds:
        return
    # What the visitor has asked to see stays.
    if asked in done or wait_for_first_paint():
        return
    st.session_state[f"{page}.by_itself"] = asked
    if start(page, wanted, by_itself=True):
        started: Started = st.session_state[f"{page}.run"]
        if seconds < AT_ONCE and started.job.wait(WAIT_SECONDS):  # else it is watched, like any other
            _collect(page, started)


def run_panel(page: str, result: Result | None, wanted: Wanted | None) -> None:
    """The run in progress if there is one, else the result, else what would run: always in the same place."""
    started = current_run(page)
    with st.container(key=f"{page}.panel"):
        if started is not None:
            waits = _waits(started.job)
            st.fragment(_live, run_every=WAITING_SECONDS if waits else REDRAW_SECONDS)(page, waits)
        elif result is not None:
            stopped = None if result.go_on is None else Progress("stopped")
            packed = _kept(page, "packed", result.id, lambda: run_replay(result.runs, id=result.id, live=stopped))
            _replay(page, packed, go_on=result.go_on)
        elif wanted is not None and (plan := wanted.plan) is not None:
            new, version = Progress("new", "Not run yet"), wanted.fingerprint
            start_alone = partial(live_replay, plan, wanted.names, wanted.searches, [], [], id=version, live=new)
            packed = _kept(page, "packed", version, start_alone)
            _replay(page, packed, go_on=partial(start, page, wanted))
    if started is None and result is not None:
        with st.container(key=f"{page}.outcome"):
            st.markdown(_kept(page, "outcome", result.id, lambda: outcome_words(result.runs)))


def run_details(result: Result | None) -> None:
    """Where the runs on the screen come from; for below the panel."""
    if result is None:
        st.markdown("Shown once the run has ended.")
    else:
        provenance(result.runs)


def tabs(parts: Mapping[str, Callable[[], None]]) -> None:
    """A tab for each name, with what its function draws."""
    for tab, draw in zip(st.tabs(list(parts)), parts.values(), strict=True):
        with tab:
            draw()


def _kept(page: str, what: str, version: object, make: Callable[[], Any]) -> Any:
    """What was made for this visitor, such as a packed replay, kept until another version is asked for."""
    known, data = st.session_state.get(f"{page}.{what}", (None, None))
    if known != version:
        data = make()
        st.session_state[f"{page}.{what}"] = version, data
    return data


def _replay(page: str, data: dict[str, Any], go_on: Callable[[], object] | None = None) -> None:
    """The one place of every run of a page, whether it goes on or has ended. go_on: for one that was stopped."""

    def act(name: str) -> None:
        started = current_run(page)
        if started is not None:
            getattr(started.job, name)()
        elif name == "resume" and go_on is not None:
            go_on()

    replay(data, key=f"{page}.replay", **{name: partial(act, name) for name in ("pause", "resume", "stop")})


def _collect(page: str, started: Started) -> None:
    """Turn a run that has ended into a result."""
    job, state = started.job, st.session_state
    del state[f"{page}.run"]
    if job.status == "failed":
        state[f"{page}.error"] = str(job.error) or repr(job.error)
    try:
        runs = started.run.so_far()
    except ValueError as error:  # numbers that are no numbers any more
        state[f"{page}.error"] = f"The run cannot be shown: {error}"
        return
    if not runs:
        if job.status in ENDED_EARLY:
            state[f"{page}.error"] = "The run was stopped before its first step."
        return
    remember_pace(started.run.plan, started.names, started.searches, job.seconds_per_step)
    done, steps = len(runs[0].curves["loss"]) - 1, started.run.plan.config.steps
    early = (ENDED_EARLY | {"failed": "ended early"}).get(job.status)
    note = f"Your run, {done:,} steps" if early is None else f"Your run, {early} after {done:,} of {steps:,} steps"
    note += f", {1000 * job.seconds_per_step:.0f} ms per step." if done and job.seconds_per_step else "."
    can_go_on = job.status in ENDED_EARLY and done < steps
    go_on = partial(submit, page, started.run, started.names, started.searches) if can_go_on else None
    state[f"{page}.result"] = Result(job.id, runs, note, go_on)


def _waits(job: Job) -> bool:
    """Whether it takes no steps for now."""
    return job.paused or job.status == "queued"


def _live(page: str, waits: bool) -> None:
    """The newest moments of the run, or of one that waits all so far; the page is drawn anew when that changes."""
    started = current_run(page)
    if started is None or not started.job.active or _waits(started.job) != waits:
        st.rerun()
    assert started is not None
    job, run = started.job, started.run
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
    if (waits or not moments) and (runs := run.so_far()):
        _replay(page, _kept(page, "packed", (job.id, run.step, live), lambda: run_replay(runs, id=job.id, live=live)))
        return
    places = range(len(started.names) * len(started.searches) if moments else 0)
    curves = [run.curves(k) for k in places]
    classes = [(run.top_classes(k, last=False), run.top_classes(k, last=True)) for k in places]
    about = (run.plan, started.names, started.searches)
    _replay(page, live_replay(*about, moments, curves, id=job.id, live=live, classes=classes))


def _pace(job: Job) -> str:
    step, left = job.seconds_per_step, job.seconds_left
    if job.done < 2 or step is None or left is None:
        return "the first step"
    whole = round(left)
    time_left = f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"
    return f"{1000 * step:.0f} ms per step · about {time_left} left"
