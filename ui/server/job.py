"""One visitor's piece of live work, as its page sees it. Does not import Streamlit."""

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
_TIMED_STEPS = 20  # the speed shown is the mean of so many recent steps: a slow first one does not linger


@dataclass(frozen=True)
class QueueHooks:
    """Interface of a queue to its jobs.

    Attributes:
        lock: held whenever the job's state is read or changed. clock: seconds, monotonic.
        place: of a job in the line: 1 is next, 0 is not waiting.
        finish: gives a job its last status, unless it has one.
    """

    lock: threading.RLock
    clock: Callable[[], float]
    place: Callable[[Job], int]
    finish: Callable[[Job, JobStatus], None]


class Job:
    """One visitor's piece of work, made by `JobManager.submit`. Every attribute may be read from any thread.

    Attributes:
        id: unique text.
        owner: who asked for it.
        total: number of states expected, or None.
        status: "queued" or "running", and in the end "done", "stopped" (by its visitor), "failed" (see `error`),
            "abandoned" (its visitor has gone) or "overtime" (it took too long). After one of those nothing changes
            any more.
        latest: the newest state, or None before the first; a state nobody looked at in time is overwritten.
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
        self._started: float | None = None  # of the steps whose speed is shown
        self._began: float | None = None
        self._asked = line.clock()
        self._last_beat = line.clock()
        self._stamps: deque[float] = deque(maxlen=_TIMED_STEPS + 1)
        self._moments: deque[Any] = deque(maxlen=_MOST_MOMENTS)  # that nobody has asked for yet
        self._moments_before: list[Any] = []
        self._last_moment = float("-inf")
        self._ended = threading.Event()
        self._may_go_on = threading.Event()
        self._may_go_on.set()

    @property
    def paused(self) -> bool:
        """True while the job runs and was asked to wait."""
        return self.status == "running" and not self._may_go_on.is_set()

    @property
    def active(self) -> bool:
        """True while the job waits or runs."""
        return self.status in ("queued", "running")

    @property
    def position(self) -> int:
        """Place in the waiting line: 1 is next, 0 is not waiting."""
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
        """The states since the last call, at least 0.15 s apart, at most 8: motion for a page that is seldom redrawn.

        If there is no new one, the last one again; none before the first state.
        """
        with self._line.lock:
            self._moments_before = list(self._moments) or self._moments_before[-1:]
            self._moments.clear()
            return self._moments_before

    def stop(self) -> None:
        """End the job at once for its visitor; the step in flight finishes unseen, then the next job begins."""
        self._line.finish(self, "stopped")

    def pause(self) -> None:
        """Let the job wait after the step in flight; if nobody resumes it in time, it ends as stopped."""
        self._may_go_on.clear()

    def resume(self) -> None:
        """Let a paused job go on where it was."""
        with self._line.lock:
            if self.paused:
                # The pause belongs to no step: the speed is measured anew.
                self._stamps.clear()
                self._started = self._line.clock()
            self._may_go_on.set()

    def beat(self) -> None:
        """Say that the visitor is still there. Call it on every redraw, also while the job is queued."""
        with self._line.lock:
            self._last_beat = self._line.clock()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the job has ended, at most `timeout` seconds; True if it has."""
        return self._ended.wait(timeout)
