"""Small classifiers for the pages' runs in place of real ones."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import ui.pages.generation
import ui.pages.inpainting  # noqa: F401
from core.classifiers.families import ClassifierSpec
from core.classifiers.weights import FolderFile
from core.data.sample_sets import CIFAR10, ClassSet
from core.pgd.plan import RunPlan, inpainting_plan
from core.pgd.settings import PGDConfig
from ui.server.jobs import JobManager

# What a stranger may write.
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</td></table><script>alert(1)</script>",
    "[click me](https://evil.example) ![](https://evil.example/pixel.png)",
    "**bold** `code` $x^2$ :red[red] :material/home: :smile: # not a heading",
    "first line\n\n![](https://evil.example/pixel.png)\n\n# heading",
    "\u202egnp.exe \ud800 \x00 \x1b[31m end",
    "x" * 900,
    "../../etc/passwd",
    "",
)


class ToyClassifier(nn.Module):
    """Linear and random, over the ten classes of CIFAR-10 or others; with every attribute that a run needs."""

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
    """Facts about a classifier that a page needs before loading it."""
    nowhere = FolderFile(Path("nowhere"), ())
    return SimpleNamespace(name=name, title=title, kind="closed-set", vocabulary="cifar10", weights=nowhere)


def toy_plan(**settings: object) -> RunPlan:
    """A hole of 12 x 12 in one noise picture, six steps; settings: as for `inpainting_plan`."""
    pixels = np.random.default_rng(0).integers(0, 256, (1, 3, 32, 32), dtype=np.uint8)
    mask = np.zeros((1, 32, 32), dtype=bool)
    mask[:, 8:20, 8:20] = True
    return inpainting_plan(pixels, mask, ["cat"], PGDConfig(epsilon=2.0, step_size=0.2, steps=6), **settings)


def noise_file(height: int = 64, width: int = 64) -> bytes:
    """An uploaded PNG."""
    data = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)).save(data, "PNG")
    return data.getvalue()


def put_everywhere(monkeypatch: pytest.MonkeyPatch, **functions: object) -> None:
    """Put functions in the place of those of these names in every module of the app that is here."""
    for module in [module for name, module in sys.modules.items() if name.startswith("ui.")]:
        for name in functions.keys() & vars(module).keys():
            monkeypatch.setattr(module, name, functions[name])


def use_toys(
    monkeypatch: pytest.MonkeyPatch, specs: Sequence[ClassifierSpec], class_set: str = "cifar10", **toy: Any
) -> JobManager:
    """Put random classifiers of one class set in place of all others; toy: their settings. Return a separate queue."""
    manager = JobManager()
    put_everywhere(
        monkeypatch,
        job_manager=lambda: manager,
        session_id=lambda: "visitor",
        classifier_for=lambda name, _: ToyClassifier(name, **toy),
        ready_classifiers=lambda asked: specs if asked == class_set else [],
    )
    return manager
