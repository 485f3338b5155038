"""What a PGD run minimises: Eq. 2 (generation) and Eq. 3 (inpainting). Imports torch.

A loss is the cross-entropy to the target class plus, for inpainting, a penalty for the change outside the hole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core import paper
from core.pgd.config import PENALTIES, Penalty


@dataclass(frozen=True, eq=False)
class Objective:
    """What `pgd_steps` asks of an objective; here the cross-entropy alone.

    Args:
        targets: (B,) int64, the class each image is to become; or (1,) for all.
    """

    targets: Tensor

    def penalty_term(self, images: Tensor, x0: Tensor) -> Tensor | None:
        """(B,) the penalty of (B, 3, H, W) images, differentiable; None where the cross-entropy is all."""
        return None

    def free_pixels(self) -> Tensor | None:
        """Bool (B or 1, 1, H, W): pixels that may change at all; None where every pixel may."""
        return None

    def to_json(self) -> dict[str, Any]:
        """Its settings without targets and masks, as a JSON object."""
        raise NotImplementedError


class Generation(Objective):
    """Eq. 2: cross-entropy to the target class, nothing else."""

    def to_json(self) -> dict[str, Any]:
        return {"kind": "generation"}


@dataclass(frozen=True, eq=False)
class Inpainting(Objective):
    """Eq. 3: cross-entropy to the target class plus a penalty for changing what lies outside the hole.

    Args:
        targets: (B,) int64 class indices.
        mask: bool (1, H, W), or (B, 1, H, W) for one hole per image; True = hole, may change freely.
        weight: lambda, at least 0; 10 in the paper.
        penalty: "norm": weight * ||(x0 - x) * (1 - mask)||_2 as printed in the paper, where x0 are the images that the
            run starts from (outside the hole they are the original); "mean_square": weight * the mean over all
            values of ((x0 - x) * (1 - mask))^2; "frozen": nothing outside the hole changes at all.
    Raises:
        ValueError: negative weight, unknown penalty, or a mask that is no bool (1, H, W) or (B, 1, H, W).
    Source: the paper, sec. 2.2 ("norm"); the public notebook of Santurkar et al. 2019 ("mean_square").
        At x = x0 the norm has no gradient; torch takes 0 from its subgradients. Near x0 the norm's gradient has full
        length, so steps of constant size end up swinging about x0: a loss of up to weight * step_size / 2 (0.5 with
        the paper's numbers at 224 pixels, 0.07 at 32) is left, which "mean_square" or adaptive steps do not leave.
    """

    mask: Tensor
    weight: float = paper.PENALTY_WEIGHT
    penalty: Penalty = "norm"

    def __post_init__(self) -> None:
        if not 0 <= self.weight < float("inf"):
            raise ValueError(f"weight (lambda) must be a number of at least 0; got {self.weight}")
        if self.penalty not in PENALTIES:
            raise ValueError(f"penalty must be one of {', '.join(PENALTIES)}; got {self.penalty!r}")
        mask = torch.as_tensor(self.mask)
        if mask.dtype != torch.bool or mask.ndim not in (3, 4) or mask.shape[-3] != 1:
            raise ValueError(f"mask must be bool (1, H, W) or (B, 1, H, W); got {mask.dtype} {tuple(mask.shape)}")
        object.__setattr__(self, "mask", mask if mask.ndim == 4 else mask[None])

    def penalty_term(self, images: Tensor, x0: Tensor) -> Tensor | None:
        if self.penalty == "frozen":
            return None
        outside = (images - x0) * ~self.mask.to(images.device)
        if self.penalty == "norm":
            return self.weight * torch.linalg.vector_norm(outside, dim=(1, 2, 3))
        return self.weight * outside.square().mean(dim=(1, 2, 3))

    def free_pixels(self) -> Tensor | None:
        return self.mask if self.penalty == "frozen" else None

    def to_json(self) -> dict[str, Any]:
        return {"kind": "inpainting", "weight": self.weight, "penalty": self.penalty}
