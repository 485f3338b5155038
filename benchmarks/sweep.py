"""How close a sweep comes to the classifier's bare forward pass, and to the obvious loop it replaces.

    python -m benchmarks.sweep efficientnet-lite0
    python -m benchmarks.sweep resnet-56 --weights resnet56-4bfd9763.th

All three are timed in one process, taking turns, on the same images; figures are medians over the rounds.
- bare: `classifier(images)` on one prepared float batch, at a sweep's batch size, nothing else;
- sweep: `core.growing_heatmaps` over the clean images and whole waves, everything included;
- peer: the loop of the public code behind the paper (a data loader per wave, the wave added on the CPU image by
  image, the error fetched after every batch), at the same batch size.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import truediv
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from core.classifiers.registry import classifier_spec, load_classifier
from core.data.samples import load_samples
from core.fourier.basis import fourier_basis, half_plane
from core.shared import paper
from core.shared.device import prepare_torch
from core.sweep.loop.config import BATCH, SweepConfig
from core.sweep.maps import growing_heatmaps


class PerturbedOneByOne(Dataset):
    """Images with one wave added, each when it is asked for."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, basis: np.ndarray, epsilon: float) -> None:
        self.images, self.labels, self.wave = images, labels, torch.from_numpy(basis) * epsilon

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = torch.from_numpy(self.images[index]).float() / 255
        signs = torch.randint(0, 2, (3, 1, 1)) * 2 - 1
        return (image + signs * self.wave).clamp(0, 1), int(self.labels[index])


def images_per_second(work: Callable[[], int]) -> float:
    """Throughput of one call, which returns how many images it took."""
    start = time.perf_counter()
    images = work()
    return images / (time.perf_counter() - start)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures as JSON."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.sweep")
    options.add_argument("classifier")
    options.add_argument("--weights", type=Path)
    options.add_argument("--images", type=int, default=256, help="images per wave")
    options.add_argument("--waves", type=int, default=2, help="waves per round")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--batch-size", type=int, help="default: a sweep's own")
    options.add_argument("--device", default="cpu")
    given = options.parse_args(arguments)

    prepare_torch()
    data = load_samples(
        "photographs" if classifier_spec(given.classifier).vocabulary == "imagenet" else "cifar10-samples"
    )
    classifier = load_classifier(given.classifier, data.classes, weights=given.weights, device=given.device)
    chosen = np.arange(given.images) % len(data)
    dataset = replace(data, images=data.images[chosen], labels=data.labels[chosen])
    size = data.image_size
    waves = half_plane(7)[1 : 1 + given.waves]
    config = SweepConfig(side=7, epsilon=paper.EPSILON[size], cells=waves, batch_size=given.batch_size)
    on_device = torch.from_numpy(dataset.images).to(given.device)
    batch_size = config.batch_size or BATCH.get(on_device.device.type, BATCH["cpu"])
    config = replace(config, batch_size=batch_size)
    batch = on_device[:batch_size].float() / 255

    def bare() -> int:
        repeats = -(-given.images * given.waves // len(batch))
        with torch.inference_mode():
            for _ in range(repeats):
                logits = classifier(batch)
            logits.sum().item()
        return repeats * len(batch)

    def sweep() -> int:
        *_, heatmap = growing_heatmaps(classifier, dataset, config)
        return given.images * (1 + int((heatmap.count > 0).sum()) // 2)

    def peer() -> int:
        errors = 0
        with torch.no_grad():
            for i, j in waves:
                perturbed = PerturbedOneByOne(
                    dataset.images, dataset.labels, fourier_basis(i, j, size, size), config.epsilon
                )
                for inputs, targets in DataLoader(perturbed, batch_size=batch_size):
                    predictions = classifier(inputs.to(given.device)).argmax(dim=1).cpu()
                    errors += int((predictions != targets).sum())
        return given.images * given.waves

    contestants = {"bare": bare, "sweep": sweep, "peer": peer}
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for work in contestants.values():
        work()
    for _ in range(given.rounds):
        for name, work in contestants.items():
            rates[name].append(images_per_second(work))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    report = {
        "classifier": classifier.name,
        "device": str(classifier.device),
        "threads": torch.get_num_threads(),
        "batch_size": batch_size,
        "images_per_second": {name: round(value, 1) for name, value in medians.items()},
        # Ratios within each round: the machine's mood changes between rounds, not much within one.
        "sweep_to_bare": round(statistics.median(map(truediv, rates["sweep"], rates["bare"])), 3),
        "sweep_to_peer": round(statistics.median(map(truediv, rates["sweep"], rates["peer"])), 3),
    }
    print(json.dumps(report, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
