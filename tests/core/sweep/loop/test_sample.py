"""Samples of images: balanced, evenly drawn, equal on all machines, independent of other waves and of the signs."""

import numpy as np
import pytest

from core.fourier.waves import half_plane, random_signs
from core.sweep.waves import balanced_sample, images_per_wave, sampling_variance

LABELS = np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 3], [40, 40, 15, 5]))


def test_sample_holds_each_class_by_its_share():
    for wave in half_plane(9):
        for size in (20, 33, 100):
            chosen = balanced_sample(LABELS, size, wave, seed=7)
            assert len(set(chosen.tolist())) == size and (np.diff(chosen) > 0).all()
            shares = np.array([40, 40, 15, 5]) * size / 100
            assert (abs(np.bincount(LABELS[chosen], minlength=4) - shares) < 1).all()


def test_sample_draws_every_image_equally_often():
    waves = half_plane(63)
    drawn = np.bincount(np.concatenate([balanced_sample(LABELS, 30, wave, seed=1) for wave in waves]))
    expected = 0.3 * len(waves)
    assert abs(drawn - expected).max() < 4.5 * np.sqrt(expected * 0.7)  # binomial, the largest of a hundred


def test_sample_depends_on_wave_and_seed_alone():
    def sample(wave, seed):
        return balanced_sample(LABELS, 20, wave, seed=seed).tolist()

    assert sample((3, -2), 5) == sample((-3, 2), 5) == sample((3, -2), 5)
    samples = [sample((3, -2), 6), sample((3, 2), 5), sample((2, 3), 5)]
    assert all(other != sample((3, -2), 5) for other in samples)
    # Fixed values, so that a map begun by one version is not continued with other images by another.
    assert sample((3, -2), 5) == [3, 4, 13, 14, 16, 25, 31, 33, 44, 49, 51, 55, 58, 69, 70, 72, 77, 79, 90, 92]


def test_sample_does_not_follow_the_signs():
    labels = np.zeros(2000, int)
    positive = [
        (random_signs(2000, wave, seed=3)[balanced_sample(labels, 500, wave, seed=3)] > 0).mean(axis=0)
        for wave in half_plane(15)
    ]
    assert abs(np.mean(positive, axis=0) - 0.5).max() < 4 * 0.5 / np.sqrt(500 * len(half_plane(15)))


def test_share_of_the_passes_in_images():
    assert [images_per_wave(10_000, 0.02), images_per_wave(37, 0.02), images_per_wave(20, 1.0)] == [200, 1, 20]


def test_sampling_variance_is_that_of_many_samples():
    labels = np.repeat([0, 1, 2], [200, 200, 100])
    wrong = np.random.default_rng(2).random(500) < np.array([0.05, 0.9, 0.4])[labels]
    waves = half_plane(63)
    samples = [balanced_sample(labels, 100, wave, seed=0) for wave in waves]
    rates = np.array([wrong[sample].mean() for sample in samples])
    variance = np.mean([sampling_variance(wrong[sample], labels[sample], 500) for sample in samples])
    assert rates.mean() == pytest.approx(wrong.mean(), abs=0.003)
    assert variance == pytest.approx(rates.var(), rel=0.12)  # the variance of 1,985 draws is known to 3 %
    assert variance < 0.6 * 0.8 * wrong.mean() * (1 - wrong.mean()) / 100, "of images drawn at random"


def test_sampling_variance_of_single_images_is_that_of_the_whole_sample():
    wrong = np.array([True, False, False, True, False])
    assert sampling_variance(wrong, np.arange(5), 50) == pytest.approx(0.4 * 0.6 / 4 * 0.9)
