"""What a training loop reports, and the time it still needs."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingState:
    """After one step: how many of all `steps` are done, the mean loss and top-1 accuracy on the step's own batch."""

    step: int
    steps: int
    steps_per_epoch: int
    loss: float
    accuracy: float


class Clock:
    """Estimates the time left from the speed since this process started, which a resumed run needs."""

    def __init__(self, step: int, seconds_before: float = 0.0) -> None:
        self._first_step = step
        self._started = time.monotonic()
        self._seconds_before = seconds_before

    @property
    def seconds(self) -> float:
        """Seconds of training so far, those before a resume included."""
        return self._seconds_before + time.monotonic() - self._started

    def seconds_left(self, step: int, steps: int) -> float | None:
        """None before the first step."""
        done = step - self._first_step
        return (steps - step) * (time.monotonic() - self._started) / done if done > 0 else None


def format_duration(seconds: float | None) -> str:
    """`1 h 05 min`, `5 min 10 s`, or `?` for None."""
    if seconds is None:
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min {rest:02d} s"
