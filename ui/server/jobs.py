"""Jobs of all visitors: one runs, others wait in line; limits, a full line. Does not import Streamlit."""

from __future__ import annotations

import contextlib
import itertools
import os
import statistics
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypeVar

from ui.server.limits import log

JobStatus = Literal["queued", "running", "done", "stopped", "failed", "abandoned", "overtime"]
IteratorMaker = Callable[[], Iterable[Any]]
MOMENT_SECONDS = 0.15
_MOST_MOMENTS = 8
_TIMED_STEPS = 20  # the speed is that of so many recent steps


class Job:
    """One visitor's job, created by `JobManager.submit`. Every attribute may be read from any thread.

    Attributes:
        id: unique string.
        owner: id of its submitter. tab: of the browser's tab; empty if unknown.
        total: expected number of states, or None.
        status: "queued" or "running", finally "done", "stopped" (by its visitor), "failed" (see `error`), "abandoned"
            (its visitor has gone) or "overtime" (it exceeded its time). A final status never changes.
        latest: the newest state, None before the first; unread states are overwritten.
        done: number of states so far.
        error: the exception that ended a failed job.
    """

    def __init__(
        self,
        manager: JobManager,
        make_iterator: IteratorMaker,
        owner: str,
        total: int | None,
        about: Mapping[str, Any],
        tab: str,
    ) -> None:
        self.id = uuid.uuid4().hex
        self.owner, self.tab = owner, tab
        self.total = total
        self.status: JobStatus = "queued"
        self.latest: Any = None
        self.done = 0
        self.error: Exception | None = None
        self._about = about
        self._manager = manager
        self._make_iterator: IteratorMaker | None = make_iterator
        self._began: float | None = None
        self._asked = self._last_beat = manager.clock()
        self._stamps: deque[float] = deque(maxlen=_TIMED_STEPS + 1)
        self._moments: deque[Any] = deque(maxlen=_MOST_MOMENTS)  # not yet returned by `moments`
        self._moments_before: list[Any] = []
        self._last_moment = float("-inf")
        self._ended = threading.Event()

    @property
    def active(self) -> bool:
        """True while the job waits or runs."""
        return self.status in ("queued", "running")

    @property
    def position(self) -> int:
        """Place in the queue: 1 is next, 0 is not waiting."""
        return self._manager.position(self)

    @property
    def seconds_per_step(self) -> float | None:
        """Median duration of the most recent steps; None before the second, since the first is slow."""
        with self._manager.lock:
            durations = [after - before for before, after in itertools.pairwise(self._stamps)]
        return statistics.median(durations) if durations else None

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds until done; None while unknown, 0.0 once ended."""
        with self._manager.lock:
            if not self.active:
                return 0.0
            step = self.seconds_per_step
            if step is None or self.total is None:
                return None
            since_last = self._manager.clock() - self._stamps[-1]
            return max(0.0, (self.total - self.done) * step - since_last)

    def moments(self) -> list[Any]:
        """Return the states since the last call, at least 0.15 s apart, at most 8, for smooth motion between redraws.

        Without a new state, return the last one again; before the first state, return an empty list.
        """
        with self._manager.lock:
            self._moments_before = list(self._moments) or self._moments_before[-1:]
            self._moments.clear()
            return self._moments_before

    def stop(self) -> None:
        """Stop the job; its visitor sees it end, and the next job begins when the step in flight finishes."""
        self._manager.finish(self, "stopped")

    def beat(self) -> None:
        """Record that the visitor is still there. Call it on every redraw, also while the job is queued."""
        with self._manager.lock:
            self._last_beat = self._manager.clock()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the job has ended, for at most `timeout` seconds; return whether it has."""
        return self._ended.wait(timeout)


_NICE = 10  # of 19: a page's thread gets nine times as much of a contested core
_LONGEST_REST = 1.0  # maximum seconds that a step waits for other work; runs must progress on a busy server

Value = TypeVar("Value")
_THIS_THREAD = threading.local()
# On Linux a thread inherits the priority of the thread that starts it: these two start now, at the pages' priority.
_AT_FULL_PRIORITY = ThreadPoolExecutor(2, thread_name_prefix="full-priority")
for _ in range(2):
    _AT_FULL_PRIORITY.submit(time.sleep, 0.1)


class QueueFull(RuntimeError):
    """The queue has reached its limit; the message is a sentence for the visitor."""


def lower_priority() -> None:
    """Lower the priority of this thread, and of those that torch starts for it, where possible.

    Only Linux has a priority per thread; elsewhere it would be that of the process. A sandbox may refuse it.
    """
    _THIS_THREAD.gives_way = True
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):  # a server under `nice` may have a lower one already
            os.setpriority(os.PRIO_PROCESS, thread, max(_NICE, os.getpriority(os.PRIO_PROCESS, thread)))


def at_full_priority(make: Callable[[], Value]) -> Value:
    """Make a value that pages may also wait for: in this thread, or in another one if this one has low priority."""
    return _AT_FULL_PRIORITY.submit(make).result() if getattr(_THIS_THREAD, "gives_way", False) else make()


class JobManager:
    """Runs jobs one at a time, in order of arrival, each in its own thread."""

    def __init__(
        self,
        *,
        queue_limit: int = 8,
        quiet_seconds: float = 10.0,
        run_seconds: float = 3600.0,
        is_connected: Callable[[str], bool] = lambda owner: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            queue_limit: maximum number of waiting jobs.
            quiet_seconds: time without a beat after which a job is abandoned if its owner is not connected.
            run_seconds: maximum duration of a job; then it ends as overtime.
            is_connected: returns whether an owner's browser is still connected.
            clock: returns monotonic seconds; replaced in tests.
        """
        self._queue_limit = queue_limit
        self._quiet_seconds = quiet_seconds
        self._run_seconds = run_seconds
        self._is_connected = is_connected
        self.clock = clock
        self.lock = threading.RLock()  # held whenever a job's state is read or changed
        self._queue: deque[Job] = deque()
        # A stopped job stays here until its step in flight has finished, since its thread still uses a core.
        self._running: Job | None = None
        self._thread: threading.Thread | None = None
        self._waiting_for = 0  # number of `before_runs` blocks in progress
        self._calm = threading.Event()
        self._calm.set()

    @contextlib.contextmanager
    def before_runs(self) -> Iterator[None]:
        """Run a block of short work that a visitor waits for; a run rests between two steps meanwhile, 1 s at most."""
        with self.lock:
            self._waiting_for += 1
            self._calm.clear()
        try:
            yield
        finally:
            with self.lock:
                self._waiting_for -= 1
                if not self._waiting_for:
                    self._calm.set()

    def submit(
        self,
        make_iterator: IteratorMaker,
        *,
        owner: str,
        total: int | None = None,
        about: Mapping[str, Any] | None = None,
        tab: str = "",
    ) -> Job:
        """Queue a job; it starts immediately if none runs. An earlier job of the same owner is stopped.

        So is one of the same tab whose owner is no longer connected: the page was reloaded.

        Args:
            make_iterator: called in the worker thread; returns the iterator to consume, which is closed in the same
                thread however the job ends. Pages see only the newest state, so each must be complete (the map so
                far, not one more cell) and must not change after it was yielded.
            owner: id of the submitter, such as the session's.
            total: number of states that the iterator will yield, if known.
            about: facts for the log, none about the visitor.
            tab: id of the browser's tab, which a reload keeps.
        Raises:
            QueueFull: the queue has reached its limit.
        """
        with self.lock:
            self._drop_silent()
            own_jobs = [job for job in self._jobs() if job.owner == owner or self._was_left(job, tab)]
            waiting = sum(job not in own_jobs for job in self._queue)
            if waiting >= self._queue_limit and self._running is not None:
                log("run refused: the line is full", waiting=waiting, **(about or {}))
                line = "no run may wait" if not waiting else f"the waiting line is full ({waiting} in it)"
                raise QueueFull(f"The server is busy and {line}; please try again in a few minutes.")
            for earlier in own_jobs:
                earlier.stop()
            job = Job(self, make_iterator, owner, total, about or {}, tab)
            self._queue.append(job)
            self._start_next()
        return job

    def close(self, timeout: float = 10.0) -> None:
        """End all jobs and wait for the step in flight: torch would abort if the process ended during a step."""
        with self.lock:
            for job in self._jobs():
                self.finish(job, "abandoned")
            thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def _was_left(self, job: Job, tab: str) -> bool:
        """Return True for a job of a tab whose page has been reloaded since."""
        return job.tab == tab != "" and not self._is_connected(job.owner)

    def _jobs(self) -> list[Job]:
        return [*self._queue, *([self._running] if self._running is not None else [])]

    def position(self, job: Job) -> int:
        """Return a job's position in the queue: 1 is next, 0 is not waiting."""
        with self.lock:
            self._drop_silent()
            return self._queue.index(job) + 1 if job in self._queue else 0

    def _start_next(self) -> None:
        self._drop_silent()
        if self._running is None and self._queue:
            job = self._running = self._queue.popleft()
            job.status = "running"
            job._began = self.clock()
            log("run started", run=job.id, waited_s=round(job._began - job._asked, 3), **job._about)
            self._thread = threading.Thread(target=self._work, args=(job,), name=f"job-{job.id[:8]}", daemon=True)
            self._thread.start()

    def _work(self, job: Job) -> None:
        try:
            lower_priority()
            assert job._make_iterator is not None
            states: Any = job._make_iterator()
            # Close a generator here, in the thread that ran it; a plain iterator has no `close`.
            with contextlib.closing(states) if hasattr(states, "close") else contextlib.nullcontext():
                for state in states:
                    if not self._record(job, state):
                        break
                    self._calm.wait(_LONGEST_REST)
            self.finish(job, "done")
        except Exception as error:
            self.finish(job, "failed", error)
        finally:
            with self.lock:
                job._make_iterator = None  # releases the classifiers and images that it holds
                self._running = None
                self._start_next()

    def _record(self, job: Job, state: Any) -> bool:
        """Record the newest state; return False if the work must end."""
        with self.lock:
            if not job.active:
                return False
            job.latest = state
            job.done += 1
            now = self.clock()
            job._stamps.append(now)
            if now - job._last_moment >= MOMENT_SECONDS:
                job._moments.append(state)
                job._last_moment = now
            self._drop_silent()
            if job._began is not None and now - job._began > self._run_seconds:
                self.finish(job, "overtime")
            return job.active

    def finish(self, job: Job, status: JobStatus, error: Exception | None = None) -> None:
        """Set the job's final status, unless it has one."""
        with self.lock:
            if not job.active:
                return
            if job.status == "queued":
                self._queue.remove(job)
                job._make_iterator = None
            job.status, job.error = status, error
            seconds = 0.0 if job._began is None else round(self.clock() - job._began, 3)
            log("run ended", error=error, run=job.id, status=status, states=job.done, seconds=seconds, **job._about)
            job._ended.set()

    def _drop_silent(self) -> None:
        """Abandon all jobs of visitors who have gone. There is no timer: other methods call this."""
        now = self.clock()
        for job in self._jobs():
            if now - job._last_beat > self._quiet_seconds and not self._is_connected(job.owner):
                self.finish(job, "abandoned")
