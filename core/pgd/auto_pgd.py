"""Auto-PGD's steps: momentum, and a step size per image that halves when progress stalls. Imports torch."""

from __future__ import annotations

import torch
from torch import Tensor

from core.pgd.ball import project
from core.pgd.config import PGDConfig
from core.pgd.objectives import Objective

MOMENTUM = 0.75
SUCCESSES = 0.75  # share of the steps between two checkpoints that must lower the loss


class AutoPGD:
    """Steps of one run, in order.

    At a checkpoint an image's step size halves, and the image returns to its best point, if fewer than 75 % of the
    steps since the last checkpoint lowered its loss, or if neither its step size nor its best loss has changed since.
    The first step size is the config's; the authors use 2 * epsilon.
    Source: Croce & Hein 2020, Algorithm 1. Differs by: an image that returns loses its momentum.
    """

    def __init__(self, x0: Tensor, objective: Objective, config: PGDConfig) -> None:
        self._x0, self._objective, self._epsilon = x0, objective, config.epsilon
        self._checkpoints = checkpoints(config.steps)
        self._step = 0
        self._last_checkpoint = 0
        unit = torch.ones(len(x0), device=x0.device)
        self._step_size = config.step_size * unit
        self._successes = 0 * unit
        self._last_loss = self._best_loss = self._checkpoint_loss = torch.inf * unit
        self._halved = unit > 0
        self._previous = self._best_images = self._best_gradient = x0

    def step(self, images: Tensor, gradient: Tensor, loss: Tensor) -> Tensor:
        """Return the next images, given a point's (B, 3, H, W) images and gradient and its (B,) loss."""
        self._successes = self._successes + (loss < self._last_loss)
        self._last_loss = loss
        improved = loss < self._best_loss
        self._best_loss = torch.where(improved, loss, self._best_loss)
        self._best_images = torch.where(_per_image(improved), images, self._best_images)
        self._best_gradient = torch.where(_per_image(improved), gradient, self._best_gradient)
        if self._step == 0:
            self._checkpoint_loss = loss
            self._successes = torch.zeros_like(self._successes)
        elif self._step in self._checkpoints:
            back = _per_image(self._halve_where_stalled())
            images = torch.where(back, self._best_images, images)
            gradient = torch.where(back, self._best_gradient, gradient)
            self._previous = torch.where(back, images, self._previous)
        ahead = self._objective.step(images, self._x0, gradient, _per_image(self._step_size))
        ahead = project(ahead, self._x0, self._epsilon)
        if self._step > 0:
            inertia = (1 - MOMENTUM) * (images - self._previous)
            ahead = project(images + MOMENTUM * (ahead - images) + inertia, self._x0, self._epsilon)
        self._previous = images
        self._step += 1
        return ahead

    def _halve_where_stalled(self) -> Tensor:
        """Return which images' step sizes were halved at this checkpoint, (B,)."""
        taken = self._step - self._last_checkpoint
        no_better = ~self._halved & (self._best_loss >= self._checkpoint_loss)
        halve = (self._successes < SUCCESSES * taken) | no_better
        self._step_size = torch.where(halve, self._step_size / 2, self._step_size)
        self._halved, self._checkpoint_loss, self._last_checkpoint = halve, self._best_loss, self._step
        self._successes = torch.zeros_like(self._successes)
        return halve


def checkpoints(steps: int) -> frozenset[int]:
    """Return Auto-PGD's checkpoints: a gap of 22 % of the steps, shrinking by 3 % each time, at least 6 %."""
    gap, shrink, shortest = (max(int(share * steps), 1) for share in (0.22, 0.03, 0.06))
    points, step = [], gap
    while step < steps:
        points.append(step)
        gap = max(gap - shrink, shortest)
        step += gap
    return frozenset(points)


def _per_image(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1, 1)
