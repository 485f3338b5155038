"""Runs in progress: networks and methods in lockstep, recorded state by state. Does not import torch by itself."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.stored import classifier_facts, computed_source
from core.pgd.methods import MethodName
from core.pgd.plan import RunPlan, prepare
from core.pgd.record import PGDRun, mean_change
from core.shared.cli import progress_bar
from core.shared.device import check_torch, device_name, machine_facts, one_library

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from core.classifiers.classifier import Classifier
    from core.pgd.steps import Objective, PGDState

MAX_FRAMES = 121
MAX_FRAME_BYTES = 48 * 2**20


def frame_interval(steps: int, frame_bytes: int) -> int:
    """Return the steps between frames, such that at most 121 frames and 48 MiB, but at least 2 frames, are kept."""
    frames = max(2, min(MAX_FRAMES, MAX_FRAME_BYTES // max(frame_bytes, 1)))
    return max(1, -(-steps // (frames - 1)))


def run_source(device: str | torch.device, **facts: Any) -> dict[str, Any]:
    """Return the `source` of a run's results: also the library, torch and processor, which decide its bits."""
    with one_library():
        return computed_source(device_name(device), **machine_facts(device), **facts)


class RunRecorder:
    """Recorder of one classifier's run: `add` each state, then get the `run` so far. Not thread-safe.

    Numbers stay on the device until requested, so adding a state does not wait for it; each is fetched once, so a page
    may poll several times a second.

    Attributes:
        last: the newest state, None before the first.
    """

    def __init__(self, plan: RunPlan, classifier: Classifier, objective: Objective) -> None:
        self.last: PGDState | None = None
        self._plan, self._objective = plan, objective
        # Metadata only: a finished run must not keep its classifier in memory.
        self._classifier = {**classifier_facts(classifier), "template": classifier.template}
        self._class_names = list(classifier.classes.names)
        self._source = run_source(classifier.device)
        self._interval = frame_interval(plan.config.steps, plan.start.size)
        self._frames: list[np.ndarray] = []
        self._frame_steps: list[int] = []
        self._numbers: list[np.ndarray] = []  # (s, T, B) each: terms and norm of fetched states
        self._new: list[Tensor] = []  # (T, B) of each later state
        self._first: PGDState | None = None
        self._seconds, self._latest = 0.0, time.perf_counter()

    def add(self, state: PGDState) -> None:
        """Add the next state; adding the last one again marks a resumed run."""
        import torch

        now = time.perf_counter()
        if self.last is not None and state.step == self.last.step:
            self._latest = now
            return
        self._seconds, self._latest = self._seconds + now - self._latest, now
        terms = [state.cross_entropy, *([] if state.penalty is None else [state.penalty])]
        self._new.append(torch.stack([*terms, state.perturbation_norm]))
        self._first, self.last = self._first or state, state
        if state.step % self._interval == 0:
            self._frames.append(_bytes(state.images))
            self._frame_steps.append(state.step)

    def curves(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Return the curves and loss terms of a `PGDRun` so far, each (S, B) float32."""
        if self._new:
            import torch

            self._numbers = [*self._numbers, _numpy(torch.stack(self._new))]
            self._new = []
        *terms, norm = np.concatenate(self._numbers).transpose(1, 0, 2)
        loss = np.sum(terms, axis=0)
        curves = {
            "loss": loss,
            "target_probability": np.exp(-terms[0]),
            "perturbation_norm": norm,
        }
        return curves, dict(zip(("cross_entropy", "penalty"), terms, strict=False))

    def run(self) -> PGDRun:
        """Return the run so far, whether finished, stopped or running; there must be a state."""
        assert self._first is not None and self.last is not None
        frames, frame_steps = list(self._frames), list(self._frame_steps)
        if frame_steps[-1] != self.last.step:
            frames.append(_bytes(self.last.images))
            frame_steps.append(self.last.step)
        curves, terms = self.curves()
        plan, settings = self._plan, self._objective.to_json()
        change = mean_change(plan.start, self.last.images.cpu().numpy(), plan.mask)
        metadata = {
            "task": settings["task"],
            "config": plan.config.to_json(),
            "objective": settings,
            "targets": self._objective.targets.tolist(),
            "words": [str(target) for target in plan.targets if isinstance(target, str)],
            "class_names": self._class_names,
            "seed": plan.seed,
            **({"seeds": list(plan.seeds)} if plan.seeds else {}),
            "classifier": self._classifier,
            "images": {**plan.images, "change": change},
            "source": {**self._source, "wall_seconds": round(self._seconds, 2)},
        }
        return PGDRun(
            frames=np.stack(frames),
            frame_steps=np.array(frame_steps, dtype=np.int64),
            start=plan.start,
            curves=curves,
            terms=terms,
            logits=np.stack([_numpy(self._first.logits), _numpy(self.last.logits)]),
            metadata=metadata,
            original=plan.original,
            mask=None if plan.mask is None else plan.mask.reshape(-1, 1, *plan.mask.shape[-2:]),
        )


def _numpy(tensor: Tensor) -> np.ndarray:
    return tensor.float().cpu().numpy()


def _bytes(images: Tensor) -> np.ndarray:
    return (images * 255).round().byte().cpu().numpy()


class Run:
    """A plan in progress. Only one thread at a time may use `states`; everything else is thread-safe.

    Args:
        plan: of the run.
        load_classifiers: called at the start of the run, in its thread.
        methods: every classifier uses each of them, with the same steps and ball; by default the plan's own. There is
            one run per classifier and method, in that order.
    """

    def __init__(
        self, plan: RunPlan, load_classifiers: Callable[[], Sequence[Classifier]], methods: Sequence[MethodName] = ()
    ) -> None:
        self.plan = plan
        self._plans = [plan.with_method(method) for method in methods] or [plan]
        self._load = load_classifiers
        self._lock = threading.Lock()
        self._recorders: list[RunRecorder] = []

    def states(self) -> Generator[tuple[PGDState, ...], None, None]:
        """Yield the states of all runs, in order, step by step.

        If called again after closing, it resumes the run, bit for bit.

        Raises:
            ValueError: a classifier does not know or cannot read a target.
            FileNotFoundError, RuntimeError: weights are missing or damaged, or torch does not start.
        """
        check_torch()
        import torch

        from core.pgd.steps import pgd_steps

        with ExitStack() as open_runs:
            iterators, recorders = [], []
            for k, (classifier, plan) in enumerate(itertools.product(self._load(), self._plans)):
                classifier, objective = prepare(plan, classifier)
                start = torch.from_numpy(plan.start).to(classifier.device)
                recorder = self._recorders[k] if self._recorders else RunRecorder(plan, classifier, objective)
                steps = pgd_steps(
                    classifier, objective, start, plan.config, recorder.last, seed=plan.seeds or plan.seed
                )
                iterators.append(open_runs.enter_context(closing(steps)))
                recorders.append(recorder)
            self._recorders = recorders
            together: Iterator[tuple[PGDState, ...]] = zip(*iterators, strict=True)
            if len(iterators) > 1 and torch.get_num_threads() == 1:
                together = _side_by_side(iterators, open_runs)
            for states in together:
                with self._lock:
                    for recorder, state in zip(recorders, states, strict=True):
                        recorder.add(state)
                yield states

    @property
    def step(self) -> int:
        """Steps taken so far."""
        last = self._recorders[0].last if self._recorders else None
        return 0 if last is None else last.step

    def target_probability(self, k: int) -> np.ndarray:
        """Return the target probability in the k-th run at every state so far, (S, B)."""
        with self._lock:
            return self._recorders[k].curves()[0]["target_probability"]

    def so_far(self) -> tuple[PGDRun, ...]:
        """Return the runs so far; none before the first state."""
        with self._lock:
            return tuple(recorder.run() for recorder in self._recorders if recorder.last is not None)


def _side_by_side(iterators: Sequence[Iterator[PGDState]], open_runs: ExitStack) -> Iterator[tuple[PGDState, ...]]:
    """Zip iterators like `zip`, but run each in its own thread, concurrently.

    Results are bit-identical. Useful if a pass takes one thread and other cores are idle (times in `docs/commands.md`).
    """
    import torch

    threads = ThreadPoolExecutor(len(iterators), initializer=torch.set_num_threads, initargs=(1,))
    open_runs.enter_context(threads)  # ends before the iterators are closed
    while None not in (states := tuple(threads.map(next, iterators, itertools.repeat(None)))):
        yield states


def finished_run(plan: RunPlan, classifier: Classifier, description: str | None = None) -> PGDRun:
    """Run a plan to its end; description: of the progress bar, None for no bar."""
    run, total = Run(plan, lambda: [classifier]), plan.config.steps + 1
    with progress_bar(desc=description, total=total, unit="step", leave=False, disable=description is None) as bar:
        for _ in run.states():
            bar.update()
    (result,) = run.so_far()
    return result
