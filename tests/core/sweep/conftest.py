"""A data set for scripts that run pictures through a network."""

import numpy as np
import pytest

from core.data.sample_sets import CIFAR10


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Twenty coarse random pictures with CIFAR-10's classes."""
    path = tmp_path_factory.mktemp("data") / "noise.npz"
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 3), dtype=np.uint8).repeat(8, axis=1).repeat(8, 2)
    np.savez(path, images=images, labels=np.arange(20) % 10, classes=np.array(CIFAR10.names))
    return path
