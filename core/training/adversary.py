"""The attack inside adversarial training. Imports torch at the top: import it lazily.

It is short and starts at random, unlike `core.pgd.steps`, whose whole point is the picture it draws.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

MIN_NORM = 1e-10


def _norms(batch: Tensor) -> Tensor:
    return batch.flatten(1).norm(dim=1).clamp_min(MIN_NORM).view(-1, 1, 1, 1)


def attack_l2(
    logits_of: Callable[[Tensor], Tensor],
    images: Tensor,
    labels: Tensor,
    *,
    epsilon: float,
    steps: int,
    step_size: float,
    generator: torch.Generator,
) -> Tensor:
    """Perturb every image, inside its L2 ball, so that the cross-entropy of its label grows.

    Args:
        logits_of: images (B, 3, H, W) in [0, 1] -> logits (B, K).
        images: (B, 3, H, W) float32 in [0, 1].
        labels: (B,) int64, the true classes.
        epsilon: radius of the ball, over the whole image, in [0, 1] pixel units.
        steps: gradient steps after the random start.
        step_size: L2 length of one step.
        generator: on the CPU; source of the start, a random direction of random length up to epsilon.
    Returns:
        Images of the same shape in [0, 1], within epsilon of the originals, detached.
    """
    start = torch.randn(images.shape, generator=generator).to(images)
    length = torch.rand((len(images), 1, 1, 1), generator=generator).to(images) * epsilon
    perturbation = start * (length / _norms(start))
    for _ in range(steps):
        candidate = (images + perturbation).clamp(0, 1).requires_grad_(True)
        loss = F.cross_entropy(logits_of(candidate), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, candidate)
        perturbation = perturbation + step_size * gradient / _norms(gradient)
        perturbation = perturbation * (epsilon / _norms(perturbation)).clamp_max(1.0)
    return (images + perturbation).clamp(0, 1).contiguous(memory_format=torch.channels_last)
