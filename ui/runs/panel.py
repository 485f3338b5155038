"""Display and control of a run, shared by *Fill a hole* and *Draw*."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.classifiers.registry import classifier_title, list_classifiers, short_title
from core.pgd.run import PGDRun
from core.shared.numbers import duration, join_list
from core.shared.text import sentence
from ui.components.replay import RunProgress, replay
from ui.runs.files import download_menu
from ui.runs.replays import live_replay, run_replay
from ui.runs.run_sentences import losses, origin, outcome, run_title
from ui.runs.setup.pace import expected_seconds, remember_pace
from ui.runs.setup.start import Toolbar, draw_toolbar, refusal, run_state, start, submit
from ui.runs.setup.state import ActiveRun, RunRequest, RunResult, RunState, RunView
from ui.server.job import Job
from ui.server.jobs import PAUSE_SECONDS
from ui.server.model_cache import is_ready
from ui.shared import url
from ui.shared.look import style_sheet
from ui.shared.sentences import sentence_markdown, write_sentence
from ui.shared.text import as_markdown

# A redraw costs the browser more than the pictures in it, so each one sends several moments of the run.
REDRAW_SECONDS = 0.5
WAITING_SECONDS = 2.0  # between updates of a paused or queued run: there may be many of these at once
_STYLE = style_sheet(__file__)


def head(title: str, introduction: str) -> None:
    """Draw a page's title and summary."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="run-head"):
        st.title(title, anchor=False, width="content")
        write_sentence(introduction, "CLIP", "robust")


def places(page: str, painter: bool) -> tuple[Toolbar, DeltaGenerator, DeltaGenerator]:
    """Draw the toolbar and, below it, a column of fixed width for the painter beside a column for the runs.

    painter: whether there is a painter; otherwise the runs take the full width.
    """
    st.html(_STYLE)
    toolbar = draw_toolbar(page)
    if not painter:
        whole = st.container(key="run-results")
        return toolbar, whole, whole
    left, right = st.columns([1, 4], gap="small")
    return toolbar, left.container(key="run-painter"), right.container(key="run-results")


def run_status(
    page: str,
    example: Callable[[], RunResult | None],
    request: RunRequest | None,
    back: Callable[[], None],
    bring: Callable[[RunResult], None] = lambda result: None,
) -> RunResult | None:
    """Draw the status row with its menus; return the result for `run_panel`, None if there is none yet.

    Args:
        example: returns the stored runs to show if there is no other result.
        request: the run of the current settings; the row says if the result is of others.
        back: callback that restores the settings of the stored example.
        bring: chooses a result's pictures and target, as far as possible; for callbacks.
    """
    state = run_state(page)
    if state.active is not None and not state.running:
        collect(state)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{page}.status"):
        if state.active is not None and state.running:
            job, paused = state.active.job, f"Paused. The run stops if it stays paused for {PAUSE_SECONDS:.0f} s."
            st.markdown(paused if job.paused else "Waiting…" if job.status == "queued" else "Running…")
            # Keeps the row's height, so that the panel does not move.
            st.button("Download", icon=":material/download:", key=f"{page}.not_yet", disabled=True)
            return None
        view = state.view(request, example)
        _about(page, request, view, back, bring)
        return view.result


def _about(
    page: str,
    request: RunRequest | None,
    view: RunView,
    back: Callable[[], None],
    bring: Callable[[RunResult], None],
) -> None:
    """Draw what is displayed, whether it matches the settings, and possible actions."""
    state, result, changed = run_state(page), view.result, view.changed
    if error := state.take_refusal() or state.error:  # after a click, in place of the same reason below
        st.error(as_markdown(sentence(error)))
    not_run, why = result is None and request is not None, "" if request is None else refusal(page, request)
    refused = f"**These settings cannot run**{f': {as_markdown(why)}' if why != error else ''}."
    if result is not None:
        what = f" **Settings changed ({as_markdown(', '.join(changed))})**: *Run* applies them." if changed else ""
        what = f" {refused}" if changed and why else what
        if changed and result.stored and request is not None and state.is_first(request) and not _are_ready(result):
            chosen = join_list([short_title(classifier_title(name)) for name in request.names])
            what, changed = f" Its network’s weights are not here: *Run* takes {as_markdown(chosen)}.", []
        st.markdown(f"{':material/sync_problem: ' if changed else ''}{as_markdown(result.note)}{what}")
    elif request is not None:
        st.markdown(refused if why else f"**Not run yet**{_how_long(request)}.")
    last = state.result
    if last is not None and last is not result:
        again = partial(show_result, page, last, bring)
        st.button("Show the last run", key=f"{page}.see", on_click=again, type="tertiary")
    if not_run or changed:
        st.button("Back to the example", icon=":material/undo:", key=f"{page}.back", on_click=back)
    if result is not None and result.opened:
        close = partial(_close, page, bring)
        st.button(f"Close {result.opened}", icon=":material/close:", on_click=close, type="tertiary")
    elif result is not None and not result.stored and not changed:
        st.button("Show the stored example", on_click=back, type="tertiary")
    if result is not None:
        download_menu(result.runs, key=f"{page}.{result.id}")


def _how_long(request: RunRequest) -> str:
    """Return how long a run takes that has not begun, as the end of a sentence; empty if unknown."""
    plan = request.plan
    seconds = None if plan is None else expected_seconds(plan, request.names, request.searches)
    return "" if seconds is None else f": *Run* takes about {duration(max(1.0, seconds))}"


def show_result(page: str, result: RunResult, bring: Callable[[RunResult], None] = lambda result: None) -> None:
    """Show a result until the visitor chooses another, with its pictures if `bring` can choose them; for callbacks."""
    run_state(page).show(result)
    bring(result)


def _close(page: str, bring: Callable[[RunResult], None]) -> None:
    """Close an opened result and show the previous one again; for callbacks."""
    if (before := run_state(page).close()) is not None:
        show_result(page, before, bring)


def _are_ready(result: RunResult) -> bool:
    """Return whether the weights of all networks of a result are installed."""
    listed = {spec.name for spec in list_classifiers()}  # other names may belong to a library, which is slow to query
    names = {run.metadata["classifier"]["name"] for run in result.runs}
    return names <= listed and all(map(is_ready, names))


def run_panel(page: str, result: RunResult | None, request: RunRequest | None) -> None:
    """Draw the run in progress, else the result, else the requested run before its start, always in the same place."""
    state = run_state(page)
    if state.active is not None or (result is not None and not result.stored):
        url.tell_of_link("The run is computed again there; *Download* saves this one.")
    with st.container(key=f"{page}.panel"):
        if state.active is not None:
            waits = state.active.waits
            st.fragment(_live, run_every=WAITING_SECONDS if waits else REDRAW_SECONDS)(page, waits)
        elif result is not None:
            stopped = None if result.unfinished is None else RunProgress("stopped")
            packed = state.cached("replay", result.id, lambda: run_replay(result.runs, id=result.id, live=stopped))
            resume = None if result.unfinished is None else partial(_resume, page, result.unfinished)
            _replay(page, packed, resume, seek=state.seek(result))
        elif request is not None and (plan := request.plan) is not None:
            new, version = RunProgress("new", "Not run yet"), request.fingerprint
            at_start = partial(live_replay, plan, request.names, request.searches, [], [], id=version, live=new)
            _replay(page, state.cached("replay", version, at_start), partial(start, page, request))
    if state.active is None and result is not None:
        with st.container(key=f"{page}.outcome"):
            st.markdown(state.cached("outcome", result.id, lambda: _outcome(result.runs)))


def _outcome(runs: Sequence[PGDRun]) -> str:
    """Return the outcome as Markdown, a paragraph per run."""
    return "\n\n".join(map(sentence_markdown, outcome(runs)))


def run_details(result: RunResult | None) -> None:
    """Draw the losses and the origin of the displayed runs."""
    if result is None:
        st.markdown("Details appear when the run has ended.")
        return
    if result.runs[0].mask is not None:
        write_sentence("The runs minimise Eq. 3 of the paper within a ball around the start.", "Eq. 3")
    for run in result.runs:
        numbers = as_markdown(losses(run, 0)) if len(run.start) == 1 else ""
        st.markdown(f"**{as_markdown(run_title(run, result.runs))}.** {numbers} {as_markdown(origin(run))}")


def tabs(parts: Mapping[str, Callable[[], None]], first: str) -> None:
    """Draw a tab for each name with its function; `first` is open initially.

    A page always has the same tabs: if one moved, Streamlit would scroll to the open tab, away from the settings.
    """
    for tab, draw in zip(st.tabs(list(parts), default=first), parts.values(), strict=True):
        with tab:
            draw()


def _replay(page: str, data: dict[str, Any], resume: Callable[[], object] | None = None, *, seek: str = "") -> None:
    """Draw a replay; every run of a page, in progress or ended, uses this one component.

    resume: starts a run that has stopped or not begun. seek: as in `replay`.
    """

    def act(name: str) -> None:
        active = run_state(page).active
        if active is not None:
            getattr(active.job, name)()
        elif name == "resume" and resume is not None:
            resume()

    replay(data, key=f"{page}.replay", seek=seek, **{name: partial(act, name) for name in ("pause", "resume", "stop")})


def _resume(page: str, stopped: ActiveRun) -> None:
    submit(page, stopped.run, stopped.names, stopped.searches)


def collect(state: RunState) -> None:
    """Turn an ended run into a result and record its pace."""
    if (ended := state.finish()) is not None:
        remember_pace(ended.run.plan, ended.names, ended.searches, ended.job.seconds_per_step)


def _live(page: str, waits: bool) -> None:
    """Draw the newest moments of a run, or all moments of one that waits; rerun the page when that state changes."""
    state = run_state(page)
    active = state.active
    if active is None or not active.job.active or active.waits != waits:
        st.rerun()
    assert active is not None
    job, run = active.job, active.run
    job.beat()
    moments, show = job.moments(), partial(_replay, page, seek="visitor")
    if job.status == "queued":
        live = RunProgress("queued", f"Waiting for other runs: position {job.position} in line")
    elif job.paused:
        live = RunProgress("paused")
    elif not moments:
        live = RunProgress("running", "loading the classifiers (a few seconds the first time)")
    else:
        live = RunProgress("running", _time_left(job), REDRAW_SECONDS)
    if (waits or not moments) and (runs := run.so_far()):
        so_far = partial(run_replay, runs, id=job.id, live=live)
        show(state.cached("replay", (job.id, run.step, live), so_far))
        return
    places = range(len(active.names) * len(active.searches) if moments else 0)
    curves = [run.target_probability(k) for k in places]
    classes = [(run.top_classes(k, last=False), run.top_classes(k, last=True)) for k in places]
    about = (run.plan, active.names, active.searches)
    show(live_replay(*about, moments, curves, id=job.id, live=live, classes=classes))


def _time_left(job: Job) -> str:
    if job.done < 2 or job.seconds_left is None:
        return "computing the first step"
    whole = round(job.seconds_left)
    return f"about {whole // 60} min {whole % 60} s left" if whole >= 60 else f"about {whole} s left"
