"""Measurement of the loss gradient for `core.claims.gradient_spectrum`."""

from __future__ import annotations

import numpy as np

from core.claims.gradient_spectrum import BLOCKS, StoredGradient
from core.classifiers.kinds.base import Classifier
from core.data.dataset import ImageDataset
from core.data.provenance import classifier_facts, computed_source, dataset_facts
from core.fourier.basis import largest_side
from core.fourier.gradients import loss_gradients, relative_energy
from core.shared.device import device_name


def measure_gradient(classifier: Classifier, data: ImageDataset) -> StoredGradient:
    """Measure the gradient's energy; data: at least `BLOCKS` pictures; those beyond a multiple of it are ignored."""
    block = len(data) // BLOCKS
    images, labels = data.images[: BLOCKS * block].astype(np.float32) / 255, data.labels[: BLOCKS * block]
    gradients = loss_gradients(classifier, images, labels)
    energy = relative_energy(gradients, largest_side(data.image_size, data.image_size))
    metadata = {
        "classifier": classifier_facts(classifier),
        "dataset": dataset_facts(data),
        "source": computed_source(device_name(classifier)),
    }
    return StoredGradient(energy.reshape(BLOCKS, block, -1).mean(axis=1).astype(np.float16), metadata)
