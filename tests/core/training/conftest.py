"""A tiny, learnable training set: each class has its own colour, with noise on top."""

import numpy as np
import pytest
import torch

from core.training.data import LabelledImages


def coloured_images(count: int, seed: int = 0) -> LabelledImages:
    """`count` 32-pixel images of ten classes; a linear model on the mean colour tells them apart."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    colours = np.random.default_rng(7).uniform(0.15, 0.85, (10, 3))
    pixels = colours[labels][:, :, None, None] + generator.normal(0, 0.05, (count, 3, 32, 32))
    images = torch.from_numpy((pixels.clip(0, 1) * 255).astype(np.uint8))
    return LabelledImages(images, torch.from_numpy(labels.astype(np.int64)), f"coloured {count} {seed}")


@pytest.fixture(scope="session")
def coloured() -> LabelledImages:
    return coloured_images(60)


@pytest.fixture(autouse=True)
def one_thread():
    """Bit-identical runs need a fixed number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
