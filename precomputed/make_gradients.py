"""Measures the gradient of the bundled models' losses at the pictures of their heat maps.

    python -m precomputed.make_gradients --data-dir DIR

writes precomputed/gradients.npz, which `core.claims.gradient_spectrum` describes: of each bundled model the gradient's
energy along the waves of a map over 1,000 CIFAR-10 test images, those of the maps named `cifar10-1000`, in blocks of
fifty; how much of it lies on the pictures' edges; and how far the loss bends along each wave, over the first fifty of
them. Takes about six minutes of one core.
"""

from __future__ import annotations

import argparse

import numpy as np

from core.claims.gradient_spectrum import GRADIENTS, STORED
from core.classifiers.bundled import bundled_specs
from core.classifiers.kinds.base import Classifier
from core.classifiers.registry import load_classifier
from core.data.classes import CIFAR10
from core.data.dataset import ImageDataset
from core.data.options import add_dataset_options, named_dataset
from core.data.provenance import classifier_facts, computed_source, dataset_facts
from core.fourier.basis import Frequency, add_basis, fourier_basis, half_plane, largest_side, random_signs
from core.fourier.gradients import LossGradients, edge_correlation, loss_gradients, mean_radius, relative_energy
from core.fourier.intervals import student
from core.shared import paper
from core.shared.cli import run_script
from core.shared.device import device_name
from core.shared.files import write_atomically

COUNT, SEED, BLOCK = 1000, 0, 50
BENT = 50  # pictures over which the loss is followed along each wave


def gradient_of(classifier: Classifier, data: ImageDataset) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """A model's arrays, as STORED names them, and its metadata."""
    images, side = data.images.astype(np.float32) / 255, largest_side(data.image_size, data.image_size)
    found = loss_gradients(classifier, images, data.labels)
    energy = relative_energy(found.gradients, side)
    edges = np.array([edge_correlation(*pair) for pair in zip(images, found.gradients, strict=True)])
    few = LossGradients(found.loss[:BENT], found.gradients[:BENT])
    epsilon = paper.EPSILON[data.image_size]
    changes = [
        loss_changes(classifier, images[:BENT], data.labels[:BENT], few, wave, epsilon) for wave in half_plane(side)
    ]
    slope, change = np.array(changes).mean(axis=2).T
    arrays = {
        "energy": energy.reshape(-1, BLOCK, energy.shape[1]).mean(axis=1).astype(np.float16),
        "slope": slope.astype(np.float32),
        "change": change.astype(np.float32),
    }
    facts = {
        "classifier": classifier_facts(classifier),
        "edges": list(student(edges)),
        "mean_radius": list(student(mean_radius(energy, side))),
        "loss": float(found.loss.mean()),
    }
    return arrays, facts


def loss_changes(
    classifier: Classifier, images: np.ndarray, labels: np.ndarray, at: LossGradients, wave: Frequency, epsilon: float
) -> tuple[np.ndarray, np.ndarray]:
    """(B,) how much each picture's loss would change under a wave of Eq. 1 by its gradient alone, and how much it does.

    Both without their sign; the wave, its signs and the clipping are the sweep's. at: of these images.
    """
    basis = fourier_basis(*wave, *images.shape[2:])
    perturbed = add_basis(images, basis, epsilon, signs=random_signs(len(images), wave, seed=SEED)).images
    by_gradient = (at.gradients * (perturbed - images)).sum(axis=(1, 2, 3))
    return np.abs(by_gradient), np.abs(losses(classifier, perturbed, labels) - at.loss)


def losses(classifier: Classifier, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(B,) cross-entropy."""
    import torch

    with torch.inference_mode():
        logits = classifier(torch.from_numpy(images).to(classifier.device)).float()
        targets = torch.from_numpy(labels).to(classifier.device)
        return torch.nn.functional.cross_entropy(logits, targets, reduction="none").cpu().numpy()


def main() -> int:
    """Write the file; returns the exit status."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_dataset_options(options, default="cifar10")
    given = options.parse_args()
    return run_script(lambda: _run(given), "nothing was written")


def _run(given: argparse.Namespace) -> str:
    data = named_dataset(given, split="test", limit=COUNT, seed=SEED)
    models = [load_classifier(name, CIFAR10) for name in bundled_specs()]
    found = []
    for model in models:
        found.append(gradient_of(model, data))
        print(model.name, found[-1][1], flush=True)
    metadata = {
        "models": [facts for _, facts in found],
        "dataset": dataset_facts(data),
        "epsilon": paper.EPSILON[data.image_size],
        "bent_over": BENT,
        "seed": SEED,
        "source": computed_source(device_name(models[0])),
    }
    arrays = {name: np.stack([arrays[name] for arrays, _ in found]) for name in STORED.required}
    content = STORED.pack(arrays, metadata)
    write_atomically(GRADIENTS, content)
    return f"{len(found)} models, {len(data):,} images -> {GRADIENTS} ({len(content):,} bytes)"


if __name__ == "__main__":
    raise SystemExit(main())
