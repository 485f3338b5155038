"""Class statistics and covariances: against numpy, saved and loaded, and the script that makes the bundled ones."""

import numpy as np
import pytest

from core.data.class_statistics import (
    STATISTICS,
    ClassStatistics,
    DatasetCovariance,
    DatasetStatistics,
    class_covariance,
    class_statistics,
)
from core.data.sample_sets import CIFAR10_MEAN, CIFAR10_STD, ClassSet, ImageDataset
from precomputed.makers.class_statistics import dataset_covariance, dataset_statistics


def small_dataset(counts=(5, 7), seed=0) -> ImageDataset:
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    images = generator.integers(0, 256, (len(labels), 3, 8, 8), dtype=np.uint8)
    classes = ClassSet("custom", tuple(f"class {k}" for k in range(len(counts))))
    return ImageDataset("small", "train", images, labels.astype(np.int64), classes, "made up")


def test_saved_statistics_are_those_of_the_images(tmp_path):
    dataset = small_dataset()
    dataset_statistics(dataset).save(tmp_path / "s.npz")
    loaded = DatasetStatistics.load(str(tmp_path / "s.npz"))
    assert loaded.class_names == ("class 0", "class 1") and loaded.counts == [5, 7]
    for label, name in enumerate(loaded.class_names):
        pixels = dataset.images[dataset.labels == label]
        exact, rounded = class_statistics(pixels, ""), loaded.of_class(name)
        for part in ("mean", "std"):
            ours, stored = getattr(exact, part), getattr(rounded, part)
            np.testing.assert_allclose(ours, getattr(pixels / 255, part)(axis=0), atol=1e-6)
            assert stored.dtype == np.float32 and np.abs(stored - ours).max() <= 0.00025
    assert rounded.source == "7 training images of “class 1” in small"


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


@pytest.mark.parametrize(("grain", "components"), [(1, None), (4, 12), (4, 3)])
def test_a_covariance_keeps_the_principal_components(grain, components):
    images = pictures(40)
    covariance = class_covariance(images, grain, "", components)
    variances, axes = np.linalg.eigh(np.cov(small_values(images, grain), rowvar=False, bias=True))
    largest = slice(-components if components else 0, None)
    expected = (axes * variances)[:, largest] @ axes[:, largest].T
    np.testing.assert_allclose(covariance.factors.T @ covariance.factors, expected, atol=1e-6)
    k, values = covariance.factors.shape
    noise = np.random.default_rng(0).standard_normal((2, k if components else k + values), dtype=np.float32)
    small = covariance.mean.ravel() + noise[:, :k] @ covariance.factors
    if not components:  # the exact one has 1e-4 on its diagonal
        small += np.sqrt(1e-4) * noise[:, k:]
    drawn = covariance.draw(2, generator=np.random.default_rng(0))
    for image, plane in zip(drawn, small.reshape(2, *covariance.mean.shape), strict=True):
        np.testing.assert_allclose(image, ClassStatistics(plane, plane, "").resize(8).mean, atol=1e-6)


def test_saved_covariances_are_those_of_the_data_set_to_a_127th(tmp_path):
    images, classes = pictures(30), ClassSet("custom", ("ant", "bee"))
    data = ImageDataset("squares", "train", images, np.arange(30, dtype=np.int64) % 2, classes, "random")
    dataset_covariance(data, 4, 5).save(tmp_path / "c.npz")
    loaded = DatasetCovariance.load(tmp_path / "c.npz")
    assert loaded.class_names == ("ant", "bee") and loaded.counts == [15, 15]
    for label, name in enumerate(classes.names):
        exact = class_covariance(images[label::2], 4, "", 5)
        blur = loaded.of_class(name)
        assert blur.image_size == 8 and blur.source.startswith(f"15 training images of “{name}” in squares")
        np.testing.assert_allclose(blur.mean, exact.mean, atol=3e-4)
        np.testing.assert_allclose(blur.factors, exact.factors, atol=np.abs(exact.factors).max() / 200)
