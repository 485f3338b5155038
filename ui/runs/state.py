"""State of one visitor's runs on one page: requested, in progress, ended; what is on the screen, what may start.

    waiting for a click --active--> in progress --finish--> result, or error
             ^                          |
             '--error                   '-- active: a newer run takes its place

    any    --reset--> the stored example

`RunState.shown` and `RunState.message` derive the content of the screen from the state, the request and the stored
example; they change nothing.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import streamlit as st

from core.classifiers.families import ClassifierSpec
from core.data.holes import NO_HOLE, pack_mask
from core.data.sample_sets import CLASS_SETS, SAMPLE_SETS
from core.pgd.live import Run
from core.pgd.methods import COMPARED, MethodName, leading
from core.pgd.painting import Painting
from core.pgd.plan import RunPlan
from core.pgd.record import PGDRun, differences, is_about
from core.shared.text import count_of
from ui.runs.known_words import cannot_run
from ui.runs.settings import RunSettings
from ui.server.cache import classifier_for, job_manager
from ui.server.jobs import Job, QueueFull
from ui.server.streamlit_internals import session_id, tab_id
from ui.shared.page_pictures import Picture

# Early ends after which a run can resume.
ENDED_EARLY = {
    "stopped": "You stopped it",
    "abandoned": "It ended while you were away,",
    "overtime": "This server’s time limit ended it",
}
# How a line above a result calls what the settings differ in.
CHANGED = {
    "picture": "the picture",
    "hole": "the hole",
    "start": "the start",
    "target": "the target",
    "fill": "what fills the hole at first",
    "classifiers": "the networks",
    "penalty": "the penalty",
    "weight": "its weight",
    "method": "the method",
    "seed": "the random seed",
    **dict.fromkeys(("steps", "step_size", "epsilon", "step_decay"), "steps or lengths"),
}
MAX_RUNS = 4  # pairs of a network and a method, side by side
STOPPED_TOO_EARLY = "The run was stopped before its first step."


@dataclass(frozen=True, eq=False)
class RunRequest:
    """Run requested by the page's settings.

    plan: the plan to run, or only to preview if `why` is set; None if there is none. why: one-sentence reason why it
    cannot run; empty if it can. names: of the classifiers; each classifier runs with each method.
    """

    plan: RunPlan | None
    why: str
    names: tuple[str, ...]
    methods: tuple[MethodName, ...]
    class_set: str

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the plan, the classifiers and the methods; empty without a plan."""
        if (plan := self.plan) is None:
            return ""
        facts = [plan.targets, plan.config, plan.seed, plan.weight, plan.penalty]
        facts += [self.names, self.methods, self.class_set]
        arrays = [array.tobytes() for array in (plan.start, plan.mask) if array is not None]
        return hashlib.blake2b(b"".join([repr(facts).encode(), *arrays]), digest_size=16).hexdigest()

    @property
    def needs_hole(self) -> bool:
        """True if nothing but a hole is missing."""
        return self.why == NO_HOLE

    def changes(self, runs: tuple[PGDRun, ...]) -> list[str]:
        """List how the request differs from finished runs, or why it cannot run; empty if the runs match."""
        if self.why or self.plan is None:
            return [self.why]
        if not self.methods:
            return ["the method"]
        return list(dict.fromkeys(CHANGED[name] for name in differences(self.plan, self.names, runs, self.methods)))

    def is_about(self, plan: RunPlan) -> bool:
        """Return True if it has the pictures, hole and targets of a plan."""
        if (own := self.plan) is None:
            return False
        for single in [plan.only(k) for k in range(len(plan.seeds))] or [plan]:
            arrays = [(run.start if run.original is None else run.original, run.mask) for run in (own, single)]
            if own.targets == single.targets and all(itertools.starmap(np.array_equal, zip(*arrays, strict=True))):
                return True
        return False

    def tried(self, plan: RunPlan) -> RunRequest:
        """Return the request of several tries, by the leading method; plan: of these tries."""
        return replace(self, plan=plan, methods=(leading(self.methods),))

    def has_other_subject(self, result: RunResult | None) -> bool:
        """Return True if the request's pictures or target differ from the result's, or if either is missing."""
        if self.plan is None:
            return True
        if not self.names or not self.methods:
            return False
        if result is None:
            return True
        return not is_about(result.runs[0], self.plan)


@dataclass(frozen=True, eq=False)
class ActiveRun:
    """Run in progress: the job, the run, the names of its classifiers, and its methods.

    fingerprint: of the request that began it; empty for the rest of a stopped run.
    """

    job: Job
    run: Run
    names: tuple[str, ...]
    methods: tuple[MethodName, ...]
    fingerprint: str = ""

    def paints(self, painting: Painting) -> bool:
        """Return True if this is the run of a painting by the methods that pages compare."""
        if (self.names, self.methods) != ((painting.painter,), COMPARED):
            return False
        return Painting.of_plan(self.run.plan, painting.painter, painting.sample_set) == painting


@dataclass(frozen=True, eq=False)
class RunResult:
    """Stored or ended runs to display.

    id: unique to the result. note: plain description. unfinished: the stopped run, if it can resume. stored: True if it
    comes with the project. tries: the runs of each of several tries; `runs` are those of the chosen one. picked: index
    of the try that a second network picked; None if it recognises none.
    """

    id: str
    runs: tuple[PGDRun, ...]
    note: str
    unfinished: ActiveRun | None = None
    stored: bool = False
    tries: tuple[tuple[PGDRun, ...], ...] = ()
    chosen: int = 0
    picked: int | None = None

    def paints(self, painting: Painting) -> bool:
        """Return True if these are the runs of a painting by the methods that pages compare."""
        ran = [(run.metadata["classifier"]["name"], run.config.method.name) for run in self.runs]
        if ran != [(painting.painter, method) for method in COMPARED]:
            return False
        return Painting.of_run(self.runs[-1], painting.sample_set) == painting

    @property
    def version(self) -> str:
        """Unique ID of the result and selected try."""
        return f"{self.id}.{self.chosen}"

    def choose(self, k: int) -> RunResult:
        """Return the result with its k-th try displayed."""
        return replace(self, runs=self.tries[k], chosen=k)

    def about(self, request: RunRequest) -> RunResult:
        """Return the result with a try of the request's start displayed, if the displayed one has another."""
        if request.has_other_subject(self):
            for k in range(len(self.tries)):
                if not request.has_other_subject(other := self.choose(k)):
                    return other
        return self

    def pick(self, k: int | None) -> RunResult:
        """Return the result with the try that a second network picked, displayed unless the visitor chose another.

        k: None if it recognises none, which leaves the first.
        """
        by_visitor = self.chosen != (self.picked or 0)
        return replace(self if by_visitor else self.choose(k or 0), picked=k)


@dataclass(eq=False)
class RunState:
    """State of one page's runs.

    active: the run in progress, or an ended one that was not collected yet. result: this visitor's last run. error: why
    the last run failed or could not start. failed: fingerprint of the request that `error` is about; None for any.
    """

    active: ActiveRun | None = None
    result: RunResult | None = None
    error: str = ""
    failed: str | None = None

    @property
    def running(self) -> bool:
        """True while a run is queued or running."""
        return self.active is not None and self.active.job.active

    # Transitions.

    def finish(self, *, left: bool = False) -> ActiveRun | None:
        """Turn the ended run into a result or an error; return it, or None if it has no result.

        left: True if the visitor has turned to something else, which needs no word on a run that had not begun.
        """
        ended, self.active = self.active, None
        assert ended is not None
        self.failed = ended.fingerprint or None
        job = ended.job
        if job.status == "failed":
            self.error = str(job.error) or repr(job.error)
        try:
            runs = ended.run.so_far()
        except ValueError as error:  # values are no longer finite
            self.error = f"the run cannot be shown: {error}"
            return None
        if not runs:
            if job.status in ENDED_EARLY and not left:
                self.error = STOPPED_TOO_EARLY
            return None
        can_resume = job.status in ENDED_EARLY and len(runs[0].curves["loss"]) <= ended.run.plan.config.steps
        done, steps = len(runs[0].curves["loss"]) - 1, ended.run.plan.config.steps
        early = (ENDED_EARLY | {"failed": "It ended early,"}).get(job.status)
        length = count_of(steps, "step")
        before, note = self.result, f"Your run, {length}." if early is None else f"{early} after {done:,} of {length}."
        self.result = RunResult(job.id, runs, note, ended if can_resume else None)
        if seeds := ended.run.plan.seeds:
            tries = tuple(tuple(run.only(k) for run in runs) for k in range(len(seeds)))
            self.result = replace(self.result, tries=tries).choose(0)
            if before is not None and before.unfinished is not None and before.unfinished.run is ended.run:
                self.result = replace(self.result, picked=before.picked).choose(before.chosen)
        return ended

    def reset(self) -> None:
        """Show the stored example."""
        self.result, self.error = None, ""

    def fail(self, error: str, fingerprint: str | None) -> None:
        """Record why a run failed or could not start. fingerprint: of its request; None to say it of any request."""
        self.error, self.failed = error, fingerprint

    # Derived from the state; nothing here changes it.

    def of(self, painting: Painting) -> ActiveRun | RunResult | None:
        """Return the run of a painting, in progress or ended; None if neither the current nor the last run is."""
        known: list[ActiveRun | RunResult] = [run for run in (self.active, self.result) if run is not None]
        return next((run for run in known if run.paints(painting)), None)

    def message(self, request: RunRequest) -> str:
        """Return the error, unless it is about another request."""
        return self.error if self.failed in (None, request.fingerprint) else ""

    def shown(self, request: RunRequest, example: Callable[[], RunResult | None]) -> tuple[RunResult | None, list[str]]:
        """Return the result to show, and its differences from the request.

        The visitor's own result comes first, then the example, if it has the request's subject; the example comes first
        if it alone matches the request. Of several tries, the one that has the request's start is shown.
        """
        result = self.result and self.result.about(request)
        if result is None or request.has_other_subject(result):
            stored = example()
            if result is None or (stored is not None and not request.changes(stored.runs)):
                result = stored
        if request.has_other_subject(result):
            return None, []
        if result is not None and result.tries:  # of one method
            request = replace(
                request, methods=tuple({run.config.method.name for run in result.runs} & {*request.methods})
            )
        return result, [] if result is None else request.changes(result.runs)


def run_state(page: str) -> RunState:
    """Return the state of this visitor's runs on a page."""
    key = f"{page}.runs"
    if key not in st.session_state:
        st.session_state[key] = RunState()
    state: RunState = st.session_state[key]
    return state


def refusal(request: RunRequest) -> str:
    """Return a one-sentence reason why the request cannot run; empty if it can."""
    if not request.names:
        return "choose one or two networks"
    if not request.methods:
        return "choose one or two methods"
    if len(request.names) * len(request.methods) > MAX_RUNS:
        pairs = f"{count_of(len(request.names), 'network')} and {count_of(len(request.methods), 'method')}"
        runs = len(request.names) * len(request.methods)
        return f"{pairs} make {runs} runs, but {MAX_RUNS} is the most; choose fewer"
    return request.why


WAITING = "Waiting for the network’s first guess …"  # instead of a reason why a run cannot begin


def fill_request(
    picture: Picture,
    mask: np.ndarray,
    target: str,
    settings: RunSettings,
    specs: Sequence[ClassifierSpec],
    methods: tuple[MethodName, ...],
) -> RunRequest:
    """Return the run that fills a picture's hole. target: empty while it is not known."""
    row, credit = SAMPLE_SETS[picture.sample_set], picture.caption
    if credit in picture.classes.names:
        credit = f"{row.title} test image of class {credit}"
    plan, why = None, cannot_run([target], specs, picture.classes) if target else WAITING
    painting = Painting(
        word=target or "no target yet",
        start="photo",
        config=settings.config,
        painter=specs[0].name if specs else "",
        seed=settings.seed,
        sample_set=picture.sample_set,
        pixels=np.moveaxis(picture.pixels, 0, -1).tobytes(),
        mask=pack_mask(mask),
        fill=settings.config.method.fill,
        weight=settings.weight,
        penalty=settings.penalty,
    )
    try:
        dataset = "one picture" if picture.own else row.dataset
        plan = painting.plan(credit, own=picture.own, dataset=dataset, index=picture.position)
    except ValueError as error:
        why = str(error)
    return RunRequest(plan, why, tuple(spec.name for spec in specs), methods, picture.class_set)


def begin_run(page: str, request: RunRequest) -> bool:
    """Stop this visitor's earlier run and queue a request, or show a one-sentence reason why it cannot run.

    A request that is in progress goes on: a second press within a moment does not begin it again.
    """
    plan, names, state = request.plan, request.names, run_state(page)
    if (why := refusal(request)) or plan is None:
        state.fail(why, request.fingerprint)
        return False
    if state.active is not None and state.running and state.active.fingerprint == request.fingerprint:
        return True
    run = Run(plan, lambda: [classifier_for(name, CLASS_SETS[request.class_set]()) for name in names], request.methods)
    return submit(page, run, names, request.methods, request.fingerprint)


def submit(page: str, run: Run, names: tuple[str, ...], methods: tuple[MethodName, ...], fingerprint: str = "") -> bool:
    """Queue a run, or the rest of a stopped one; return False, with a message on the page, if the queue is full.

    fingerprint: as in `ActiveRun`.
    """
    state = run_state(page)  # before the run is queued: Streamlit may end the script at any use of its session
    steps, (pictures, *_, pixels) = run.plan.config.steps, run.plan.start.shape
    about = {"what": page, "classifiers": names, "methods": methods, "steps": steps, "from_step": run.step}
    about |= {"pictures": pictures, "pixels": pixels}
    try:
        total = steps + 1 - run.step
        job = job_manager().submit(run.states, owner=session_id(), total=total, about=about, tab=tab_id())
    except QueueFull as error:
        state.fail(str(error), fingerprint or None)
        return False
    state.active = ActiveRun(job, run, names, methods, fingerprint)
    return True
