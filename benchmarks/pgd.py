"""What a PGD step costs beside the classifier's bare forward and backward pass, and beside foolbox.

    python -m benchmarks.pgd efficientnet-lite0
    python -m benchmarks.pgd resnet-56 --weights resnet56-4bfd9763.th --batch 1 8 64

All are timed in one process, taking turns step by step in random order, so that a machine that gets busier or warmer
slows all of them alike; ratios are medians over the turns of (step / the bare pass of the same turn).
- bare: logits, cross-entropy and the gradient with respect to the images, nothing else;
- generation, inpainting: one `next` of `core.pgd.steps.pgd_steps`, which yields a whole state each time;
- views: the same of generation by views, the mean of ten, as the picture itself is looked at once in ten steps;
- foolbox: one step of its `L2PGD`, the difference between runs of 3 and of 1 steps, halved (it cannot be stepped).
Then both run 60 steps from the same images with three budgets, and the largest difference of a pixel is printed.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.classifiers.registry import classifier_spec, load_classifier
from core.data.samples import load_samples
from core.images.masks import middle_square, square_side
from core.pgd.config import PGDConfig, paper_generation, paper_inpainting
from core.pgd.objectives import Generation, Inpainting
from core.pgd.settings import usual_settings
from core.pgd.steps import LOOK_INTERVAL, pgd_steps, run_pgd
from core.shared.device import prepare_torch

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def bare_step(classifier: Callable[[Tensor], Tensor], images: Tensor, targets: Tensor) -> Tensor:
    """The least a step can cost."""
    variable = images.detach().requires_grad_()
    with torch.enable_grad():
        loss = functional.cross_entropy(classifier(variable), targets, reduction="sum")
        return torch.autograd.grad(loss, variable)[0]


@dataclass(frozen=True)
class Stopwatch:
    """How one call is timed: "wall" as a clock on the wall does; "cpu" by the processor time of this process, which
    others that share the machine do not lengthen."""

    clock: str
    device: torch.device

    def __call__(self, work: Callable[[], Any]) -> float:
        self._wait()
        start = CLOCKS[self.clock]()
        work()
        self._wait()
        return CLOCKS[self.clock]() - start

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def foolbox_attack(steps: int, step_size: float) -> Any:
    import foolbox

    return foolbox.attacks.L2PGD(abs_stepsize=step_size, steps=steps, random_start=False)


def run_foolbox(classifier: Any, images: Tensor, targets: Tensor, config: PGDConfig) -> Tensor:
    """Foolbox's result with the same settings."""
    import foolbox

    model = foolbox.PyTorchModel(classifier, bounds=(0, 1), device=images.device)
    criterion = foolbox.criteria.TargetedMisclassification(targets)
    return foolbox_attack(config.steps, config.step_size)(model, images, criterion, epsilons=config.epsilon)[0]


def measure(classifier: Any, images: Tensor, targets: Tensor, rounds: int, seconds: Stopwatch) -> dict[str, Any]:
    """Milliseconds and ratios of one batch size."""
    size = images.shape[-1]
    hole = torch.from_numpy(middle_square(size, square_side(size)))
    config = PGDConfig(epsilon=paper_inpainting(size).epsilon, step_size=paper_inpainting(size).step_size, steps=10_000)
    runs = {
        "generation": pgd_steps(classifier, Generation(targets), images, config),
        "inpainting": pgd_steps(classifier, Inpainting(targets, hole), images, config),
    }
    by_views = replace(PGDConfig(**usual_settings("generation", size, search="views")), steps=100_000)
    runs["views"] = pgd_steps(classifier, Generation(targets), images, by_views)
    one, three = (PGDConfig(epsilon=config.epsilon, step_size=config.step_size, steps=steps) for steps in (1, 3))
    for states in runs.values():
        next(states)
    times: dict[str, list[float]] = {"bare": [], "generation": [], "inpainting": [], "views": [], "foolbox": []}
    works: dict[str, Callable[[], Any]] = {
        "bare": lambda: bare_step(classifier, images, targets),
        "generation": lambda: next(runs["generation"]),
        "inpainting": lambda: next(runs["inpainting"]),
        "views": lambda: [next(runs["views"]) for _ in range(LOOK_INTERVAL)],
        "foolbox": lambda: run_foolbox(classifier, images, targets, three),
        "foolbox start": lambda: run_foolbox(classifier, images, targets, one),
    }
    shuffle = random.Random(0).shuffle
    for turn in range(rounds + 2):
        # In another order each turn, since what ran before leaves the machine in another state.
        order = list(works)
        shuffle(order)
        took = {name: seconds(works[name]) for name in order}
        took["views"] /= LOOK_INTERVAL
        took["foolbox"] = (took["foolbox"] - took.pop("foolbox start")) / 2
        if turn >= 2:
            for name, value in took.items():
                times[name].append(value)
    report: dict[str, Any] = {
        f"{name}_ms": round(1000 * statistics.median(values), 3) for name, values in times.items()
    }
    for name in ("generation", "inpainting", "views", "foolbox"):
        ratios = sorted(a / b for a, b in zip(times[name], times["bare"], strict=True))
        quarter = len(ratios) // 4
        report[f"{name}_ratio"] = round(statistics.median(ratios), 4)
        report[f"{name}_ratio_quartiles"] = [round(ratios[quarter], 4), round(ratios[-1 - quarter], 4)]
    return report


def agreement(classifier: Any, images: Tensor, targets: Tensor) -> dict[str, float]:
    """Largest difference of a pixel between foolbox and us after 60 steps, by budget."""
    paper = paper_generation(images.shape[-1])
    found = {}
    for share in (0.1, 0.5, 1.0):
        config = PGDConfig(epsilon=share * paper.epsilon, step_size=paper.step_size, steps=60)
        ours = run_pgd(classifier, Generation(targets), images, config).images
        found[f"epsilon {config.epsilon:.3g}"] = float(
            (ours - run_foolbox(classifier, images, targets, config)).abs().max()
        )
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures as JSON."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.pgd")
    options.add_argument("classifier")
    options.add_argument("--weights", type=Path)
    options.add_argument("--batch", type=int, nargs="+", default=[1, 8])
    options.add_argument("--rounds", type=int, default=30)
    options.add_argument("--device", default="cpu")
    options.add_argument("--clock", choices=tuple(CLOCKS), default="wall", help="cpu: on a machine shared with others")
    options.add_argument("--no-agreement", action="store_true", help="skip the comparison of results")
    given = options.parse_args(arguments)

    prepare_torch()
    photographs = classifier_spec(given.classifier).vocabulary == "imagenet"
    data = load_samples("photographs" if photographs else "cifar10-samples")
    classifier = load_classifier(given.classifier, data.classes, weights=given.weights, device=given.device)
    watch = Stopwatch(given.clock, torch.device(given.device))
    report: dict[str, Any] = {
        "clock": given.clock,
        "classifier": given.classifier,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }
    for batch in given.batch:
        rows = np.arange(batch) % len(data)
        images = torch.from_numpy(data.images[rows]).to(given.device).float() / 255
        targets = torch.from_numpy((data.labels[rows] + 1) % len(data.classes)).to(given.device)
        report[f"batch {batch}"] = measure(classifier, images, targets, given.rounds, watch)
        if not given.no_agreement and batch == given.batch[0]:
            report["difference_to_foolbox"] = agreement(classifier, images, targets)
    print(json.dumps(report, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
