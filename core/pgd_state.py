"""One moment of a PGD run. Imports torch.

A state holds what its step worked out anyway; the rest is worked out when it is asked for. Beside a small network's
pass a step costs what its small operations cost, and most states of a live run are never looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.pgd_moves import norms

# Points that wait for the comparison with the best may hold so many values, half a mebibyte: from there on
# a comparison costs less than the memory they keep.
_MOST_WAITING = 2**17


@dataclass(frozen=True, eq=False)
class PGDState:
    """One moment of a run; tensors are detached copies that never change later. B counts images times restarts.

    step: moves made so far, 0 at the start. steps: moves the run makes at most.
    logits: (B, K) of the images.
    loss_terms: each (B,): "cross_entropy" to the target and, where the objective has one, "penalty".
    """

    step: int
    steps: int
    logits: Tensor
    loss_terms: dict[str, Tensor]
    _images: Tensor
    _centre: Tensor
    _best: BestSoFar

    @property
    def images(self) -> Tensor:
        """(B, 3, H, W) in [0, 1]."""
        return self._images.clone()

    @property
    def loss(self) -> Tensor:
        """(B,), the sum of the loss terms."""
        first, *others = self.loss_terms.values()
        return sum(others, start=first)

    @property
    def target_probability(self) -> Tensor:
        """(B,) in [0, 1]."""
        return self.loss_terms["cross_entropy"].neg().exp_()

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
        loss, images: (B,) and (B, D) of the point, never written to.
        before: of the point before; None at the start.
    """

    def __init__(self, loss: Tensor, images: Tensor, before: BestSoFar | None = None) -> None:
        # One tuple, so that threads which compare at the same time see all of it or nothing.
        self._known = (loss, images, before)
        self._waiting: int = 0 if before is None else before._waiting + images.numel()
        if self._waiting >= _MOST_WAITING:
            self.compare()

    def compare(self) -> tuple[Tensor, Tensor]:
        """(B,) and (B, D): the lowest loss and its images, not to be written to; of equal ones the first."""
        loss, images, before = self._known
        later = []
        while before is not None:
            later.append((loss, images))
            loss, images, before = before._known
        for new_loss, new_images in reversed(later):
            improved = new_loss < loss
            loss = torch.where(improved, new_loss, loss)
            images = torch.where(improved.view(-1, 1), new_images, images)
        self._known, self._waiting = (loss, images, None), 0
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
    return replace(
        state,
        logits=state.logits[rows],
        loss_terms={name: term[rows] for name, term in state.loss_terms.items()},
        _images=state._images[rows],
        _centre=state._centre[rows],
        _best=BestSoFar(best_loss[rows], best_images[rows]),
    )
