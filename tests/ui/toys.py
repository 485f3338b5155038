"""Small classifiers that the pages' runs can take in place of real ones."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import torch
from torch import nn

from core.classifiers.weights import FolderFile
from core.data.classes import CIFAR10, ClassSet


class ToyClassifier(nn.Module):
    """Linear and random, over the ten classes of CIFAR-10 or others; with what a run asks of a classifier."""

    def __init__(self, name: str, size: int = 32, strength: float = 0.02, classes: ClassSet = CIFAR10) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(sum(name.encode()))
        weight = torch.randn(len(classes), 3 * size * size, generator=generator)
        self.weight = nn.Parameter(weight * strength, requires_grad=False)
        self.name, self.kind, self.classes = name, "closed-set", classes
        self.weights_id, self.sha256, self.template = "random", None, None
        self.device = torch.device("cpu")
        self.eval()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1) @ self.weight.T


def spec(name: str, title: str) -> SimpleNamespace:
    """What a page needs to know of a classifier before it is loaded."""
    nowhere = FolderFile(Path("nowhere"), ())
    return SimpleNamespace(name=name, title=title, kind="closed-set", vocabulary="cifar10", weights=nowhere)
