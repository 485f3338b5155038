"""From a running PGD to a run that can be saved, shown again and repeated. Imports torch."""

from __future__ import annotations

import datetime
import time
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from core.pgd.config import PGDConfig
from core.pgd.objectives import Generation, Inpainting
from core.pgd.steps import ImageClassifier, PGDState, pgd_steps
from core.provenance import VERSION
from core.runs.file import PGDRun

if TYPE_CHECKING:
    from core.classifiers.base import Classifier

MOST_FRAMES = 121
MOST_FRAME_BYTES = 48 * 2**20


def frame_interval(steps: int, frame_bytes: int) -> int:
    """Every how many steps to keep a frame, so that at most 121 frames and 48 MiB (but at least 2 frames) are kept."""
    most = max(2, min(MOST_FRAMES, MOST_FRAME_BYTES // max(frame_bytes, 1)))
    return max(1, -(-steps // (most - 1)))


class RunRecorder:
    """Collects the states of one run: `add` each of them, then `finish`. One caller at a time.

    Numbers stay tensors until somebody asks, so that adding a state waits for no device and costs next to nothing.

    Args:
        start: (B, 3, H, W) the images given to the run.
        config: the run's settings.
    """

    def __init__(self, start: Tensor, config: PGDConfig) -> None:
        self.config = config
        self._start = _numpy(start.repeat_interleave(config.restarts, dim=0))
        self._interval = frame_interval(config.steps, self._start.size)
        self._frames: list[np.ndarray] = []
        self._frame_steps: list[int] = []
        self._terms = {"cross_entropy": _Curve()}
        self._norm = _Curve()
        self._first: PGDState | None = None
        self._last: PGDState | None = None
        self._began = self._latest = time.perf_counter()

    def add(self, state: PGDState) -> None:
        """Take in the next state."""
        self._terms["cross_entropy"].add(state.point.cross_entropy)
        if state.point.penalty is not None:
            self._terms.setdefault("penalty", _Curve()).add(state.point.penalty)
        self._norm.add(state.perturbation_norm)
        self._first, self._last = self._first or state, state
        self._latest = time.perf_counter()  # the run is over then, however late `finish` is called
        if state.step % self._interval == 0:
            self._frames.append(_bytes(state.images))
            self._frame_steps.append(state.step)

    def curves(self) -> dict[str, np.ndarray]:
        """The curves of a `PGDRun` so far, each (S, B) float32."""
        terms = self.terms()
        loss = sum(terms.values())
        return {
            "loss": loss,
            "target_probability": np.exp(-terms["cross_entropy"]),
            "perturbation_norm": self._norm.read(),
            "best_loss": np.fmin.accumulate(loss),
        }

    def terms(self) -> dict[str, np.ndarray]:
        """The loss terms so far, each (S, B) float32."""
        return {name: curve.read() for name, curve in self._terms.items()}

    def finish(
        self,
        classifier: Classifier,
        objective: Generation | Inpainting,
        *,
        seed: int,
        images: Mapping[str, Any],
        device: str = "",
        original: np.ndarray | None = None,
    ) -> PGDRun:
        """The run so far, whether it came to its end, was stopped, or goes on afterwards.

        Args:
            classifier: the one that ran.
            objective: what was minimised, as it was given to `pgd_steps`.
            seed: of the generator of random starts, and of whatever else was drawn.
            images: where the images come from, a JSON object, e.g. {"dataset": ..., "index": ..., "credit": ...}.
            device: in words.
            original: (B, 3, H, W) uint8, the images before the hole was cut.
        Raises:
            ValueError: no state was added.
        """
        if self._first is None or self._last is None:
            raise ValueError("nothing was recorded: the run was stopped before its first state")
        frames, frame_steps = list(self._frames), list(self._frame_steps)
        if frame_steps[-1] != self._last.step:
            frames.append(_bytes(self._last.images))
            frame_steps.append(self._last.step)
        restarts = self.config.restarts
        targets = objective.targets.expand(len(self._start) // restarts).repeat_interleave(restarts)
        config, settings = self.config.to_json(), objective.to_json()
        metadata = {
            "kind": settings["kind"],
            "config": config,
            "objective": settings,
            "targets": targets.tolist(),
            "class_names": list(classifier.classes.names),
            "seed": int(seed),
            "classifier": {
                "name": classifier.name,
                "kind": classifier.kind,
                "weights_id": classifier.weights_id,
                "sha256": classifier.sha256,
                "template": classifier.template,
            },
            "images": dict(images),
            "source": {
                "type": "computed",
                "version": VERSION,
                "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                "device": device,
                "wall_seconds": round(self._latest - self._began, 2),
            },
        }
        mask = None
        if isinstance(objective, Inpainting):
            mask = objective.mask.cpu().numpy()
            mask = mask if len(mask) == 1 else mask.repeat(restarts, axis=0)
        return PGDRun(
            frames=np.stack(frames),
            frame_steps=np.array(frame_steps, dtype=np.int64),
            start=self._start,
            best=_bytes(self._last.best_images),
            curves=self.curves(),
            terms=self.terms(),
            logits=np.stack([_numpy(self._first.logits), _numpy(self._last.logits)]),
            metadata=metadata,
            original=None if original is None else original.repeat(restarts, axis=0),
            mask=mask,
        )


class _Curve:
    """(B,) or (B, 1) tensors, one for each state, as an array; each is converted once, however often it is read."""

    def __init__(self) -> None:
        self._new: list[Tensor] = []
        self._known: np.ndarray | None = None

    def add(self, values: Tensor) -> None:
        self._new.append(values)

    def read(self) -> np.ndarray:
        """(S, B) float32, a new array."""
        parts = [] if self._known is None else [self._known]
        if self._new:
            parts.append(_numpy(torch.stack(self._new).flatten(1)))
        self._known, self._new = np.concatenate(parts), []
        return self._known.copy()


def rerun(
    run: PGDRun, classifier: ImageClassifier, device: str | torch.device = "cpu"
) -> Generator[PGDState, None, None]:
    """Compute a saved run again: with the same classifier, on the same kind of device, the same states to the bit.

    Raises:
        ValueError: the classifier does not fit the run.
    """
    config, restarts = run.config, run.config.restarts
    start = torch.from_numpy(run.start[::restarts].copy()).to(device)
    targets = torch.tensor(run.metadata["targets"][::restarts])
    settings = run.metadata["objective"]
    objective: Generation | Inpainting = Generation(targets)
    if settings["kind"] == "inpainting":
        if run.mask is None:
            raise ValueError("the run has no mask, so its inpainting cannot be repeated")
        mask = torch.from_numpy(run.mask if len(run.mask) == 1 else run.mask[::restarts].copy())
        objective = Inpainting(targets, mask, weight=settings["weight"], penalty=settings["penalty"])
    generator = torch.Generator().manual_seed(run.metadata["seed"])
    return pgd_steps(classifier, objective, start, config, generator=generator)


def _numpy(tensor: Tensor) -> np.ndarray:
    return tensor.detach().to("cpu", torch.float32).numpy().copy()


def _bytes(images: Tensor) -> np.ndarray:
    return (images.detach() * 255).round().to("cpu", torch.uint8).numpy()
