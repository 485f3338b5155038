"""The ideal filters against a discrete Fourier transform written out as a sum."""

import numpy as np
import pytest

from core.images.radial_filter import filter_radii, high_pass, low_pass, wave_radii


def written_out(image, keep):
    """The waves (i, j) of one channel for which `keep(radius)` holds, each by its own two sums over pixels."""
    height, width = image.shape
    rows, cols = np.mgrid[:height, :width]
    total = np.zeros((height, width), dtype=complex)
    for i in range(-(height // 2), (height + 1) // 2):
        for j in range(-(width // 2), (width + 1) // 2):
            if keep((i**2 + j**2) ** 0.5):
                wave = np.exp(2j * np.pi * (i * rows / height + j * cols / width))
                total += (image * wave.conj()).mean() * wave
    assert abs(total.imag).max() < 1e-9 or height % 2 == 0
    return total.real


@pytest.mark.parametrize("size", [(8, 8), (9, 7), (6, 11)])
@pytest.mark.parametrize("radius", [0, 1, 2.3, 3, 4.2])
def test_filters_keep_the_waves_that_they_say(size, radius):
    images = np.random.default_rng(0).random((2, 3, *size)).astype(np.float32)
    low, high = low_pass(images, radius), high_pass(images, radius)
    assert low.dtype == high.dtype == np.float32 and low.shape == high.shape == images.shape
    for n in range(2):
        for c in range(3):
            expected = written_out(images[n, c], lambda r: r <= radius)
            np.testing.assert_allclose(low[n, c], expected.clip(0, 1), atol=1e-6)
            expected = written_out(images[n, c], lambda r: r == 0 or r > radius)
            np.testing.assert_allclose(high[n, c], expected.clip(0, 1), atol=1e-6)


def test_at_the_ends_everything_or_the_mean_is_left():
    images = np.random.default_rng(1).random((1, 3, 32, 32)).astype(np.float32)
    mean = np.broadcast_to(images.mean((2, 3), keepdims=True), images.shape)
    last = filter_radii(32)[-1]
    for found, expected in (
        (low_pass(images, last), images),
        (low_pass(images, 0), mean),
        (high_pass(images, 0), images),
        (high_pass(images, last), mean),
    ):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    with pytest.raises(ValueError, match="a radius counts cycles"):
        low_pass(images, -1)


@pytest.mark.parametrize("size", [8, 32, 224])
def test_radii_to_try_ascend_from_zero_to_one_that_holds_every_wave(size):
    radii = filter_radii(size)
    assert radii[0] == 0 and list(radii) == sorted(set(radii)) and len(radii) <= 33
    assert radii[-2] < wave_radii(size, size).max() <= radii[-1]
