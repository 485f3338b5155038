"""One moment of a PGD run. Imports torch.

A state holds what its step worked out anyway; the rest is worked out when it is asked for. Beside a small network's
pass a step costs what its small operations cost, and most states of a live run are never looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from core.pgd.auto_pgd import norms

# Points that wait to be compared may hold so many values, one mebibyte. Together they cost a small network's step
# a microsecond, each by itself would cost it forty.
_MOST_WAITING = 2**18


class Point(NamedTuple):
    """What one forward pass says about the images of a step; never written to.

    logits: (B, K). cross_entropy: (B,). penalty: (B, 1) as the objective gave it, None where it has none.
    """

    logits: Tensor
    cross_entropy: Tensor
    penalty: Tensor | None

    def loss(self) -> Tensor:
        """(B,), worked out at each call."""
        return self.cross_entropy if self.penalty is None else self.cross_entropy + self.penalty.view(-1)


@dataclass(frozen=True, eq=False)
class PGDState:
    """One moment of a run. B counts images times restarts.

    Every tensor asked for is a copy, without gradient, that never changes later and that may be written to.

    step: moves made so far, 0 at the start. steps: moves the run makes at most.
    point: the same numbers without a copy, only to be read.
    """

    step: int
    steps: int
    point: Point
    _images: Tensor
    _centre: Tensor
    _best: BestSoFar

    @property
    def images(self) -> Tensor:
        """(B, 3, H, W) in [0, 1]."""
        return self._images.clone()

    @property
    def logits(self) -> Tensor:
        """(B, K) of the images."""
        return self.point.logits.clone()

    @property
    def loss(self) -> Tensor:
        """(B,), the sum of the loss terms."""
        return self.point.loss().clone()

    @property
    def loss_terms(self) -> dict[str, Tensor]:
        """Each (B,): "cross_entropy" to the target and, where the objective has one, "penalty"."""
        terms = {"cross_entropy": self.point.cross_entropy.clone()}
        if self.point.penalty is not None:
            terms["penalty"] = self.point.penalty.flatten().clone()
        return terms

    @property
    def target_probability(self) -> Tensor:
        """(B,) in [0, 1]."""
        return self.point.cross_entropy.neg().exp_()

    @property
    def perturbation_norm(self) -> Tensor:
        """(B,) L2 distance to the images given to the run, over the whole image."""
        return norms(self._images.flatten(1) - self._centre).view(-1)

    @property
    def best_loss(self) -> Tensor:
        """(B,), the lowest loss so far of each image."""
        return self._best.compare()[0].clone()

    @property
    def best_images(self) -> Tensor:
        """(B, 3, H, W), the image that had it."""
        return self._best.compare()[1].view_as(self._images).clone()


class BestSoFar:
    """The lowest loss of each image up to some point of a run, and the image that had it; compared when asked.

    Args:
        loss: gives (B,), of the point.
        images: (B, D) of the point, never written to.
        before: of the point before; None at the start.
    """

    def __init__(self, loss: Callable[[], Tensor], images: Tensor, before: BestSoFar | None = None) -> None:
        # One tuple, so that threads which compare at the same time see all of it or nothing.
        self._known = (loss, images, before)
        self._waiting: int = 0 if before is None else before._waiting + images.numel()
        if self._waiting >= _MOST_WAITING:
            self.compare()

    def compare(self) -> tuple[Tensor, Tensor]:
        """(B,) and (B, D): the lowest loss and its images, not to be written to; of equal ones the first."""
        give_loss, images, before = self._known
        if before is None:
            return give_loss(), images
        points = [(give_loss(), images)]
        while before is not None:
            give_loss, images, before = before._known
            points.append((give_loss(), images))
        points.reverse()
        losses = torch.stack([loss for loss, _ in points])
        lowest = losses.nan_to_num(nan=math.inf).argmin(dim=0)  # the first of equal ones
        rows = torch.arange(len(lowest), device=lowest.device)
        loss = losses[lowest, rows]
        images = torch.stack([images for _, images in points])[lowest, rows]
        self._known, self._waiting = (lambda: loss, images, None), 0
        return loss, images


def best_restarts(state: PGDState, restarts: int) -> PGDState:
    """The state with only the best restart of each image, the one of the lowest `best_loss`; ties take the first.

    Raises:
        ValueError: the batch does not consist of `restarts` restarts per image.
    """
    best_loss, best_images = state._best.compare()
    batch = len(best_loss)
    if restarts < 1 or batch % restarts:
        raise ValueError(f"a batch of {batch} does not consist of {restarts} restarts per image")
    chosen = best_loss.view(-1, restarts).argmin(dim=1)
    rows = chosen + restarts * torch.arange(batch // restarts, device=chosen.device)
    logits, cross_entropy, penalty = state.point
    return replace(
        state,
        point=Point(logits[rows], cross_entropy[rows], None if penalty is None else penalty[rows]),
        _images=state._images[rows],
        _centre=state._centre[rows],
        _best=BestSoFar(lambda: best_loss[rows], best_images[rows]),
    )
