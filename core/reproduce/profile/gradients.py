"""Measurement of the loss gradient for `core.claims.gradient_spectrum`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.claims.gradient_spectrum import BLOCKS, STORED
from core.classifiers.kinds.base import Classifier
from core.data.dataset import ImageDataset
from core.data.provenance import classifier_facts, computed_source, dataset_facts
from core.data.sample_sets import usual_epsilon
from core.fourier.basis import Frequency, add_basis, fourier_basis, half_plane, largest_side, random_signs
from core.fourier.gradients import LossGradients, edge_correlation, loss_gradients, mean_radius, relative_energy
from core.fourier.intervals import student
from core.shared.cli import progress_bar
from core.shared.device import device_name
from core.shared.files import write_atomically
from core.sweep.predictions import batches
from core.sweep.transforms import BATCH

SEED = 0


def measure_gradient(classifier: Classifier, data: ImageDataset, output: Path, *, bent_over: int) -> None:
    """Write the gradient's energy over all pictures, and the loss's bend along each wave over the first ones.

    data: at least `BLOCKS` pictures; those beyond a multiple of it are ignored.
    """
    arrays, facts = gradient_of(classifier, data, bent_over)
    metadata = {
        "models": [facts],
        "dataset": dataset_facts(data),
        "epsilon": usual_epsilon(data.image_size),
        "bent_over": bent_over,
        "seed": SEED,
        "source": computed_source(device_name(classifier)),
    }
    write_atomically(output, STORED.pack({name: array[None] for name, array in arrays.items()}, metadata))


def gradient_of(
    classifier: Classifier, data: ImageDataset, bent_over: int
) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """Return the arrays and metadata of a STORED file."""
    block = len(data) // BLOCKS
    images, labels = data.images[: BLOCKS * block].astype(np.float32) / 255, data.labels[: BLOCKS * block]
    side = largest_side(data.image_size, data.image_size)
    at_pictures = loss_gradients(classifier, images, labels)
    energy = relative_energy(at_pictures.gradients, side)
    edges = np.array([edge_correlation(*pair) for pair in zip(images, at_pictures.gradients, strict=True)])
    few = LossGradients(at_pictures.loss[:bent_over], at_pictures.gradients[:bent_over])
    epsilon = usual_epsilon(data.image_size)
    changes, waves = [], half_plane(side)
    with progress_bar(desc="gradient", total=len(waves), unit="wave") as bar:
        for some in batches(np.array(waves), max(1, BATCH // bent_over)):
            at_once = [(int(i), int(j)) for i, j in some]
            changes.append(loss_changes(classifier, images[:bent_over], labels[:bent_over], few, at_once, epsilon))
            bar.update(len(some))
    slope, change = np.concatenate(changes, axis=1).mean(axis=2)
    arrays = {
        "energy": energy.reshape(BLOCKS, block, -1).mean(axis=1).astype(np.float16),
        "slope": slope.astype(np.float32),
        "change": change.astype(np.float32),
    }
    facts = {
        "classifier": classifier_facts(classifier),
        "edges": list(student(edges)),
        "mean_radius": list(student(mean_radius(energy, side))),
        "loss": float(at_pictures.loss.mean()),
    }
    return arrays, facts


def loss_changes(
    classifier: Classifier,
    images: np.ndarray,
    labels: np.ndarray,
    at: LossGradients,
    waves: Sequence[Frequency],
    epsilon: float,
) -> np.ndarray:
    """Return (2, W, B) change of each picture's loss under W waves: by its gradient alone, and actual.

    Both are absolute; the wave of Eq. 1, its signs and the clipping are the sweep's. at: positions of the images.
    """
    perturbed = [
        add_basis(
            images,
            fourier_basis(*wave, *images.shape[2:]),
            epsilon,
            signs=random_signs(len(images), wave, seed=SEED),
        ).images
        for wave in waves
    ]
    by_gradient = [(at.gradients * (changed - images)).sum(axis=(1, 2, 3)) for changed in perturbed]
    under = losses(classifier, np.concatenate(perturbed), np.tile(labels, len(waves))).reshape(len(waves), -1)
    return np.abs(np.stack([by_gradient, under - at.loss]))


def losses(classifier: Classifier, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the cross-entropy, (B,)."""
    import torch

    with torch.inference_mode():
        logits = classifier(torch.from_numpy(images).to(classifier.device)).float()
        targets = torch.from_numpy(labels).to(classifier.device)
        return torch.nn.functional.cross_entropy(logits, targets, reduction="none").cpu().numpy()
