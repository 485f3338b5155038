"""How PGD moves from one point to the next: a constant step (with optional momentum), or Auto-PGD's. Imports torch.

Beside a small network a step costs what its first call of each kind of operation costs, some 10 microseconds, since the
pass has just emptied the processor's caches; a second call costs 2. So few kinds, used again and again: `clamp_` with
both bounds where one would do, lengths as tensors, and hardly anything in place.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from core.pgd.config import PGDConfig

# (images, gradient, what gives the (B,) loss) of a point -> new images to try next. Images and gradients are rows,
# (B, D) with D = 3 * H * W. Nothing given is written to.
Move = Callable[[Tensor, Tensor, Callable[[], Tensor]], Tensor]


# Guards a gradient of zero. Foolbox's number, and as a bound, not an addend: once a classifier is sure, gradients
# of 1e-11 are real, and whoever adds 1e-10 to their length all but stops there where foolbox goes on.
SHORTEST = 1e-12


def make_move(centre: Tensor, config: PGDConfig, held: Tensor | None) -> Move:
    """A fresh move for one run around `centre` (B, D); where `held` (B, D) is True, values stay as they are."""
    kind = AdaptiveMove if config.step_rule == "adaptive" else ConstantMove
    return kind(centre, config, held)


def norms(rows: Tensor) -> Tensor:
    """(B, D) -> (B, 1) L2 norm of each row."""
    # Not torch.linalg.vector_norm: it rounds differently from foolbox, see ConstantMove.
    # Not square() either, the same number at twice the time.
    return (rows * rows).sum(1, True).sqrt_()


def unit(rows: Tensor) -> Tensor:
    """New rows of L2 norm 1 each; those shorter than 1e-12 are only divided by 1e-12, so zero stays zero."""
    return rows * norms(rows).clamp_(SHORTEST, math.inf).reciprocal_()


def project(images: Tensor, centre: Tensor, epsilon: float | Tensor) -> Tensor:
    """New images: onto the L2 ball of radius `epsilon` around `centre` first, then clipped to [0, 1].

    The clip only brings an image nearer to a centre in [0, 1], so the result lies in both sets.
    """
    change = images - centre
    # An image inside the ball keeps a factor of exactly 1, also at the centre, where the reciprocal is infinite.
    factor = (norms(change).reciprocal_() * epsilon).clamp_(0.0, 1.0)
    return (change * factor).add_(centre).clamp_(0.0, 1.0)


class ConstantMove:
    """x <- clip(project(x - step_size * g / ||g||), 0, 1).

    With momentum m the direction is v / ||v||, v <- m * v + g / ||g||, v = 0 at the start.

    Source: Madry et al. 2018; momentum: Dong et al. 2018, in its L2 form. The order of the floating-point operations
    is foolbox's. It matters: in networks with kinks a last bit grows to 0.05 of a pixel within 20 moves.
    """

    def __init__(self, centre: Tensor, config: PGDConfig, held: Tensor | None) -> None:
        self._centre, self._held = centre, held
        self._epsilon, self._step_size = centre.new_tensor(config.epsilon), centre.new_tensor(config.step_size)
        self._momentum = config.momentum
        self._velocity: Tensor | None = None

    def __call__(self, images: Tensor, gradient: Tensor, give_loss: Callable[[], Tensor]) -> Tensor:
        if self._held is not None:
            gradient = gradient.masked_fill(self._held, 0.0)
        direction = unit(gradient)
        if self._momentum:
            if self._velocity is not None:
                direction = direction + self._momentum * self._velocity
            self._velocity = direction
            direction = unit(direction)
        return project(images - direction * self._step_size, self._centre, self._epsilon)


class AdaptiveMove:
    """Auto-PGD: momentum, and a step size per image that halves at checkpoints where progress has stalled.

    At a checkpoint an image's step halves, and the image goes back to its best point, when fewer than 75 % of the
    moves since the last checkpoint lowered its loss, or when neither its step nor its best loss changed since then.
    The first step size is the config's; the authors use 2 * epsilon.
    Source: Croce & Hein 2020, Algorithm 1. Differs by: an image that goes back loses its momentum.
    """

    _MOMENTUM = 0.75
    _SUCCESSES = 0.75

    def __init__(self, centre: Tensor, config: PGDConfig, held: Tensor | None) -> None:
        self._centre, self._held = centre, held
        self._epsilon = centre.new_tensor(config.epsilon)
        self._checkpoints = checkpoints(config.steps)
        self._step = 0
        self._last_checkpoint = 0
        per_image = centre[:, 0]
        self._step_size = torch.full_like(per_image, config.step_size)
        self._successes = torch.zeros_like(per_image)
        self._last_loss = self._best_loss = torch.full_like(per_image, torch.inf)
        self._checkpoint_loss = self._best_loss
        self._halved = torch.ones_like(per_image, dtype=torch.bool)
        self._previous = self._best_images = self._best_gradient = centre

    def __call__(self, images: Tensor, gradient: Tensor, give_loss: Callable[[], Tensor]) -> Tensor:
        loss = give_loss()
        if self._held is not None:
            gradient = gradient.masked_fill(self._held, 0.0)
        self._successes = self._successes + (loss < self._last_loss)
        self._last_loss = loss
        improved = loss < self._best_loss
        self._best_loss = torch.where(improved, loss, self._best_loss)
        self._best_images = torch.where(_per_image(improved), images, self._best_images)
        self._best_gradient = torch.where(_per_image(improved), gradient, self._best_gradient)
        if self._step == 0:
            self._checkpoint_loss = self._last_loss
            self._successes = torch.zeros_like(self._successes)
        elif self._step in self._checkpoints:
            back = _per_image(self._halve_where_stalled())
            images = torch.where(back, self._best_images, images)
            gradient = torch.where(back, self._best_gradient, gradient)
            self._previous = torch.where(back, images, self._previous)
        ahead = images - unit(gradient) * _per_image(self._step_size)
        ahead = project(ahead, self._centre, self._epsilon)
        if self._step > 0:
            inertia = (1 - self._MOMENTUM) * (images - self._previous)
            ahead = images + self._MOMENTUM * (ahead - images) + inertia
            ahead = project(ahead, self._centre, self._epsilon)
        self._previous = images
        self._step += 1
        return ahead

    def _halve_where_stalled(self) -> Tensor:
        """(B,) which images' steps were halved at this checkpoint."""
        moves = self._step - self._last_checkpoint
        no_better = ~self._halved & (self._best_loss >= self._checkpoint_loss)
        halve = (self._successes < self._SUCCESSES * moves) | no_better
        self._step_size = torch.where(halve, self._step_size / 2, self._step_size)
        self._halved, self._checkpoint_loss, self._last_checkpoint = halve, self._best_loss, self._step
        self._successes = torch.zeros_like(self._successes)
        return halve


def checkpoints(steps: int) -> frozenset[int]:
    """Auto-PGD's checkpoints: gaps of 22 % of the steps, each 3 % shorter than the last, but at least 6 %."""
    gap, shrink, least = (max(int(share * steps), 1) for share in (0.22, 0.03, 0.06))
    found, step = [], gap
    while step < steps:
        found.append(step)
        gap = max(gap - shrink, least)
        step += gap
    return frozenset(found)


def _per_image(values: Tensor) -> Tensor:
    return values.view(-1, 1)
