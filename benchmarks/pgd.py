"""Cost of a PGD step compared with the classifier's bare forward and backward pass, and with foolbox.

    python -m benchmarks.pgd efficientnet-lite0
    python -m benchmarks.pgd resnet-56 --weights resnet56-4bfd9763.th --batch 1 8 64

All take turns step by step in one process:
- bare: logits, cross-entropy and the gradient with respect to the images, nothing else;
- generation, inpainting: one `next` of `core.pgd.steps.pgd_steps`, which yields a whole state each time;
- views: generation by views, the mean of ten steps, as the image itself is evaluated once in ten;
- foolbox: one step of its `L2PGD`, the difference between runs of 3 and of 1 steps, halved (it cannot be stepped).
That 60 steps end on foolbox's pixels is a test (tests/core/pgd/test_steps.py).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.measure import CLOCKS, Row, Times, in_turns, run_script
from core.classifiers.registry import classifier_spec, load_classifier
from core.data.datasets import load_samples
from core.data.holes import middle_square, square_size
from core.pgd.methods import EVAL_INTERVAL
from core.pgd.settings import PGDConfig, defaults
from core.pgd.steps import Generation, Inpainting, pgd_steps
from core.shared.device import prepare_torch


def bare_step(classifier: Callable[[Tensor], Tensor], images: Tensor, targets: Tensor) -> Tensor:
    """The minimum work of a step."""
    variable = images.detach().requires_grad_()
    with torch.enable_grad():
        loss = functional.cross_entropy(classifier(variable), targets, reduction="sum")
        return torch.autograd.grad(loss, variable)[0]


def run_foolbox(classifier: Any, images: Tensor, targets: Tensor, config: PGDConfig) -> Tensor:
    """Return foolbox's result with the same settings."""
    import foolbox

    model = foolbox.PyTorchModel(classifier, bounds=(0, 1), device=images.device)
    criterion = foolbox.criteria.TargetedMisclassification(targets)
    attack = foolbox.attacks.L2PGD(abs_stepsize=config.step_size, steps=config.steps, random_start=False)
    return attack(model, images, criterion, epsilons=config.epsilon)[0]


def step_rows(classifier: Any, images: Tensor, targets: Tensor, rounds: int, clock: str) -> Iterator[Row]:
    """Yield the milliseconds of a step on one batch, absolute and relative to bare passes."""
    size = images.shape[-1]
    mask, paper = torch.from_numpy(middle_square(size, square_size(size))), defaults("inpainting", size)
    config = PGDConfig(epsilon=paper.epsilon, step_size=paper.step_size, steps=10_000)
    by_views = replace(defaults("generation", size, "views"), steps=100_000)
    assert by_views.method.views and not by_views.method.views.inputs
    runs = {
        "generation": pgd_steps(classifier, Generation(targets), images, config),
        "inpainting": pgd_steps(classifier, Inpainting(targets, mask), images, config),
        "views": pgd_steps(classifier, Generation(targets), images, by_views),
    }
    for states in runs.values():
        next(states)
    works: dict[str, Callable[[], Any]] = {
        "bare": lambda: bare_step(classifier, images, targets),
        "generation": lambda: next(runs["generation"]),
        "inpainting": lambda: next(runs["inpainting"]),
        "views": lambda: [next(runs["views"]) for _ in range(EVAL_INTERVAL)],
    } | {
        f"foolbox {steps}": lambda steps=steps: run_foolbox(classifier, images, targets, replace(config, steps=steps))
        for steps in (1, 3)
    }
    seconds = dict(in_turns(works, rounds, warm_up=2, clock=clock, device=str(images.device)).seconds)
    single, triple = (seconds.pop(f"foolbox {steps}") for steps in (1, 3))
    seconds["views"] = [value / EVAL_INTERVAL for value in seconds["views"]]
    seconds["foolbox's"] = [(long - short) / 2 for short, long in zip(single, triple, strict=True)]
    times, batch = Times(seconds), "" if len(images) == 1 else f", {len(images)} pictures"
    yield Row(f"bare forward and backward pass{batch}", times.median_ms("bare"), "ms")
    for name in list(seconds)[1:]:
        target, peer = "<= 1.2" if name == "inpainting" else "", "bare forward and backward pass"
        yield Row(f"PGD step, {name}{batch}", times.median_ms(name), "ms")
        yield Row(f"PGD step, {name}{batch}", times.ratio(name, "bare"), "ratio", target, peer)


def rows(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the steps of each batch size."""
    prepare_torch()
    photographs = classifier_spec(args.classifier).vocabulary == "imagenet"
    data = load_samples("photographs" if photographs else "cifar10-samples")
    classifier = load_classifier(args.classifier, data.classes, weights=args.weights, device=args.device)

    def batch(count: int) -> tuple[Tensor, Tensor]:
        chosen = np.arange(count) % len(data)
        images = torch.from_numpy(data.images[chosen]).to(args.device).float() / 255
        return images, torch.from_numpy((data.labels[chosen] + 1) % len(data.classes)).to(args.device)

    for count in args.batch:
        yield from step_rows(classifier, *batch(count), args.rounds, args.clock)


def main(argv: Sequence[str] | None = None) -> list[Row]:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pgd")
    parser.add_argument("classifier")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--clock", choices=tuple(CLOCKS), default="wall", help="cpu: on a machine shared with others")
    return run_script(rows, parser, argv)


if __name__ == "__main__":
    main()
