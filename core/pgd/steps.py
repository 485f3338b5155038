"""Projected gradient descent in an L2 ball, one state at a time. Imports torch.

The app, the batch script and the tests consume the same iterator:

    with contextlib.closing(pgd_steps(classifier, objective, images, config)) as states:
        for state in states:
            show(state)
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.pgd.auto_pgd import Move, make_move, project, unit
from core.pgd.config import PGDConfig, paper_generation, paper_inpainting
from core.pgd.objectives import Objective, PreparedObjective
from core.pgd.state import BestSoFar, PGDState, Point, best_restarts

__all__ = ["PGDConfig", "PGDState", "best_restarts", "paper_generation", "paper_inpainting", "pgd_steps", "run_pgd"]

ImageClassifier = Callable[[Tensor], Tensor]


def pgd_steps(
    classifier: ImageClassifier,
    objective: Objective,
    images: Tensor,
    config: PGDConfig,
    *,
    mask: Tensor | np.ndarray | None = None,
    generator: torch.Generator | None = None,
) -> Generator[PGDState, None, None]:
    """Minimise `objective` around `images` by L2 PGD; arguments are checked now, work is done while iterating.

    Each move is x <- clip(project(x - step_size * g / ||g||_2), 0, 1): projection onto the ball of radius epsilon
    around the given images first, then the clip; a gradient shorter than 1e-12 is divided by 1e-12. The loss of a
    state and the gradient of the next move come from one forward pass, so n moves cost n + 1 forward and n backward
    passes, and one backward pass more where `config.stop_loss` ends the run. Images in a batch never influence each
    other. Nothing is left behind when the iteration stops early.

    Args:
        classifier: (B, 3, H, W) images in [0, 1] -> (B, K) logits, in evaluation mode.
        objective: `Generation`, `Inpainting` or another `Objective`, with a target for each image.
        images: (B, 3, H, W) float32 in [0, 1], centre of the ball, on the classifier's device. Never changed.
        config: lengths, number of moves and variants.
        mask: bool (1, H, W) or (B, 1, H, W); where it is False, pixels are held exactly as they are, which Eq. 3 does
            not do (it penalises: see `Inpainting`). None: every pixel may move.
        generator: source of random starts; needed with `config.random_start` only. A generator on the CPU gives the
            same starts on every device.
    Returns:
        A generator of `config.steps + 1` states, or fewer when `config.stop_loss` ends the run; state 0 comes before
        any move. With `config.restarts` the batch is image 0's restarts, image 1's restarts, and so on.
    Raises:
        ValueError: images out of shape or range, a mask, target or objective that does not fit them, or no generator
            for a random start; while iterating, if the classifier cannot be differentiated.
        RuntimeError: while iterating, if the classifier's loss at the start is not finite.
    Source: Madry et al. 2018; the plain form gives the same bits as foolbox's L2PGD (random_start=False, targeted).
    """
    _check_images(images)
    # inference_mode(False): a run started in inference mode gets tensors that can carry a gradient all the same.
    with torch.inference_mode(False), torch.no_grad():
        prepared = objective.prepare(images, config.restarts)
        _check_targets(prepared.targets, classifier)
        held = None if mask is None else _held_values(mask, images, config.restarts)
        centre = images.clone().repeat_interleave(config.restarts, dim=0).flatten(1)
        start = _random_start(centre, config, held, generator) if config.random_start else centre
        start = start.view(-1, *images.shape[1:])
        return _steps(_Run(classifier, prepared, make_move(centre, config, held), centre, start, config))


def run_pgd(
    classifier: ImageClassifier,
    objective: Objective,
    images: Tensor,
    config: PGDConfig,
    *,
    mask: Tensor | np.ndarray | None = None,
    generator: torch.Generator | None = None,
) -> PGDState:
    """The last state of `pgd_steps`, which also holds the best images; same arguments, same errors."""
    for state in pgd_steps(classifier, objective, images, config, mask=mask, generator=generator):
        last = state
    return last


def _steps(run: _Run) -> Generator[PGDState, None, None]:
    """The loop of `pgd_steps`. No grad-mode block is open at the yield: it would leak into the consumer."""
    while not run.done:
        # Gradients are wanted whatever the consumer's mode. Entering one costs a small network's step one per cent.
        if torch.is_grad_enabled() and not torch.is_inference_mode_enabled():
            state = run.advance()
        else:
            with torch.inference_mode(False):
                state = run.advance()
        yield state


class _Run:
    """A run at some point. Images are rows as well, (B, D) with D = 3 * H * W, as their norms want them.

    Only the classifier's own tensors carry gradients; the rest of a step starts from detached ones, so it needs no
    mode of its own. Nothing that the run needs later is handed out.
    """

    def __init__(
        self,
        classifier: ImageClassifier,
        objective: PreparedObjective,
        move: Move,
        centre: Tensor,
        start: Tensor,
        config: PGDConfig,
    ) -> None:
        self.done = False
        self._classifier, self._targets, self._penalty = classifier, objective.targets, objective.penalty
        self._move, self._centre, self._config = move, centre, config
        self._ones = torch.ones(len(centre), device=centre.device)  # the gradient of the sum of the losses
        self._step, self._rows, self._images = 0, start.flatten(1), start
        self._best: BestSoFar | None = None

    def advance(self) -> PGDState:
        """The state at the present point, after which the run is at the next one, or done."""
        config, rows = self._config, self._rows
        point, gradient = self._evaluate(last=self._step == config.steps)
        if self._step == 0 and not bool(torch.isfinite(point.loss()).all()):
            raise RuntimeError(
                f"the classifier's loss at the start is not finite ({point.loss().tolist()}); check its weights"
            )
        self._best = BestSoFar(point.loss, rows, self._best)
        state = PGDState(self._step, config.steps, point, self._images, self._centre, self._best)
        if gradient is None:
            self.done = True
            return state
        moved = self._move(rows, gradient, point.loss)
        if config.stop_loss is not None:
            reached = point.loss() <= config.stop_loss
            moved, self.done = torch.where(reached.view(-1, 1), rows, moved), bool(reached.all())
        self._step, self._rows, self._images = self._step + 1, moved, moved.view(self._images.shape)
        return state

    def _evaluate(self, *, last: bool) -> tuple[Point, Tensor | None]:
        """At the present point, with the (B, D) gradient unless it is the last one."""
        variable = self._images.detach().requires_grad_(not last)
        logits = self._classifier(variable)
        if not last and not logits.requires_grad:
            raise ValueError("the classifier cannot be differentiated: its logits carry no gradient to the images")
        cross_entropy = functional.cross_entropy(logits, self._targets, reduction="none")
        gradient = value = None
        if not last:
            gradient = torch.autograd.grad(cross_entropy, variable, self._ones)[0]
        if self._penalty is not None:
            # After the backward pass: the next move has the same operations, and then they are in the caches.
            value, pull = self._penalty(self._rows, self._centre)
            if gradient is not None:
                pull.view(self._images.shape).add_(gradient)
                gradient = pull
        elif gradient is not None:
            # Convolutions may hand out gradients in channels-last order: only then is this a copy.
            gradient = gradient.reshape(self._rows.shape)
        return Point(logits.detach(), cross_entropy.detach(), value), gradient


def _random_start(centre: Tensor, config: PGDConfig, held: Tensor | None, generator: torch.Generator | None) -> Tensor:
    """Points drawn uniformly from the ball around `centre` (in the free values), then clipped to [0, 1]; (B, D)."""
    if generator is None:
        raise ValueError("random_start needs a generator; pass torch.Generator().manual_seed(seed)")
    noise = torch.randn(centre.shape, generator=generator, device=generator.device).to(centre)
    radius = torch.rand(len(centre), generator=generator, device=generator.device).to(centre)
    values = torch.full_like(radius, centre[0].numel())
    if held is not None:
        noise = noise.masked_fill(held, 0.0)
        values = (~held).sum(dim=1).to(radius)
    length = config.epsilon * radius ** (1.0 / values)
    return project(centre + unit(noise) * length.view(-1, 1), centre, config.epsilon)


def _check_images(images: Tensor) -> None:
    if images.ndim != 4 or images.shape[1] != 3 or images.dtype != torch.float32 or images.numel() == 0:
        raise ValueError(
            f"images must be (B, 3, H, W) float32 with at least one image; got {tuple(images.shape)} {images.dtype}"
        )
    low, high = float(images.min()), float(images.max())
    if not (low >= 0.0 and high <= 1.0):
        raise ValueError(f"images must lie in [0, 1]; got values from {low:g} to {high:g}; divide bytes by 255")


def _check_targets(targets: Tensor, classifier: ImageClassifier) -> None:
    """Raise ValueError unless every target is one of the classifier's classes, where it names them."""
    low, high = int(targets.min()), int(targets.max())
    classes = getattr(classifier, "classes", None)
    count = None if classes is None else len(classes)
    if low < 0 or (count is not None and high >= count):
        wrong = low if low < 0 else high
        limit = "" if count is None else f" to {count - 1}, the classifier's {count} classes"
        raise ValueError(f"target {wrong} is not a class; give an index from 0{limit}")


def _held_values(mask: Tensor | np.ndarray, images: Tensor, restarts: int) -> Tensor:
    """(B * restarts, D) bool, True where values must stay."""
    mask = torch.as_tensor(mask)
    if mask.dtype != torch.bool or mask.shape[-3:] != (1, *images.shape[-2:]) or mask.ndim not in (3, 4):
        raise ValueError(
            f"mask must be bool (1, {images.shape[-2]}, {images.shape[-1]}), one for all images or one for each; "
            f"got {tuple(mask.shape)} {mask.dtype}"
        )
    masks = mask if mask.ndim == 4 else mask[None]
    if len(masks) not in (1, len(images)):
        raise ValueError(f"mask must hold one mask, or one for each of the {len(images)} images; got {len(masks)}")
    if not bool(masks.flatten(1).any(dim=1).all()):
        raise ValueError("the mask is empty, so no pixel may move")
    return (~masks).to(images.device).expand_as(images).flatten(1).repeat_interleave(restarts, dim=0)
