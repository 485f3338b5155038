"""Hybrid images, with transforms written as sums."""

import math

import numpy as np
import pytest
import torch

from core.fourier.waves import clipped_share, hybrid, low_weight, mix


def coefficient(picture, i, j):
    """The textbook discrete Fourier transform of (H, W) at one wave."""
    h, w = picture.shape
    y, x = np.mgrid[:h, :w]
    return (picture * np.exp(-2j * np.pi * (i * y / h + j * x / w))).sum()


def pictures(seed=0, size=12):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.3, 0.7, (2, 3, size, size)).astype(np.float32)


@pytest.mark.parametrize("cutoff", [0.7, 2.0, 3.5])
def test_every_wave_of_a_hybrid_is_the_stated_share_of_both(cutoff):
    low, high = pictures()
    mixture = mix(low, high, cutoff)
    for i in range(-5, 6):
        for j in range(-5, 6):
            r = math.hypot(i, j)
            share = math.exp(-(r**2) / (2 * cutoff**2))
            expected = share * coefficient(low[1], i, j) + (1 - share) * coefficient(high[1], i, j)
            assert coefficient(mixture[1], i, j) == pytest.approx(expected, abs=1e-6)


def test_the_ends_of_the_cutoffs_give_one_picture():
    low, high = pictures()
    np.testing.assert_allclose(hybrid(low, high, math.inf), low, atol=1e-6)
    means = [picture.mean(axis=(1, 2), keepdims=True) for picture in (low, high)]
    np.testing.assert_allclose(hybrid(low, high, 0), high - means[1] + means[0], atol=1e-6)


def test_a_hybrid_is_clipped_and_says_how_much_that_took():
    low, high = np.zeros((3, 8, 8), np.float32), np.zeros((3, 8, 8), np.float32)
    high[:, ::2] = 1  # half above, half below its mean, which the low picture's mean replaces
    unclipped = mix(low, high, 0)
    np.testing.assert_allclose(unclipped, high - 0.5, atol=1e-12)
    image = hybrid(low, high, 0)
    assert image.dtype == np.float32 and set(np.unique(image)) == {0, 0.5}
    assert clipped_share(unclipped) == pytest.approx(math.sqrt(0.5))
    assert clipped_share(np.full((2, 3, 8, 8), 0.5)).tolist() == [0, 0]


@pytest.mark.parametrize("size", [32, 31, 224])
def test_tensors_get_the_pixels_of_arrays(size):
    low, high = np.random.default_rng(size).uniform(0, 1, (2, 2, 3, size, size))
    expected = hybrid(low, high, 4.0)
    for dtype in (torch.float32, torch.float64):
        result = hybrid(*(torch.tensor(picture, dtype=dtype) for picture in (low, high)), 4.0)
        assert result.dtype == dtype and result.device.type == "cpu"
        np.testing.assert_allclose(result.numpy(), expected, atol=1e-6)
    elsewhere = hybrid(*(torch.empty(3, 8, 8, device="meta") for _ in range(2)), 4.0)
    assert elsewhere.device.type == "meta" and elsewhere.shape == (3, 8, 8)


def test_a_hybrids_gradient_is_shared_by_wave():
    low, high = (torch.from_numpy(picture.astype("f8")).requires_grad_() for picture in pictures())
    ramp = torch.from_numpy(np.random.default_rng(1).normal(size=low.shape))
    (mix(low, high, 2.0) * ramp).sum().backward()
    # the filter is symmetric, so it is its own transpose
    nothing = np.zeros(low.shape)
    np.testing.assert_allclose(low.grad, mix(ramp.numpy(), nothing, 2.0), atol=1e-9)
    np.testing.assert_allclose(high.grad, mix(nothing, ramp.numpy(), 2.0), atol=1e-9)


def test_what_cannot_be_mixed_is_refused():
    for zeros in (np.zeros, torch.zeros):
        with pytest.raises(ValueError, match=r"one shape; got \(3, 8, 8\) and \(3, 8, 9\)"):
            hybrid(zeros((3, 8, 8)), zeros((3, 8, 9)), 2)
    for cutoff in (-1, math.nan):
        with pytest.raises(ValueError, match=">= 0"):
            low_weight(8, 8, cutoff)
