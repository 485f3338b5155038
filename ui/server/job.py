"""One visitor's live job, as seen by its page. Does not import Streamlit."""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

JobStatus = Literal["queued", "running", "done", "stopped", "failed", "abandoned", "overtime"]
IteratorMaker = Callable[[], Iterable[Any]]
MOMENT_SECONDS = 0.15
_MOST_MOMENTS = 8
_TIMED_STEPS = 20  # the speed is the mean of this many recent steps, so that a slow first step drops out


@dataclass(frozen=True)
class QueueHooks:
    """Interface of a queue to its jobs.

    Attributes:
        lock: held whenever the job's state is read or changed. clock: returns monotonic seconds.
        place: returns a job's place in the queue: 1 is next, 0 is not waiting.
        finish: sets a job's final status, unless it has one.
    """

    lock: threading.RLock
    clock: Callable[[], float]
    place: Callable[[Job], int]
    finish: Callable[[Job, JobStatus], None]


class Job:
    """One visitor's job, created by `JobManager.submit`. Every attribute may be read from any thread.

    Attributes:
        id: unique string.
        owner: id of its submitter.
        total: expected number of states, or None.
        status: "queued" or "running", finally "done", "stopped" (by its visitor), "failed" (see `error`), "abandoned"
            (its visitor has gone) or "overtime" (it ran or stayed paused for too long). A final status never changes.
        latest: the newest state, None before the first; unread states are overwritten.
        done: number of states so far.
        paused: whether it waits between two steps for `resume`; its status is still "running".
        error: the exception that ended a failed job.
    """

    def __init__(
        self,
        line: QueueHooks,
        make_iterator: IteratorMaker,
        owner: str,
        total: int | None,
        about: Mapping[str, Any],
    ) -> None:
        self.id = uuid.uuid4().hex
        self.owner = owner
        self.total = total
        self.status: JobStatus = "queued"
        self.latest: Any = None
        self.done = 0
        self.error: Exception | None = None
        self._about = about
        self._line = line
        self._make_iterator: IteratorMaker | None = make_iterator
        self._started: float | None = None  # start of the steps that `seconds_per_step` averages
        self._began: float | None = None
        self._asked = line.clock()
        self._last_beat = line.clock()
        self._stamps: deque[float] = deque(maxlen=_TIMED_STEPS + 1)
        self._moments: deque[Any] = deque(maxlen=_MOST_MOMENTS)  # not yet returned by `moments`
        self._moments_before: list[Any] = []
        self._last_moment = float("-inf")
        self._ended = threading.Event()
        self._may_go_on = threading.Event()
        self._may_go_on.set()

    @property
    def paused(self) -> bool:
        """Whether the job is paused."""
        return self.status == "running" and not self._may_go_on.is_set()

    @property
    def active(self) -> bool:
        """Whether the job waits or runs."""
        return self.status in ("queued", "running")

    @property
    def position(self) -> int:
        """Place in the queue: 1 is next, 0 is not waiting."""
        return self._line.place(self)

    @property
    def seconds_per_step(self) -> float | None:
        """Mean duration of the most recent steps; None before the first state."""
        with self._line.lock:
            if self._started is None or not self._stamps:
                return None
            if len(self._stamps) == 1:
                return self._stamps[0] - self._started
            return (self._stamps[-1] - self._stamps[0]) / (len(self._stamps) - 1)

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds until done; None while unknown, 0.0 once ended."""
        with self._line.lock:
            if not self.active:
                return 0.0
            step = self.seconds_per_step
            if step is None or self.total is None:
                return None
            since_last = self._line.clock() - self._stamps[-1]
            return max(0.0, (self.total - self.done) * step - since_last)

    def moments(self) -> list[Any]:
        """Return the states since the last call, at least 0.15 s apart, at most 8, for smooth motion between redraws.

        Without a new state, return the last one again; before the first state, return an empty list.
        """
        with self._line.lock:
            self._moments_before = list(self._moments) or self._moments_before[-1:]
            self._moments.clear()
            return self._moments_before

    def stop(self) -> None:
        """Stop the job; its visitor sees it end at once, and the next job begins when the step in flight finishes."""
        self._line.finish(self, "stopped")

    def pause(self) -> None:
        """Pause the job after the step in flight; unless resumed in time, it ends as overtime."""
        self._may_go_on.clear()

    def resume(self) -> None:
        """Resume a paused job."""
        with self._line.lock:
            if self.paused:
                # The pause belongs to no step: restart the measurement of the speed.
                self._stamps.clear()
                self._started = self._line.clock()
            self._may_go_on.set()

    def beat(self) -> None:
        """Record that the visitor is still there. Call it on every redraw, also while the job is queued."""
        with self._line.lock:
            self._last_beat = self._line.clock()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the job has ended, for at most `timeout` seconds; return whether it has."""
        return self._ended.wait(timeout)
