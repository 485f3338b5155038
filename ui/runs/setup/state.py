"""State machine of one visitor's runs on one page. Does not import Streamlit.

    waiting for a click --begin--> in progress --finish--> result, or error
             ^                          |
             '--refuse (why)            '-- begin: a newer run takes its place

    result --show--> another result --close--> the result before it
    any    --reset--> the stored example

What is on the screen follows from the state, the request and the stored example: `RunState.view`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from core.pgd.view_settings import Search
from core.runs.file import PGDRun
from core.runs.matching import SUBJECT, changed_settings
from core.runs.plan import RunPlan
from core.runs.run import Run
from ui.server.job import Job

# How a run can end that may resume where it stands.
ENDED_EARLY = {
    "stopped": "stopped by you",
    "abandoned": "ended while you were away",
    "overtime": "ended by this server’s time limit",
}
STOPPED_TOO_EARLY = "The run was stopped before its first step."


@dataclass(frozen=True, eq=False)
class RunRequest:
    """Run requested by the page's settings.

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
        """Text that differs for another plan or other classifiers; empty without a plan."""
        if (plan := self.plan) is None:
            return ""
        facts = [plan.targets, plan.config, plan.seed, plan.weight, plan.penalty]
        facts += [self.names, self.searches, self.class_set]
        arrays = [array.tobytes() for array in (plan.start, plan.mask) if array is not None]
        return hashlib.blake2b(b"".join([repr(facts).encode(), *arrays]), digest_size=16).hexdigest()

    def changes(self, runs: tuple[PGDRun, ...]) -> list[str]:
        """Return what differs from finished runs, or why the request cannot run; empty where they are its result."""
        if self.why or self.plan is None:
            return [self.why]
        return changed_settings(self.plan, self.names, runs, self.searches)

    def has_other_subject(self, result: RunResult | None) -> bool:
        """Whether it is about other pictures or another target than the result, or there is no result."""
        if self.plan is None or not self.names or not self.searches:
            return False
        if result is None:
            return True
        return not {*SUBJECT}.isdisjoint(changed_settings(self.plan, self.names, result.runs, self.searches))


@dataclass(frozen=True, eq=False)
class ActiveRun:
    """A run in progress: the job, what it works on, the names of its classifiers, and its searches.

    automatic: nobody pressed *Run*, so the next request takes its place. linked: a link asked for it.
    """

    job: Job
    run: Run
    names: tuple[str, ...]
    searches: tuple[Search, ...]
    automatic: bool = False
    linked: bool = False

    @property
    def seek(self) -> str:
        """Starter of the run, as `replay` takes it; empty for a link, whose page stays at its top."""
        return "" if self.linked else "page" if self.automatic else "visitor"

    @property
    def waits(self) -> bool:
        """Whether the run is paused."""
        return self.job.paused or self.job.status == "queued"


@dataclass(frozen=True, eq=False)
class RunResult:
    """Stored or ended runs to display.

    id: unique to the result. note: what it is, plain text. unfinished: the run that was stopped and can resume.
    seek: as the run's. stored: whether it comes with the project. opened: what a visitor who has opened it closes, else
    empty. before: the result that was shown before it was opened.
    """

    id: str
    runs: tuple[PGDRun, ...]
    note: str
    unfinished: ActiveRun | None = None
    seek: str = ""
    stored: bool = False
    opened: str = ""
    before: RunResult | None = None


@dataclass(frozen=True, eq=False)
class RunView:
    """Content of the screen while no run is in progress.

    result: None where the request has not run. changed: its settings that differ from the request's. linked: a link
    asks for what has not run.
    """

    result: RunResult | None
    changed: list[str] = field(default_factory=list)
    linked: bool = False


@dataclass(eq=False)
class RunState:
    """State of one page's runs.

    active: the run in progress, or one that has ended and was not collected. result: this visitor's last run, or what
    they opened. error: how the last run failed. refusal: why nothing was started, for one click. by_link: whether a
    link with settings opened the page.
    """

    by_link: bool = False
    active: ActiveRun | None = None
    result: RunResult | None = None
    error: str = ""
    refusal: str = ""
    # Fingerprints of requests: the one beside which the visitor asked to see the result all the same ("next" until it
    # is known), and the last one that started by itself.
    _pinned: str | Literal["next"] = ""
    _started_alone: str = ""
    _first: str | None = None  # the request with which the page opened: that of a link
    _cache: dict[str, tuple[object, Any]] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        """Whether a run waits or goes on."""
        return self.active is not None and self.active.job.active

    # Transitions.

    def begin(self, run: ActiveRun) -> None:
        """A run was queued."""
        self.active = run

    def refuse(self, why: str) -> None:
        """Note why nothing could be queued."""
        self.refusal = why

    def finish(self) -> ActiveRun | None:
        """Turn a run that has ended into a result or an error; return it, None if nothing has come of it."""
        ended, self.active = self.active, None
        assert ended is not None
        job = ended.job
        if job.status == "failed":
            self.error = str(job.error) or repr(job.error)
        try:
            runs = ended.run.so_far()
        except ValueError as error:  # values that are not finite any more
            self.error = f"the run cannot be shown: {error}"
            return None
        if not runs:
            if job.status in ENDED_EARLY:
                self.error = STOPPED_TOO_EARLY
            return None
        can_resume = job.status in ENDED_EARLY and len(runs[0].curves["loss"]) <= ended.run.plan.config.steps
        note, unfinished = run_note(ended, runs[0]), ended if can_resume else None
        self.result = RunResult(job.id, runs, note, unfinished, seek=ended.seek)
        return ended

    def show(self, result: RunResult) -> None:
        """Show a result until something else is chosen."""
        if result.opened:
            last = self.result
            result = replace(result, before=last.before if last is not None and last.opened else last)
        self.result, self.error, self._pinned = result, "", "next"

    def close(self) -> RunResult | None:
        """Leave what was opened; return what was shown before it."""
        assert self.result is not None
        before = self.result.before
        self.result = None
        return before

    def reset(self) -> None:
        """Show the stored example."""
        self.result, self.error = None, ""

    def take_refusal(self) -> str:
        """Return why nothing was started, and forget it."""
        why, self.refusal = self.refusal, ""
        return why

    # What follows from the state.

    def view(self, request: RunRequest | None, example: Callable[[], RunResult | None]) -> RunView:
        """Return what to show: the result, else the example, as long as they are about what the request is about.

        Of two the result comes first, unless the example alone is what the request asks for.
        """
        if request is None:
            return RunView(self.result or example())
        if self._first is None:
            self._first = request.fingerprint
        if self._pinned == "next":
            self._pinned = request.fingerprint
        pinned = request.fingerprint == self._pinned
        result = self.result
        if result is None or (not pinned and request.has_other_subject(result)):
            stored = example()
            if result is None or (stored is not None and not request.changes(stored.runs)):
                result = stored
        if request.has_other_subject(result):
            return RunView(result if pinned else None, linked=self.is_linked(request))
        return RunView(result, [] if result is None else request.changes(result.runs))

    def is_linked(self, request: RunRequest) -> bool:
        """Whether it is the request of the link that opened the page."""
        return self.by_link and request.fingerprint == self._first

    def starts_alone(self, request: RunRequest) -> bool:
        """Whether the request may start without a click: once, and not where the visitor asked to see a result."""
        return request.fingerprint not in (self._started_alone, self._pinned)

    def started_alone(self, request: RunRequest) -> None:
        """Remember a request that starts without a click."""
        self._started_alone = request.fingerprint

    def cached(self, name: str, version: object, make: Callable[[], Any]) -> Any:
        """Return something made for this visitor, such as a packed replay; made anew for another version."""
        if self._cache.get(name, (None, None))[0] != version:
            self._cache[name] = version, make()
        return self._cache[name][1]


def run_note(ended: ActiveRun, run: PGDRun) -> str:
    """Return what a visitor's own run is: how many steps, how it ended, its pace."""
    job, done, steps = ended.job, len(run.curves["loss"]) - 1, ended.run.plan.config.steps
    early = (ENDED_EARLY | {"failed": "ended early"}).get(job.status)
    whose = "The run of this link, computed again" if ended.linked else "Your run"
    note = f"{whose}, {done:,} steps" if early is None else f"{whose}, {early} after {done:,} of {steps:,} steps"
    return note + (f", {1000 * job.seconds_per_step:.0f} ms per step." if done and job.seconds_per_step else ".")
