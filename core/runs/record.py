"""Recorder that turns the states of PGD into a run to save, replay and repeat. Imports torch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from core.data.provenance import classifier_facts, computed_source
from core.pgd.steps import PGDState
from core.runs.file import PGDRun, likeliest
from core.shared.device import device_name

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.pgd.objectives import Objective
    from core.runs.plan import RunPlan

MAX_FRAMES = 121
MAX_FRAME_BYTES = 48 * 2**20


def frame_interval(steps: int, frame_bytes: int) -> int:
    """Return the steps between frames, such that at most 121 frames and 48 MiB, but at least 2 frames, are kept."""
    frames = max(2, min(MAX_FRAMES, MAX_FRAME_BYTES // max(frame_bytes, 1)))
    return max(1, -(-steps // (frames - 1)))


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
        # Metadata only, so that a finished run does not keep its classifier in memory.
        self._classifier = {**classifier_facts(classifier), "template": classifier.template}
        self._class_names, self._device = list(classifier.classes.names), device_name(classifier)
        self._interval = frame_interval(plan.config.steps, plan.start.size)
        self._frames: list[np.ndarray] = []
        self._frame_steps: list[int] = []
        self._numbers: list[np.ndarray] = []  # (s, T, B) each: terms and norm of fetched states
        self._new: list[Tensor] = []  # (T, B) of each later state
        self._first: PGDState | None = None
        self._seconds, self._latest = 0.0, time.perf_counter()

    def add(self, state: PGDState) -> None:
        """Add the next state; adding the last one again marks a resumed run."""
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

    def top_classes(self, *, last: bool) -> list[list[tuple[str, float]]]:
        """Return each image's likeliest classes, as in `PGDRun.top_classes`; none before the first state."""
        state = self.last if last else self._first
        return [] if state is None else [likeliest(row, self._class_names) for row in _numpy(state.logits)]

    def run(self) -> PGDRun:
        """Return the run so far, whether finished, stopped or running.

        Raises:
            ValueError: there is no state yet.
        """
        if self._first is None or self.last is None:
            raise ValueError("nothing was recorded: the run was stopped before its first state")
        frames, frame_steps = list(self._frames), list(self._frame_steps)
        if frame_steps[-1] != self.last.step:
            frames.append(_bytes(self.last.images))
            frame_steps.append(self.last.step)
        curves, terms = self.curves()
        plan, settings = self._plan, self._objective.to_json()
        change = mean_change(plan.start, self.last.images.cpu().numpy(), plan.mask)
        metadata = {
            "kind": settings["kind"],
            "config": plan.config.to_json(),
            "objective": settings,
            "targets": self._objective.targets.tolist(),
            "class_names": self._class_names,
            "seed": plan.seed,
            "classifier": self._classifier,
            "images": {**plan.images, "change": change},
            "source": computed_source(self._device, wall_seconds=round(self._seconds, 2)),
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


def mean_change(start: np.ndarray, images: np.ndarray, mask: np.ndarray | None) -> list[dict[str, float]]:
    """Return the mean absolute change of a value in and around each image's hole, in [0, 1], before any rounding.

    Args:
        start, images: (B, 3, H, W) float32 in [0, 1].
        mask: bool (1, H, W) or (B, 1, H, W); None means that the whole image is inside.
    """
    change = np.abs(images - start).mean(axis=1)
    holes = np.ones_like(change, dtype=bool)
    if mask is not None:
        holes &= mask.reshape(-1, *mask.shape[-2:])
    return [
        {"inside": float(values[hole].mean()), "outside": 0.0 if hole.all() else float(values[~hole].mean())}
        for values, hole in zip(change, holes, strict=True)
    ]


def _numpy(tensor: Tensor) -> np.ndarray:
    return tensor.to("cpu", torch.float32).numpy()


def _bytes(images: Tensor) -> np.ndarray:
    return (images * 255).round().to("cpu", torch.uint8).numpy()
