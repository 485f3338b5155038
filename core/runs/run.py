"""The engine of inpainting and generation runs: a plan on several classifiers and searches, in lockstep.

Used by the pages, `python -m core.reconstruct` and profiles. Does not import torch before a run starts.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import numpy as np

from core.pgd.view_settings import Search
from core.runs.file import PGDRun
from core.runs.plan import RunPlan, prepare
from core.shared.device import check_torch

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.pgd.steps import PGDState
    from core.runs.record import RunRecorder


class Run:
    """A plan in progress. Only one thread at a time may use `states`; everything else is thread-safe.

    Args:
        plan: of the run.
        load_classifiers: called at the start of the run, in its thread.
        searches: every classifier uses each of them, with the same steps and ball; by default the plan's own. There is
            one run per classifier and search, in that order.
    """

    def __init__(
        self, plan: RunPlan, load_classifiers: Callable[[], Sequence[Classifier]], searches: Sequence[Search] = ()
    ) -> None:
        self.plan = plan
        self._plans = [plan.with_search(search) for search in searches] or [plan]
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
        from core.runs.record import RunRecorder

        with ExitStack() as open_runs:
            iterators, recorders = [], []
            for k, (classifier, plan) in enumerate(itertools.product(self._load(), self._plans)):
                classifier, objective = prepare(plan, classifier)
                start = torch.from_numpy(plan.start).to(classifier.device)
                recorder = self._recorders[k] if self._recorders else RunRecorder(plan, classifier, objective)
                steps = pgd_steps(classifier, objective, start, plan.config, recorder.last, seed=plan.seed)
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

    def top_classes(self, k: int, *, last: bool) -> list[list[tuple[str, float]]]:
        """Return each image's likeliest classes in the k-th run, at the first or newest state."""
        with self._lock:
            return self._recorders[k].top_classes(last=last)

    def so_far(self) -> tuple[PGDRun, ...]:
        """Return the runs so far; none before the first state."""
        with self._lock:
            return tuple(recorder.run() for recorder in self._recorders if recorder.last is not None)


def _side_by_side(iterators: Sequence[Iterator[PGDState]], open_runs: ExitStack) -> Iterator[tuple[PGDState, ...]]:
    """Zip iterators like `zip`, but run each in its own thread, concurrently.

    Results are bit-identical. Useful if a pass takes one thread and other cores are idle (times in `docs/scaling.md`).
    """
    import torch

    threads = ThreadPoolExecutor(len(iterators), initializer=torch.set_num_threads, initargs=(1,))
    open_runs.enter_context(threads)  # ends before the iterators are closed
    while None not in (states := tuple(threads.map(next, iterators, itertools.repeat(None)))):
        yield states
