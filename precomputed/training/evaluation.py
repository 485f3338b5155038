"""Accuracy of a classifier, clean and under attack. Imports torch at the top: import it lazily."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from core.shared.numbers import wilson
from precomputed.training.data import LabelledImages


@dataclass(frozen=True)
class Accuracy:
    """Number of correct predictions among `count` images; `str` adds the 95 % Wilson interval."""

    correct: int
    count: int

    @property
    def rate(self) -> float:
        """Accuracy in [0, 1]."""
        return self.correct / self.count

    def __str__(self) -> str:
        _, low, high = wilson(self.rate, self.count)
        return f"{self.rate:.2%} (95 % interval {low:.2%} to {high:.2%}, n = {self.count:,})"


@dataclass(frozen=True, kw_only=True)
class Attack:
    """foolbox's L2 projected gradient descent: the strongest of `restarts` runs with a random start."""

    epsilon: float = 0.5
    steps: int = 20
    step_size: float = 0.1
    restarts: int = 2
    seed: int = 0

    def __str__(self) -> str:
        return (
            f"foolbox L2 PGD, epsilon {self.epsilon}, {self.steps} steps of {self.step_size}, "
            f"{self.restarts} random restarts"
        )


@torch.no_grad()
def clean_accuracy(classifier: nn.Module, data: LabelledImages) -> Accuracy:
    """Measure the top-1 accuracy of a classifier of images (B, 3, H, W) in [0, 1]."""
    correct = sum(int((classifier(images).argmax(1) == labels).sum()) for images, labels in data.batches())
    return Accuracy(correct, len(data))


def robust_accuracy(classifier: nn.Module, data: LabelledImages, attack: Attack) -> Accuracy:
    """Measure the top-1 accuracy under foolbox's attack, an implementation independent of this project.

    Args:
        classifier: images (B, 3, H, W) in [0, 1] -> logits; in eval mode.
        data: the images to attack.
        attack: strength and random seed.
    Raises:
        ImportError: foolbox is not installed.
    """
    import foolbox

    model = foolbox.PyTorchModel(classifier, bounds=(0, 1), device=data.images.device)
    pgd = foolbox.attacks.L2ProjectedGradientDescentAttack(abs_stepsize=attack.step_size, steps=attack.steps)
    correct = 0
    with torch.random.fork_rng():  # foolbox draws its start from the global generator
        torch.manual_seed(attack.seed)
        for images, labels in data.batches():
            criterion = foolbox.criteria.Misclassification(labels)
            _, _, fooled = pgd.repeat(attack.restarts)(model, images, criterion, epsilons=attack.epsilon)
            correct += int((~fooled).sum())
    return Accuracy(correct, len(data))
