"""The work behind the pages *Inpainting* and *Generation*: one run on one or two classifiers, step by step together.

Nothing here draws. A `LiveRun` is consumed in a worker thread of `ui.shared.jobs`; pages read it from theirs.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from core import paper
from core.pgd.config import PGDConfig
from core.runs.file import PGDRun
from ui.shared.model_cache import classifier_for

if TYPE_CHECKING:
    from core.classifiers.base import Classifier
    from core.pgd.objectives import Generation, Inpainting, Penalty
    from core.pgd.steps import PGDState
    from core.runs.record import RunRecorder


@dataclass(frozen=True, eq=False, kw_only=True)
class RunPlan:
    """What is to be run; everything that the result depends on.

    classifiers: names in the registry, one or two. class_set: "cifar10" or "imagenet".
    targets: for each of the B images, a class or, for zero-shot classifiers, any text.
    start: (B, 3, H, W) float32 in [0, 1]. config: lengths and number of moves.
    seed: of whatever was drawn. images: where they come from, a JSON object.
    original: (B, 3, H, W) uint8 and mask: (1, H, W) bool, for inpainting; None for generation.
    weight, penalty: lambda of Eq. 3, and what it multiplies.
    """

    classifiers: tuple[str, ...]
    class_set: str
    targets: tuple[str, ...]
    start: np.ndarray
    config: PGDConfig
    seed: int = 0
    images: Mapping[str, Any] = field(default_factory=dict)
    original: np.ndarray | None = None
    mask: np.ndarray | None = None
    weight: float = paper.PENALTY_WEIGHT
    penalty: Penalty = "norm"

    @property
    def states(self) -> int:
        """How many states the run yields."""
        return self.config.steps + 1


@dataclass(frozen=True, eq=False)
class LiveState:
    """The same step of every classifier's run, in the plan's order."""

    step: int
    states: tuple[PGDState, ...]


@dataclass(frozen=True, eq=False)
class Progress:
    """Curves of one classifier's run so far, each (S,) float: means over its images."""

    terms: dict[str, np.ndarray]
    probability: np.ndarray
    norm: np.ndarray


class LiveRun:
    """A plan in progress. `states` belongs to the worker thread; `finish` may be called from any."""

    def __init__(self, plan: RunPlan) -> None:
        self.plan = plan
        self._lock = threading.Lock()
        self._recorders: list[tuple[RunRecorder, Classifier, Generation | Inpainting]] = []
        self._latest: LiveState | None = None
        self._runs: tuple[PGDRun, ...] | None = None

    def states(self) -> Generator[LiveState, None, None]:
        """Load the classifiers, then move all of them one step at a time.

        Raises:
            ValueError: a target that a classifier does not know or cannot read, or a hole that does not fit.
            FileNotFoundError, RuntimeError: weights that are missing or damaged.
        """
        import torch

        from core.classifiers.text import choose_target
        from core.pgd.objectives import Generation, Inpainting
        from core.pgd.steps import pgd_steps
        from core.runs.record import RunRecorder

        plan = self.plan
        with ExitStack() as open_runs:
            iterators = []
            for name in plan.classifiers:
                classifier, indices = classifier_for(name, plan.class_set), []
                for text in plan.targets:
                    chosen = choose_target(classifier, text)
                    classifier = chosen.classifier
                    indices.append(chosen.index)
                targets = torch.tensor(indices)
                objective: Generation | Inpainting = Generation(targets)
                if plan.mask is not None:
                    mask = torch.from_numpy(plan.mask)
                    objective = Inpainting(targets, mask, weight=plan.weight, penalty=plan.penalty)
                start = torch.from_numpy(plan.start).to(classifier.device)
                steps = pgd_steps(classifier, objective, start, plan.config)
                iterators.append(open_runs.enter_context(closing(steps)))
                self._recorders.append((RunRecorder(start, plan.config), classifier, objective))
            for states in zip(*iterators, strict=True):
                with self._lock:
                    if self._runs is not None:
                        return
                    for (recorder, _, _), state in zip(self._recorders, states, strict=True):
                        recorder.add(state)
                    self._latest = LiveState(states[0].step, states)
                yield self._latest

    def progress(self, k: int) -> Progress:
        """Curves of the k-th classifier; to be asked for after the first state."""
        with self._lock:
            recorder = self._recorders[k][0]
            curves, terms = recorder.curves(), recorder.terms()
        return Progress(
            terms={name: term.mean(axis=1) for name, term in terms.items()},
            probability=curves["target_probability"].mean(axis=1),
            norm=curves["perturbation_norm"].mean(axis=1),
        )

    def finish(self) -> tuple[PGDRun, ...]:
        """The runs so far, one for each classifier; none before the first state. Ends the run if it still goes on."""
        from core.device import device_name

        with self._lock:
            if self._runs is None:
                runs = []
                if self._latest is not None:
                    for (recorder, classifier, objective), state in zip(
                        self._recorders, self._latest.states, strict=True
                    ):
                        images = dict(self.plan.images) | {"change": self._change(state)}
                        run = recorder.finish(
                            classifier,
                            objective,
                            seed=self.plan.seed,
                            images=images,
                            device=device_name(classifier),
                            original=self.plan.original,
                        )
                        runs.append(run)
                self._runs = tuple(runs)
                self._recorders = []
            return self._runs

    def _change(self, state: PGDState) -> list[dict[str, float]]:
        """Mean absolute change of a value, in [0, 1], in and around the hole of each image; exact, unlike frames."""
        change = np.abs(state.images.cpu().numpy() - self.plan.start).mean(axis=1)
        hole = np.ones(change.shape[1:], dtype=bool) if self.plan.mask is None else self.plan.mask[0]
        return [
            {"inside": float(one[hole].mean()), "outside": float(one[~hole].mean()) if not hole.all() else 0.0}
            for one in change
        ]
