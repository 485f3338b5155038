"""Throughput of a sweep compared with the classifier's bare forward pass, and with a straightforward loop.

    python -m benchmarks.sweep efficientnet-lite0
    python -m benchmarks.sweep resnet-56 --weights resnet56-4bfd9763.th

All three take turns in one process, on the same images:
- bare: `classifier(images)` on one prepared float batch, at a sweep's batch size, nothing else;
- sweep: `core.grow` over the clean images and whole waves, everything included;
- loader: the loop of the public code behind the paper (a data loader per wave, the wave added on the CPU image by
  image, the error fetched after every batch), at the same batch size.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from benchmarks.measure import Row, in_turns, run_script
from core.classifiers.registry import classifier_spec, load_classifier
from core.data.datasets import load_samples
from core.fourier.waves import fourier_basis, half_plane
from core.shared import paper
from core.shared.device import prepare_torch
from core.sweep.grow import grow
from core.sweep.wave_sweep import BATCHES, SweepConfig


class PerturbedOneByOne(Dataset):
    """Images with one wave added, each when it is loaded."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, basis: np.ndarray, epsilon: float) -> None:
        self.images, self.labels, self.wave = images, labels, torch.from_numpy(basis) * epsilon

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = torch.from_numpy(self.images[index]).float() / 255
        signs = torch.randint(0, 2, (3, 1, 1)) * 2 - 1
        return (image + signs * self.wave).clamp(0, 1), int(self.labels[index])


def rows(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the sweep's throughput, absolute and relative to both others."""
    prepare_torch()
    photographs = classifier_spec(args.classifier).vocabulary == "imagenet"
    data = load_samples("photographs" if photographs else "cifar10-samples")
    classifier = load_classifier(args.classifier, data.classes, weights=args.weights, device=args.device)
    chosen = np.arange(args.images) % len(data)
    dataset = replace(data, images=data.images[chosen], labels=data.labels[chosen])
    size, waves = data.image_size, half_plane(7)[1 : 1 + args.waves]
    on_device = torch.from_numpy(dataset.images).to(args.device)
    batch_size = args.batch_size or BATCHES.get(on_device.device.type, BATCHES["cpu"])
    config = SweepConfig(size=7, epsilon=paper.EPSILON[size], cells=waves, batch_size=batch_size)
    batch = on_device[:batch_size].float() / 255
    batches = -(-args.images * args.waves // len(batch))

    def bare() -> None:
        with torch.inference_mode():
            for _ in range(batches):
                logits = classifier(batch)
            logits.sum().item()

    def sweep() -> None:
        for _ in grow(classifier, dataset, config):
            pass

    def loader() -> None:
        with torch.no_grad():
            for i, j in waves:
                basis = fourier_basis(i, j, size, size)
                perturbed = PerturbedOneByOne(dataset.images, dataset.labels, basis, config.epsilon)
                for inputs, targets in DataLoader(perturbed, batch_size=batch_size):
                    (classifier(inputs.to(args.device)).argmax(dim=1).cpu() != targets).sum().item()

    images = {
        "bare": batches * len(batch),
        "sweep": args.images * (1 + len(waves)),
        "loader": args.images * len(waves),
    }
    times = in_turns({"bare": bare, "sweep": sweep, "loader": loader}, args.rounds)
    for name, count in images.items():
        yield Row(f"{name}, images per second", 1000 * count / times.median_ms(name), "1/s")
    for peer, target, title in (("bare", ">= 0.9", "bare forward pass"), ("loader", ">= 1", "a loader for each wave")):
        ratio = images["sweep"] / images[peer] / times.ratio("sweep", peer)
        yield Row("sweep, throughput", ratio, "ratio", target, title)


def main(argv: Sequence[str] | None = None) -> list[Row]:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep")
    parser.add_argument("classifier")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--images", type=int, default=256, help="images per wave")
    parser.add_argument("--waves", type=int, default=2, help="waves per round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--batch-size", type=int, help="default: a sweep's own")
    parser.add_argument("--device", default="cpu")
    return run_script(rows, parser, argv)


if __name__ == "__main__":
    main()
