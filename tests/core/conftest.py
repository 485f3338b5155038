"""Small real classifiers that can be checked by hand, shared by the engine's tests."""

import numpy as np
import pytest
import torch
from torch import nn

from core.classifiers.classifier import ClosedSetClassifier, Preprocess
from core.classifiers.weights import Identity
from core.data.sample_sets import ClassSet, ImageDataset

SIZE, CLASSES = 8, 6


@pytest.fixture
def linear_classifier():
    """A linear classifier of 8 x 8 images into 6 classes, behind the real interface."""
    generator = torch.Generator().manual_seed(0)
    linear = nn.Linear(3 * SIZE * SIZE, CLASSES)
    with torch.no_grad():
        linear.weight.copy_(torch.randn(linear.weight.shape, generator=generator))
        linear.bias.zero_()
    return ClosedSetClassifier(
        Identity("linear", "seed 0"),
        nn.Sequential(nn.Flatten(), linear),
        Preprocess(SIZE, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        ClassSet("custom", tuple("abcdef")),
    )


@pytest.fixture
def noise_images():
    """37 random images (N, 3, 8, 8) uint8 with random labels: an odd number, so that batches are uneven."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, size=(37, 3, SIZE, SIZE), dtype=np.uint8)
    return images, rng.integers(0, CLASSES, size=37)


@pytest.fixture
def noise_dataset(noise_images):
    """The noise images as a data set of the linear classifier's classes."""
    return ImageDataset("noise", "test", *noise_images, ClassSet("custom", tuple("abcdef")), "random pixels")
