"""Hybrid images, with transforms written as sums."""

import math

import numpy as np
import pytest

from core.fourier.waves import clipped_fraction, hybrid, low_weight, mix


def coefficient(picture, i, j):
    """The textbook discrete Fourier transform of (H, W) at one wave."""
    h, w = picture.shape
    y, x = np.mgrid[:h, :w]
    return (picture * np.exp(-2j * np.pi * (i * y / h + j * x / w))).sum()


def pictures(seed=0, size=12):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.3, 0.7, (2, 3, size, size)).astype(np.float32)


@pytest.mark.parametrize("cutoff", [0.7, 2.0, 3.5])
def test_hybrid_mixes_each_wave_by_its_weight(cutoff):
    low, high = pictures()
    mixture = mix(low, high, cutoff)
    for i in range(-5, 6):
        for j in range(-5, 6):
            r = math.hypot(i, j)
            share = math.exp(-(r**2) / (2 * cutoff**2))
            expected = share * coefficient(low[1], i, j) + (1 - share) * coefficient(high[1], i, j)
            assert coefficient(mixture[1], i, j) == pytest.approx(expected, abs=1e-6)


def test_extreme_cutoffs_give_one_picture():
    low, high = pictures()
    np.testing.assert_allclose(hybrid(low, high, math.inf), low, atol=1e-6)
    means = [picture.mean(axis=(1, 2), keepdims=True) for picture in (low, high)]
    np.testing.assert_allclose(hybrid(low, high, 0), high - means[1] + means[0], atol=1e-6)


def test_hybrid_clipping_is_reported():
    low, high = np.zeros((3, 8, 8), np.float32), np.zeros((3, 8, 8), np.float32)
    high[:, ::2] = 1  # half above, half below its mean, which the low picture's mean replaces
    unclipped = mix(low, high, 0)
    np.testing.assert_allclose(unclipped, high - 0.5, atol=1e-12)
    image = hybrid(low, high, 0)
    assert image.dtype == np.float32 and set(np.unique(image)) == {0, 0.5}
    assert clipped_fraction(unclipped) == pytest.approx(math.sqrt(0.5))
    assert clipped_fraction(np.full((2, 3, 8, 8), 0.5)).tolist() == [0, 0]


def test_mismatched_pictures_are_refused():
    with pytest.raises(ValueError, match=r"one shape; got \(3, 8, 8\) and \(3, 8, 9\)"):
        hybrid(np.zeros((3, 8, 8)), np.zeros((3, 8, 9)), 2)
    for cutoff in (-1, math.nan):
        with pytest.raises(ValueError, match=">= 0"):
            low_weight(8, 8, cutoff)
