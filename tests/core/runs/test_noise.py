"""Noise to start generation from: what it is drawn from, and that it repeats."""

import numpy as np
import pytest

from core.data.class_statistics import ClassStatistics, class_statistics
from core.data.classes import CIFAR10, IMAGENET_MEAN, ClassSet
from core.data.dataset import ImageDataset
from core.runs.noise import FullCovariance, draw_noise, noise_images, start_statistics


def smooth(count, size=16, seed=0):
    """Smooth random pictures, uint8."""
    coarse = np.random.default_rng(seed).random((count, 3, size // 4, size // 4))
    return (coarse.repeat(4, axis=2).repeat(4, axis=3) * 255).astype(np.uint8)


def dataset(count, classes):
    labels = np.arange(count, dtype=np.int64) % len(classes)
    return ImageDataset("noise", "test", smooth(count), labels, classes, "noise")


def test_noise_images_have_the_mean_and_spread_asked_for():
    mean, std = np.full((3, 4, 4), 0.5, np.float32), np.full((3, 4, 4), 0.1, np.float32)
    mean[0], std[1] = 0.3, 0.02
    drawn = noise_images(ClassStatistics(mean, std, ""), 4000, generator=np.random.default_rng(0))
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.01)
    np.testing.assert_allclose(drawn.std(axis=0), std, rtol=0.06)
    assert np.abs(np.corrcoef(drawn[:, 0, 0, 0], drawn[:, 0, 0, 1])[0, 1]) < 0.05


def test_noise_repeats_and_does_not_depend_on_its_number():
    images = smooth(20)
    statistics = class_statistics(images, "")
    draws = (lambda count, **how: noise_images(statistics, count, **how), FullCovariance(images, 4).draw)
    for draw in draws:
        few, many = (draw(count, generator=np.random.default_rng(1)) for count in (2, 5))
        assert many.shape == (5, 3, 16, 16) and many.dtype == np.float32
        assert many.min() >= 0 and many.max() <= 1
        np.testing.assert_allclose(few, many[:2], atol=1e-6)
        assert not np.allclose(many[0], many[1])


def test_full_covariance_is_that_of_the_images():
    # Away from 0 and 1, where nothing is clipped, the sample covariance must be the images' own.
    images = (smooth(40, size=8) * 0.2 + 100).astype(np.uint8)
    small = (images / 255).reshape(40, 3, 2, 4, 2, 4).mean(axis=(3, 5)).reshape(40, -1)
    wanted = np.cov(small, rowvar=False, bias=True) + 1e-4 * np.eye(12)
    drawn = FullCovariance(images, 4).draw(20000, generator=np.random.default_rng(0))
    found = np.cov(drawn[:, :, ::4, ::4].reshape(20000, -1), rowvar=False, bias=True)
    np.testing.assert_allclose(found, wanted, atol=0.05 * wanted.max())
    np.testing.assert_array_equal(drawn, drawn[:, :, ::4, ::4].repeat(4, axis=2).repeat(4, axis=3))


def test_full_covariance_refuses_what_it_cannot_use():
    with pytest.raises(ValueError, match="at least 2 of its images"):
        FullCovariance(smooth(1), 4)
    with pytest.raises(ValueError, match="grain must divide the image"):
        FullCovariance(smooth(3), 5)


def test_start_statistics_prefer_the_bundled_then_the_data_sets_own_then_natural_images():
    assert "CIFAR" in start_statistics("cat", "cifar10", 32).source.upper()
    assert start_statistics("cat", "cifar10", 16, dataset(12, CIFAR10)).mean.shape == (3, 16, 16)
    many = dataset(20, ClassSet("custom", ("ant", "bee")))
    own = start_statistics("bee", "custom", 16, many)
    np.testing.assert_allclose(own.mean, (many.images[1::2] / 255).mean(axis=0), atol=1e-6)
    few = start_statistics("bee", "custom", 16, dataset(4, ClassSet("custom", ("ant", "bee"))))
    np.testing.assert_allclose(few.mean[:, 0, 0], IMAGENET_MEAN, atol=1e-6)
    assert "not this class" in few.source


def test_draw_noise_of_a_target_does_not_depend_on_its_neighbours():
    both, alone = draw_noise(["cat", "a red bus"], 2, "cifar10", 7), draw_noise(["a red bus"], 2, "cifar10", 7)
    assert both.shape == (4, 3, 32, 32)
    np.testing.assert_array_equal(both[2:], alone)
    assert not np.array_equal(draw_noise(["cat"], 2, "cifar10", 8), both[:2])
