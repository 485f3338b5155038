"""Run a training to its end with checkpoints and progress. Imports torch at the top: import it lazily."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from core.training.checkpoints import load_checkpoint, save_checkpoint
from core.training.evaluation import Accuracy
from core.training.progress import Clock, TrainingState, format_duration

CHECKPOINT = "checkpoint.pt"
CHECKPOINT_SECONDS = 60.0


class Training(Protocol):
    """What `ResNetTraining` and `ClipTraining` have in common."""

    step: int
    total_steps: int

    def steps(self) -> Iterator[TrainingState]: ...
    def state(self) -> dict[str, Any]: ...
    def restore(self, state: dict[str, Any]) -> None: ...


def run_to_end(training: Training, output: Path, watch: Callable[[], Accuracy], report: Callable[[str], None]) -> float:
    """Train, or go on from the checkpoint in `output`, and return the seconds that all runs together took.

    Args:
        training: at its first step.
        output: folder of the checkpoint, made if missing.
        watch: an accuracy to show at the end of each epoch.
        report: takes each line of progress.
    Raises:
        ValueError, RuntimeError: as `load_checkpoint`.
    """
    checkpoint = output / CHECKPOINT
    clock = Clock(0)
    if (stored := load_checkpoint(checkpoint, training.state()["recipe"])) is not None:
        training.restore(stored)
        clock = Clock(training.step, stored["seconds"])
        report(f"going on from step {training.step} of {training.total_steps}")
        if training.step == training.total_steps:
            return stored["seconds"]
    saved = time.monotonic()
    since_epoch: list[TrainingState] = []
    for state in training.steps():
        since_epoch.append(state)
        # The next step belongs to another epoch, or there is none.
        if epoch_ends := state.step % state.steps_per_epoch == 0:
            report(_epoch_line(since_epoch, watch(), clock))
            since_epoch = []
        if epoch_ends or time.monotonic() - saved > CHECKPOINT_SECONDS:
            save_checkpoint(checkpoint, {**training.state(), "seconds": clock.seconds})
            saved = time.monotonic()
    return clock.seconds


def _epoch_line(states: list[TrainingState], watched: Accuracy, clock: Clock) -> str:
    last = states[-1]
    loss = sum(state.loss for state in states) / len(states)
    accuracy = sum(state.accuracy for state in states) / len(states)
    return (
        f"epoch {last.step // last.steps_per_epoch} of {last.steps // last.steps_per_epoch}  "
        f"step {last.step} of {last.steps}  loss {loss:.3f}  training batches {accuracy:.1%}  "
        f"test ({watched.count}) {watched.rate:.1%}  {format_duration(clock.seconds)} so far, "
        f"{format_duration(clock.seconds_left(last.step, last.steps))} left"
    )
