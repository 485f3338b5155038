"""Class statistics and covariances against numpy, and the bundled ones."""

import numpy as np
import pytest

from core.data.class_statistics import (
    STATISTICS,
    ClassStatistics,
    DatasetStatistics,
    class_covariance,
    class_statistics,
)
from core.data.sample_sets import CIFAR10_MEAN, CIFAR10_STD


def test_resized_interpolates_between_pixel_centres():
    ramp = np.tile(np.linspace(0, 1, 4, dtype=np.float32), (3, 4, 1))
    large = ClassStatistics(ramp, ramp, "ramp").resize(8).mean[0, 0]
    np.testing.assert_allclose(large[1:-1], (np.arange(1, 7) - 0.5) / 6, atol=1e-6)


def test_bundled_statistics_of_cifar10():
    statistics = DatasetStatistics.load(STATISTICS / "cifar10.npz")
    classes = [statistics.of_class(name) for name in statistics.class_names]
    mean, std = (np.stack([getattr(of_class, part) for of_class in classes]) for part in ("mean", "std"))
    assert mean.shape == (10, 3, 32, 32) and statistics.counts == [5000] * 10
    # CIFAR-10's published channel means; the classes are of equal size.
    assert np.allclose(mean.mean(axis=(0, 2, 3)), CIFAR10_MEAN, atol=2e-4)
    variance = (std**2 + mean**2).mean(axis=(0, 2, 3)) - mean.mean(axis=(0, 2, 3)) ** 2
    assert np.allclose(np.sqrt(variance), CIFAR10_STD, atol=2e-4)


def pictures(count, size=8, seed=0):
    """Random pictures of 4 x 4 pixel squares, uint8, away from 0 and 255, where nothing is clipped."""
    coarse = np.random.default_rng(seed).random((count, 3, size // 4, size // 4))
    return (coarse.repeat(4, axis=2).repeat(4, axis=3) * 50 + 100).astype(np.uint8)


def small_values(images, grain):
    n, _, height, width = images.shape
    return (images / 255).reshape(n, 3, height // grain, grain, width // grain, grain).mean(axis=(3, 5)).reshape(n, -1)


def test_statistics_are_numpys():
    images = pictures(7)
    statistics = class_statistics(images, "")
    np.testing.assert_allclose(statistics.mean, (images / 255).mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(statistics.std, (images / 255).std(axis=0), atol=1e-6)


@pytest.mark.parametrize(("most", "grain"), [(1, 1), (4, 4), (7, 4)])  # 7 does not divide 8 pixels
def test_a_covariance_is_that_of_small_pictures(most, grain):
    images = pictures(40)
    covariance = class_covariance(images, most, "")
    expected = np.cov(small_values(images, grain), rowvar=False, bias=True)
    np.testing.assert_allclose(covariance.factors.T @ covariance.factors, expected, atol=1e-6)
    k, values = covariance.factors.shape
    noise = np.random.default_rng(0).standard_normal((2, k + values), dtype=np.float32)
    small = covariance.mean.ravel() + noise[:, :k] @ covariance.factors + np.sqrt(1e-4) * noise[:, k:]
    drawn = covariance.draw(2, generator=np.random.default_rng(0))
    for image, plane in zip(drawn, small.reshape(2, *covariance.mean.shape), strict=True):
        np.testing.assert_allclose(image, ClassStatistics(plane, plane, "").resize(8).mean, atol=1e-6)
