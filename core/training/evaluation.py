"""Accuracy of a trained network, clean and under attack. Imports torch at the top: import it lazily."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.fourier.intervals import wilson
from core.training.data import LabelledImages, normalise, to_unit_range


@dataclass(frozen=True)
class Accuracy:
    """`correct` of `count` images; `rate` and its 95 % Wilson interval `low` to `high` in [0, 1]."""

    correct: int
    count: int

    @property
    def rate(self) -> float:
        return self.correct / self.count

    @property
    def low(self) -> float:
        return float(wilson(self.rate, self.count).low)

    @property
    def high(self) -> float:
        return float(wilson(self.rate, self.count).high)

    def __str__(self) -> str:
        return f"{self.rate:.2%} (95 % interval {self.low:.2%} to {self.high:.2%}, n = {self.count:,})"


class FromUnitRange(torch.nn.Module):
    """Puts CIFAR-10's normalisation in front of a network: images in [0, 1] -> logits."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return self.network(normalise(images))


@torch.no_grad()
def clean_accuracy(logits_of: Callable[[Tensor], Tensor], data: LabelledImages, batch_size: int = 500) -> Accuracy:
    """Top-1 accuracy; `logits_of` takes images in [0, 1]."""
    correct = 0
    for start in range(0, len(data), batch_size):
        images = to_unit_range(data.images[start : start + batch_size])
        correct += int((logits_of(images).argmax(1) == data.labels[start : start + batch_size]).sum())
    return Accuracy(correct, len(data))


@dataclass(frozen=True, kw_only=True)
class Attack:
    """foolbox's L2 projected gradient descent: the strongest of `restarts` runs with a random start."""

    epsilon: float = 0.5
    steps: int = 20
    step_size: float = 0.1
    restarts: int = 2
    seed: int = 0


def robust_accuracy(
    network: torch.nn.Module, data: LabelledImages, attack: Attack | None = None, batch_size: int = 500
) -> Accuracy:
    """Top-1 accuracy against an attack that this project did not write.

    Args:
        network: images (B, 3, H, W) in [0, 1] -> logits; in eval mode.
        data: the images attacked, all of them.
        attack: None means epsilon 0.5, 20 steps of 0.1, two restarts.
    Raises:
        ImportError: foolbox is not installed.
    """
    import foolbox

    attack = attack or Attack()
    model = foolbox.PyTorchModel(network, bounds=(0, 1), device=data.images.device)
    pgd = foolbox.attacks.L2ProjectedGradientDescentAttack(
        abs_stepsize=attack.step_size, steps=attack.steps, random_start=True
    )
    correct = 0
    with torch.random.fork_rng():  # foolbox draws its start from the global generator
        torch.manual_seed(attack.seed)
        for start in range(0, len(data), batch_size):
            images = to_unit_range(data.images[start : start + batch_size])
            labels = data.labels[start : start + batch_size]
            held = torch.ones(len(labels), dtype=torch.bool, device=labels.device)
            for _ in range(attack.restarts):
                _, _, fooled = pgd(model, images, foolbox.criteria.Misclassification(labels), epsilons=attack.epsilon)
                held &= ~fooled
            correct += int(held.sum())
    return Accuracy(correct, len(data))
