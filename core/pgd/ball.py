"""The geometry of L2 PGD: norms over whole images, directions, and the projection onto the ball. Imports torch."""

from __future__ import annotations

from torch import Tensor

# Guards a gradient of zero. A lower bound, as in foolbox, not an addend: once a classifier is confident, gradients of
# 1e-11 are real, and adding 1e-10 to their norm would all but stop the run.
MIN_NORM = 1e-12


def norms(images: Tensor) -> Tensor:
    """(B, 3, H, W) -> (B, 1, 1, 1) L2 norm of each image."""
    return (images * images).sum(dim=(1, 2, 3), keepdim=True).sqrt()


def unit(gradient: Tensor) -> Tensor:
    """(B, 3, H, W) of L2 norm 1 each; zero stays zero."""
    return gradient * norms(gradient).clamp(min=MIN_NORM).reciprocal()


def shrink(change: Tensor, radius: Tensor | float) -> Tensor:
    """(B, 3, H, W) each shorter by `radius`, at least zero: the proximal map of radius * ||.||_2.

    Source: block soft thresholding, Parikh & Boyd 2014, sec. 6.5.1.
    """
    return change * (1 - radius / norms(change).clamp(min=MIN_NORM)).clamp(min=0)


def project(images: Tensor, x0: Tensor, epsilon: float) -> Tensor:
    """Onto the L2 ball of radius `epsilon` around `x0` first, then clipped to [0, 1].

    The clip only brings an image nearer to an x0 in [0, 1], so the result lies in both sets.
    """
    change = images - x0
    factor = (norms(change).reciprocal() * epsilon).clamp(max=1)  # infinite at x0 itself
    return (x0 + change * factor).clamp(0, 1)
