"""What a PGD run minimises, as values: Eq. 2 (generation) and Eq. 3 (inpainting). Imports torch.

A loss is the cross-entropy to the target class plus, where the objective has one, a penalty for the change. Any
`Objective` can be handed to `core.pgd.steps.pgd_steps`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from core import paper
from core.images.masks import check_mask
from core.pgd.auto_pgd import SHORTEST, norms

Penalty = Literal["norm", "mean_square"]


class PenaltyTerm(NamedTuple):
    """A penalty at one point, and where it pulls.

    value: (B, 1), its share of each image's loss.
    gradient: (B, D), of the values' sum with respect to the images; a tensor of its own, to be written to.
    """

    value: Tensor
    gradient: Tensor


@dataclass(frozen=True, eq=False)
class PreparedObjective:
    """An objective for one batch, on its device.

    targets: (B,) int64, the class each image is moved towards.
    penalty: (images, centre) -> its value and gradient, where images and those given to the run are rows, (B, D) with
        D = 3 * H * W, and neither is written to; None where the cross-entropy is all. With its gradient, because the
        formula costs a few passes over the pixels and differentiating it many more.
    """

    targets: Tensor
    penalty: Callable[[Tensor, Tensor], PenaltyTerm] | None = None


class Objective(Protocol):
    """What `pgd_steps` asks of an objective."""

    def prepare(self, images: Tensor, restarts: int) -> PreparedObjective:
        """The objective for (B, 3, H, W) `images` on their device, each image repeated `restarts` times in a row.

        Raises:
            ValueError: it does not fit the images.
        """

    def to_json(self) -> dict[str, Any]:
        """Its settings without targets and masks, as a JSON object."""


@dataclass(frozen=True, eq=False)
class Generation:
    """Eq. 2: cross-entropy to the target class, nothing else.

    Args:
        targets: (B,) int64 class indices.
    """

    targets: Tensor

    def prepare(self, images: Tensor, restarts: int = 1) -> PreparedObjective:
        return PreparedObjective(_prepare_targets(self.targets, images, restarts))

    def to_json(self) -> dict[str, Any]:
        return {"kind": "generation"}


@dataclass(frozen=True, eq=False)
class Inpainting:
    """Eq. 3: cross-entropy to the target class plus a penalty for changing what lies outside the mask.

    Args:
        targets: (B,) int64 class indices.
        mask: bool (1, H, W), or (B, 1, H, W) for one hole per image; True = hole, may change freely.
            A numpy mask is converted.
        weight: lambda, at least 0; 10 in the paper.
        penalty: "norm": weight * ||(x0 - x) * (1 - mask)||_2 as printed in the paper, where x0 are the images that the
            run starts from (outside the hole they are the original); "mean_square": weight * the mean over all
            values of ((x0 - x) * (1 - mask))^2.
    Raises:
        ValueError: negative weight, unknown penalty, or a mask that is no bool (1, H, W) or (B, 1, H, W).
    Source: the paper, sec. 2.2 ("norm"); the public notebook of Santurkar et al. 2019 ("mean_square").
        At x = x0, where the norm has no gradient, we take 0 from its subgradients. Near x0 the norm pulls with full
        strength, so steps of constant length end up swinging about it: a loss of up to weight * step_size / 2 (0.5
        with the paper's numbers at 224 pixels, 0.07 at 32) is left, which "mean_square" or adaptive steps do not.
    """

    targets: Tensor
    mask: Tensor
    weight: float = paper.PENALTY_WEIGHT
    penalty: Penalty = "norm"

    def __post_init__(self) -> None:
        if not self.weight >= 0 or self.weight == float("inf"):
            raise ValueError(f"weight (lambda) must be a number of at least 0; got {self.weight}")
        if self.penalty not in ("norm", "mean_square"):
            raise ValueError(f"penalty must be 'norm' or 'mean_square'; got {self.penalty!r}")
        mask = torch.as_tensor(self.mask)
        if mask.dtype == torch.bool and mask.ndim == 3:
            mask = mask[None]
        object.__setattr__(self, "mask", mask)

    def prepare(self, images: Tensor, restarts: int = 1) -> PreparedObjective:
        check_mask(self.mask.cpu().numpy(), height=images.shape[-2], width=images.shape[-1])
        masks = _repeat(self.mask, "mask", images, restarts)
        targets = _prepare_targets(self.targets, images, restarts)
        # (1 - mask) of Eq. 3 in every channel: the cheapest way to cut a hole out.
        outside = (~masks).to(images.dtype).expand(-1, images.shape[1], -1, -1).flatten(1)
        kind = NormPenalty if self.penalty == "norm" else MeanSquarePenalty
        return PreparedObjective(targets, kind(outside, self.weight))

    def to_json(self) -> dict[str, Any]:
        return {"kind": "inpainting", "weight": self.weight, "penalty": self.penalty}


class NormPenalty:
    """weight * the L2 norm of the change where `outside` (B, D) is 1; it is 0 elsewhere."""

    def __init__(self, outside: Tensor, weight: float) -> None:
        self._outside, self._weight = outside, outside.new_tensor(weight)

    def __call__(self, images: Tensor, centre: Tensor) -> PenaltyTerm:
        outside = (images - centre) * self._outside
        size = norms(outside)
        value = size * self._weight
        # Where nothing has changed the bound is met and the pull is zero, see `Inpainting`.
        pull = size.clamp_(SHORTEST, math.inf).reciprocal_() * self._weight
        return PenaltyTerm(value, outside * pull)


class MeanSquarePenalty:
    """weight * the mean over all values of the squared change where `outside` (B, D) is 1; it is 0 elsewhere."""

    def __init__(self, outside: Tensor, weight: float) -> None:
        self._outside, self._weight = outside, outside.new_tensor(weight)
        self._pull = outside.new_tensor(2 * weight / outside.shape[1])

    def __call__(self, images: Tensor, centre: Tensor) -> PenaltyTerm:
        outside = (images - centre) * self._outside
        value = (outside * outside).mean(1, True) * self._weight
        return PenaltyTerm(value, outside * self._pull)


def target_tensor(targets: int | Sequence[int], batch: int) -> Tensor:
    """(B,) int64 from one class index for all images or one per image."""
    indices = [targets] * batch if isinstance(targets, int | np.integer) else list(targets)
    return torch.tensor(indices, dtype=torch.int64)


def _prepare_targets(targets: Tensor, images: Tensor, restarts: int) -> Tensor:
    if targets.dtype != torch.int64 or targets.ndim != 1:
        raise ValueError(f"targets must be (B,) int64 class indices; got {tuple(targets.shape)} {targets.dtype}")
    return _repeat(targets, "targets", images, restarts)


def _repeat(values: Tensor, name: str, images: Tensor, restarts: int) -> Tensor:
    """`values` of one or B rows, as B * restarts rows on the images' device."""
    if len(values) not in (1, len(images)):
        raise ValueError(f"{name} must hold one entry, or one for each of the {len(images)} images; got {len(values)}")
    rows = values.detach().to(images.device).expand(len(images), *values.shape[1:])
    return rows.repeat_interleave(restarts, dim=0)
