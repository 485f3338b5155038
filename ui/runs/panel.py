"""Run panel shared by *Fill a hole* and *Paint*: the networks, live pictures and status."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.classifiers.registry import (
    PAPERS_CLIP,
    ClassifierSpec,
    short_title,
)
from core.data.canvases import CANVASES, TRIES, tried_canvases
from core.pgd.drawings import GalleryWord
from core.pgd.methods import METHODS, leading
from core.pgd.plan import RunPlan
from core.pgd.record import SURE
from core.pgd.starts import MADE_STARTS, STARTS
from core.shared.numbers import duration, join_list
from core.shared.text import JARGON, NUMERALS, count_of, sentence
from ui.components.replay.replay import RunProgress, replay
from ui.runs.export import save_buttons, save_stored
from ui.runs.gallery_pictures import stills
from ui.runs.opened import is_of
from ui.runs.replay import judged_tries, live_replay, run_replay, tries_replay
from ui.runs.second_opinion import surest
from ui.runs.settings import LAST_SEED, expected_seconds, remember_pace
from ui.runs.state import (
    ActiveRun,
    RunRequest,
    RunResult,
    RunState,
    begin_run,
    refusal,
    run_state,
    submit,
)
from ui.server.cache import NONE_READY, is_ready, ready_classifiers
from ui.server.limits import limits
from ui.shared import url
from ui.shared.page import CLIPS_SETTINGS, explain_on_page
from ui.shared.url import as_markdown

# A redraw costs the browser more than the pictures in it, so each one sends several moments of the run.
REDRAW_SECONDS = 0.5
# Captions for a single growing picture, by the painter's certainty from which each applies.
_STORY = (
    (0, "The network doesn’t see it yet."),
    (0.1, "The network begins to see it."),
    (0.5, "The network sees it, but it isn’t sure yet."),
    (SURE, "The network is sure. Now the details settle."),
)
_CHANGES = {"inpainting": "Change the hole", "generation": "Change the sketch"}
_SURE_WITHOUT_VIEWS = "The network is sure, though it’s hard to see why."


def head(title: str) -> DeltaGenerator:
    """Draw a page's title; return the container for `painted_by`."""
    with st.container(key="run-head", gap="xxsmall"):
        st.title(title, anchor=False)
        return st.container(key="run-painter")


def reserve(height: str) -> None:
    """Give the stage its height in a wide window before it is drawn: nothing below it moves."""
    st.html(f"<style>@media (min-width: 641px) {{ div.st-key-run-stage {{ min-height: {height} }} }}</style>")


def painted_by(container: DeltaGenerator, specs: Sequence[ClassifierSpec], class_set: str) -> None:
    """Show which networks paint, with a link to download CLIP, or a notice if none is installed."""
    if not specs:
        if not ready_classifiers(class_set):
            container.info(NONE_READY)
        return
    names = [spec.name for spec in specs]
    text = html.escape(f"Painted by {', and by '.join(_painter(spec, names) for spec in specs)}.")
    text += f" {CLIPS_SETTINGS}" if PAPERS_CLIP in names else ""
    link = "" if is_ready(PAPERS_CLIP) else ' <a href="models">Use CLIP instead</a>'
    container.html(f'<p class="prose">{explain_on_page(text, text, *JARGON)}{link}</p>')


def _painter(spec: ClassifierSpec, names: Sequence[str]) -> str:
    """Return who a network is, in words."""
    title = short_title(spec.title)
    if spec.name == PAPERS_CLIP:
        return f"{title}, the paper’s network"
    if spec.name.endswith("-robust"):
        return "its robust twin" if spec.name.removesuffix("-robust") in names else f"{title}, a robust network"
    if spec.kind == "zero-shot":
        return f"{title}, a {'small ' if spec.name.startswith('mini-') else ''}CLIP"
    return f"{title}, an ordinary image classifier"


def ask_for_run(
    page: str,
    verb: str,
    request: RunRequest,
    entered: bool = False,
    four: Callable[[RunPlan], RunPlan] = lambda plan: plan.repeated(TRIES),
) -> None:
    """Draw the buttons that start a run, and several tries of it if the seed changes the result.

    entered: True if the visitor requested the run otherwise, such as by Enter. four: returns the plan of `TRIES` tries;
    by default from the same start by different seeds.
    """
    _settle(page, request)  # first: it measures the pace by which the tooltip tells the time
    why, to_run = refusal(request), None
    for_reason = st.container(width="content") if why else None
    with st.container(horizontal=True, width="content", gap="small"):
        label = "Paint a hole first" if request.needs_hole else verb
        if st.button(label, type="primary", key=f"{page}.start", disabled=request.needs_hole) or entered:
            to_run = request
        plan = request.plan if _has_tries(request) else None
        if plan is not None and st.button(
            f"{NUMERALS[TRIES].capitalize()} at once", key=f"{page}.four", help=_about_tries(plan, request)
        ):
            to_run = request.tried(four(plan))
    if to_run is not None:
        run_state(page).error = ""
        if begin_run(page, to_run):
            st.rerun()
    elif for_reason is not None and not request.needs_hole:
        for_reason.markdown(as_markdown(sentence(why)))


def _has_tries(request: RunRequest) -> bool:
    """Return True if a run of one picture depends on its seed."""
    plan = request.plan
    if plan is None or not request.methods or len(plan.targets) > 1 or plan.seed > LAST_SEED - TRIES + 1:
        return False
    return plan.images.get("start") in MADE_STARTS or plan.config.method.views is not None


def shows_tries(page: str, request: RunRequest) -> bool:
    """Return True if the stage shows several tries, in progress or ended."""
    state = run_state(page)
    if state.active is not None:
        return bool(state.active.run.plan.seeds)
    result, _ = state.shown(request, lambda: None)
    return result is not None and bool(result.tries)


def _about_tries(plan: RunPlan, request: RunRequest) -> str:
    """Return what several tries are, and how long they take."""
    seconds = expected_seconds(plan, request.names, (leading(request.methods),))
    time = "" if seconds is None else f" (about {duration(max(1.0, TRIES * seconds))})"
    if (start := plan.images.get("start")) in CANVASES:
        canvases = list(dict.fromkeys(CANVASES[name].title.lower() for name in tried_canvases(start)))
        what = f"Paints your word {NUMERALS[TRIES]} times, on {join_list(canvases)}"
    else:
        what = f"Makes {NUMERALS[TRIES]} versions"
    return f"{what}{time}. The one that a second network is surest of comes first; you can pick another."


@dataclass(frozen=True)
class Stage:
    """Contents of a page of runs.

    page: its path. verb: on the button that starts a run. example: returns the stored runs to show if there is no other
    result. still: stored pictures without runs. reset: callback that applies the settings of the stored example.
    restore: callback that chooses a result's pictures and target, as far as possible. brief: True for one line on what
    the second network sees.
    """

    page: str
    verb: str
    example: Callable[[], RunResult | None]
    reset: Callable[[], None]
    restore: Callable[[RunResult], None]
    still: GalleryWord | None = None
    brief: bool = False


def begins_by_itself(request: RunRequest, *named: str) -> bool:
    """Return True, once per page, if the URL requests a run that this server lets finish.

    named: parameters of the URL; a link to a run has at least one.
    """
    key = f"opened.{named[0]}"
    opened = st.session_state.setdefault(key, False)
    st.session_state[key] = True
    if opened or request.plan is None or request.why or not {*named} & url.names():
        return False
    seconds = expected_seconds(request.plan, request.names, request.methods)
    return seconds is None or seconds <= limits().run_seconds


def begins_again(*named: str) -> None:
    """Let a run of the URL begin by itself once more; named: as in `begins_by_itself`."""
    st.session_state.pop(f"opened.{named[0]}", None)


def run_panel(stage: Stage, request: RunRequest) -> RunResult | None:
    """Draw the run in progress, else the result, else stored pictures or the run before its start; return the result.

    Their component stays the same. Below it is a line on whether the result matches the settings.

    request: the run of the current settings.
    """
    page, verb, state = stage.page, stage.verb, run_state(stage.page)
    _settle(page, request)
    if error := state.message(request):
        st.error(as_markdown(sentence(error)))
    result, changed = (None, []) if state.active is not None else state.shown(request, stage.example)
    still = stage.still if state.active is None else None
    if still is not None and changed and is_of(still, request):
        result, changed = None, []  # of the same word, but with other settings than these
    elif result is not None:
        still = None
    with st.container(key=f"{page}.panel"):
        if state.active is not None:
            st.fragment(_live, run_every=REDRAW_SECONDS)(page)
        elif result is not None:
            unfinished = result.unfinished
            live = None if unfinished is None else RunProgress("stopped", result.note)
            packed = run_replay(result.runs, id=result.id, live=live, own=not result.stored, brief=stage.brief)
            if result.tries:
                packed = tries_replay(result, packed)
            rest = None
            if unfinished is not None:
                rest = partial(submit, page, unfinished.run, unfinished.names, unfinished.methods)
            _replay(page, packed, rest, not result.stored)
            st.session_state[f"{page}.former"] = packed
        elif request.needs_hole and (former := st.session_state.get(f"{page}.former")) is not None:
            with st.container(key=f"{page}-former"):  # the page keeps its layout
                _replay(page, former)
        elif still is not None:
            _replay(page, stills(still))
        elif (plan := request.plan) is not None and request.names and request.methods:
            pairs = list(product(request.names, request.methods))
            new, version = RunProgress("new", "" if request.why else _how_long(verb, request)), request.fingerprint
            _replay(page, live_replay(plan, pairs, [], [], id=version, live=new))
    with st.container(horizontal=True, vertical_alignment="center", key=f"{page}.status"):
        st.html("<span></span>")  # the row keeps its height while it says nothing
        if state.active is None:
            _status(stage, request, result, changed)
            if still is not None:
                save_stored(still, key=f"{page}.still")
            if result is not None:
                save_buttons(result, key=f"{page}.{result.version}")
    return result


def _settle(page: str, request: RunRequest) -> None:
    """Stop a run that is about something else than the request, and turn one that has ended into the result."""
    state = run_state(page)
    if state.active is None:
        return
    if not (goes_on := request.is_about(state.active.run.plan)):
        state.active.job.stop()  # the visitor has turned to something else, which must not wait
    if not state.running and collect(state, left=not goes_on) and goes_on:
        _pick_try(page, state)


def _status(stage: Stage, request: RunRequest, result: RunResult | None, changed: Sequence[str]) -> None:
    """Show whether the result matches the settings, and buttons that reset or restore. changed: the differences."""
    page, state = stage.page, run_state(stage.page)
    if changed and not refusal(request):
        st.markdown(f"**Settings changed ({as_markdown(', '.join(changed))})**: *{stage.verb}* applies them.")
    if state.result is not None and (result is None or result.id != state.result.id):
        again = partial(_show_last, page, state.result, stage.restore)
        st.button("Show the last run", key=f"{page}.see", on_click=again, type="tertiary")
    is_stored = stage.still is not None if result is None else result.stored and not changed
    if not is_stored:
        st.button(
            "Back to the example", icon=":material/undo:", key=f"{page}.back", on_click=stage.reset, type="tertiary"
        )


def _how_long(verb: str, request: RunRequest) -> str:
    """Return how long a run takes that has not begun."""
    plan = request.plan
    seconds = None if plan is None else expected_seconds(plan, request.names, request.methods)
    return f"Press {verb}." if seconds is None else f"Press {verb} (about {duration(max(1.0, seconds))})."


def _show_last(page: str, result: RunResult, restore: Callable[[RunResult], None]) -> None:
    """Restore the subject of the last run, which shows its result; for callbacks."""
    run_state(page).error = ""
    restore(result)
    st.session_state[f"{page}-seed"] = result.runs[0].metadata["seed"]


def _replay(page: str, data: dict[str, Any], resume: Callable[[], object] | None = None, seek: bool = False) -> None:
    """Draw a replay; every run of a page, in progress or ended, uses this one component.

    resume: continues a stopped run. seek: as in `replay`.
    """

    state = run_state(page)

    def stop() -> None:
        if state.active is not None:
            state.active.job.stop()

    def choose(k: int) -> None:
        if state.active is None and state.result is not None and k < len(state.result.tries):
            state.result = state.result.choose(k)
            _adopt(page, state.result)

    events = {"stop": stop, "resume": resume or (lambda: None)}
    replay(data, key=f"{page}.replay", seek=seek, change=_CHANGES.get(page, ""), choose=choose, **events)


def collect(state: RunState, *, left: bool = False) -> bool:
    """Turn an ended run into a result and record its pace; return True if there is a result. left: as in `finish`."""
    if (ended := state.finish(left=left)) is None:
        return False
    remember_pace(ended.run.plan, ended.names, ended.methods, ended.job.seconds_per_step)
    return True


def _pick_try(page: str, state: RunState) -> None:
    """Display the try that a second network recognises best, with its seed and its start in the settings."""
    if state.result is None or not state.result.tries:
        return
    state.result = state.result.pick(surest(judged_tries(state.result)))
    if _adopt(page, state.result):
        st.rerun()


def _adopt(page: str, result: RunResult) -> bool:
    """Take the seed and the start of the displayed try into the settings; return True if they were others."""
    metadata, state = result.runs[0].metadata, st.session_state
    own = {f"{page}-seed": metadata["seed"]}
    if (start := metadata["images"].get("start")) in CANVASES:
        own[f"{page}-start-from"] = STARTS[start].label
    changed = {key: value for key, value in own.items() if state.get(key) != value}
    state.update(changed)
    return bool(changed)


def _live(page: str) -> None:
    """Draw the newest moments of a run; rerun the page when it ends."""
    active = run_state(page).active
    if active is None or not active.job.active:
        st.rerun()
    assert active is not None
    job, run = active.job, active.run
    job.beat()
    moments = job.moments()
    live = RunProgress(
        "queued" if job.status == "queued" else "running", what_one_sees(active), run.step, REDRAW_SECONDS
    )
    pairs = list(product(active.names, active.methods))
    curves = [run.target_probability(k) for k in range(len(pairs) if moments else 0)]
    _replay(page, live_replay(run.plan, pairs, moments, curves, id=job.id, live=live), seek=True)


def what_one_sees(active: ActiveRun) -> str:
    """Return a line on a run in progress: what one sees, and the time left."""
    job, run = active.job, active.run
    if job.status == "queued":
        return f"Waiting: {count_of(job.position, 'picture')} ahead of yours."
    if job.done < 2 or job.seconds_left is None:
        seconds = expected_seconds(run.plan, active.names, active.methods)
        time = "" if seconds is None else f" The run takes about {duration(max(1.0, seconds))}."
        return f"Loading the network, a few seconds the first time.{time}"
    pairs = list(product(active.names, active.methods))
    curves = [run.target_probability(k) for k in range(len(pairs))]
    has_views = any(METHODS[method].method.views for method in active.methods)
    said = caption_of(np.concatenate([curve[-1] for curve in curves]), has_views) if all(map(len, curves)) else ""
    return f"{said} About {duration(max(1.0, job.seconds_left))} left.".strip()


def caption_of(sure: np.ndarray, has_views: bool) -> str:
    """Return a line on growing pictures; on a single one it agrees with how sure the painter is. sure: (n,)."""
    if len(sure) > 1:
        return "Painting …"
    if sure[0] >= SURE and not has_views:
        return _SURE_WITHOUT_VIEWS
    return [text for since, text in _STORY if since <= sure[0]][-1]
