"""Objectives of PGD (paper, Eq. 2 and 3) and the geometry of the L2 ball. Imports torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor

from core.data.painted import check_form
from core.pgd.settings import PENALTIES, Penalty
from core.shared import paper

# Guards against a zero gradient. A lower bound, as in foolbox, not an addend: for a confident classifier gradients of
# 1e-11 are real, and adding 1e-10 to their norm would almost stop the run.
MIN_NORM = 1e-12


def norms(images: Tensor) -> Tensor:
    """Return the L2 norm of each (B, 3, H, W) image, (B, 1, 1, 1)."""
    return (images * images).sum(dim=(1, 2, 3), keepdim=True).sqrt()


def unit(gradient: Tensor) -> Tensor:
    """Scale each (B, 3, H, W) image to L2 norm 1; zero stays zero."""
    return gradient * norms(gradient).clamp(min=MIN_NORM).reciprocal()


def shrink(change: Tensor, radius: Tensor | float) -> Tensor:
    """Shorten each (B, 3, H, W) image by `radius`, at most to zero: the proximal map of radius * ||.||_2.

    Source: block soft thresholding, Parikh & Boyd 2014, sec. 6.5.1.
    """
    return change * (1 - radius / norms(change).clamp(min=MIN_NORM)).clamp(min=0)


def project(images: Tensor, x0: Tensor, epsilon: float) -> Tensor:
    """Project onto the L2 ball of radius `epsilon` around `x0`, then clip to [0, 1].

    Clipping only moves an image towards an x0 in [0, 1], so the result lies in both sets.
    """
    change = images - x0
    factor = (norms(change).reciprocal() * epsilon).clamp(max=1)  # infinite at x0 itself
    return (x0 + change * factor).clamp(0, 1)


@dataclass(frozen=True, eq=False)
class Objective:
    """Interface of a PGD run's objective; this base class is the cross-entropy alone.

    Args:
        targets: (B,) int64, the target class of each image; or (1,) for all.
    """

    targets: Tensor

    def check(self, images: Tensor) -> None:
        """Raise ValueError unless the objective fits (B, 3, H, W) images."""
        if self.targets.dtype != torch.int64 or self.targets.ndim != 1:
            actual = f"{tuple(self.targets.shape)} {self.targets.dtype}"
            raise ValueError(f"targets must be (B,) int64 class indices; got {actual}")
        _check_count("targets", self.targets, images)

    def to(self, device: torch.device) -> Self:
        """Return a copy with its tensors on `device`, where `penalty_term` and `step` need them."""
        return replace(self, targets=self.targets.to(device))

    @property
    def hole(self) -> Tensor | None:
        """Return bool (1 or B, 1, H, W), outside which nothing changes; None if everything may."""
        return None

    def penalty_term(self, images: Tensor, x0: Tensor) -> Tensor | None:
        """Return the penalty of (B, 3, H, W) images, (B,); None if there is none.

        Differentiable, unless `step` handles it.
        """
        return None

    def step(self, images: Tensor, x0: Tensor, gradient: Tensor, size: Tensor | float) -> Tensor:
        """Return the (B, 3, H, W) images after a step of L2 length `size`, a number or (B, 1, 1, 1), before projection.

        gradient: (B, 3, H, W), of the cross-entropy and of any differentiable penalty.
        """
        return images - size * unit(gradient)

    def to_json(self) -> dict[str, Any]:
        """Return the settings, without targets and masks, as a JSON object."""
        raise NotImplementedError


class Generation(Objective):
    """Eq. 2: cross-entropy to the target class."""

    def to_json(self) -> dict[str, Any]:
        return {"kind": "generation"}


@dataclass(frozen=True, eq=False)
class Inpainting(Objective):
    """Eq. 3: cross-entropy to the target class plus a penalty for changes outside the hole.

    Args:
        targets: (B,) int64 class indices.
        mask: bool (1, H, W), or (B, 1, H, W) for one hole per image; True = hole, may change freely.
        weight: lambda, at least 0; 10 in the paper.
        penalty: "eq3": weight * ||(x0 - x) * (1 - mask)||_2 as printed in the paper, where x0 are the initial images
            (the original outside the hole), minimised by forward-backward steps;
            "mean_square": weight * mean(((x0 - x) * (1 - mask))^2);
            "frozen": nothing outside the hole changes, which is the minimum of "eq3" if the gradient outside is
            shorter than weight.
    Raises:
        ValueError: negative weight, unknown penalty, or a mask that is not bool (1, H, W) or (B, 1, H, W).
    Source: the paper, sec. 2.2 ("eq3"); the public notebook of Santurkar et al. 2019 ("mean_square").
    """

    mask: Tensor
    weight: float = paper.PENALTY_WEIGHT
    penalty: Penalty = "eq3"

    def __post_init__(self) -> None:
        if not 0 <= self.weight < float("inf"):
            raise ValueError(f"weight (lambda) must be a number of at least 0; got {self.weight}")
        if self.penalty not in PENALTIES:
            raise ValueError(f"penalty must be one of {', '.join(PENALTIES)}; got {self.penalty!r}")
        mask = torch.as_tensor(self.mask)
        check_form(mask)
        object.__setattr__(self, "mask", mask if mask.ndim == 4 else mask[None])

    def check(self, images: Tensor) -> None:
        super().check(images)
        _check_count("mask", self.mask, images)
        size, expected = (tuple(pictures.shape[-2:]) for pictures in (self.mask, images))
        if size != expected:
            raise ValueError(f"the mask is {size} pixels but the images are {expected}")

    def to(self, device: torch.device) -> Self:
        return replace(super().to(device), mask=self.mask.to(device))

    @property
    def hole(self) -> Tensor | None:
        return self.mask if self.penalty == "frozen" else None

    def penalty_term(self, images: Tensor, x0: Tensor) -> Tensor | None:
        if self.penalty == "frozen":
            return None
        outside = (images - x0) * ~self.mask
        if self.penalty == "mean_square":
            return self.weight * outside.square().mean(dim=(1, 2, 3))
        return (self.weight * torch.linalg.vector_norm(outside, dim=(1, 2, 3))).detach()

    def step(self, images: Tensor, x0: Tensor, gradient: Tensor, size: Tensor | float) -> Tensor:
        if self.penalty == "eq3":
            return self._forward_backward(images, x0, gradient, size)
        return super().step(images, x0, gradient * self.mask if self.penalty == "frozen" else gradient, size)

    def _forward_backward(self, images: Tensor, x0: Tensor, gradient: Tensor, size: Tensor | float) -> Tensor:
        """Take a step against the cross-entropy's gradient g, then the proximal map of lambda ||y||, y the change
        outside.

        Its length t ||s|| is `size`, where s is the shortest subgradient of Eq. 3: outside, (1 - lambda / ||g||)+ g
        where y = 0, else g + lambda y / ||y||.
        Source: Combettes & Wajs 2005, eq. 3.6.
        """
        mask = self.mask
        y, g = (images - x0) * ~mask, gradient * ~mask
        outside = torch.where(norms(y) == 0, shrink(g, self.weight), g + self.weight * unit(y))
        t = size / norms(gradient * mask + outside).clamp(min=MIN_NORM)
        return torch.where(mask, images - t * gradient, x0 + shrink(y - t * g, t * self.weight))

    def to_json(self) -> dict[str, Any]:
        return {"kind": "inpainting", "weight": self.weight, "penalty": self.penalty}


def _check_count(name: str, entries: Tensor, images: Tensor) -> None:
    if len(entries) not in (1, len(images)):
        raise ValueError(f"{name} must have one entry, or one per image, {len(images)}; got {len(entries)}")
