"""Geometry of L2 PGD: image norms, unit directions, and the projection onto the ball. Imports torch."""

from __future__ import annotations

from torch import Tensor

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
