"""Radii of waves against the waves themselves."""

import numpy as np
import pytest

from core.images.radii import wave_radii


@pytest.mark.parametrize("size", [(8, 8), (9, 7), (6, 11)])
def test_each_coefficient_has_the_radius_of_its_wave(size):
    height, width = size
    rows, cols = np.mgrid[:height, :width]
    radii = wave_radii(height, width)
    for i in range(-((height - 1) // 2), (height + 1) // 2):
        for j in range((width + 1) // 2):
            spectrum = np.abs(np.fft.rfft2(np.cos(2 * np.pi * (i * rows / height + j * cols / width))))
            assert np.allclose(radii[spectrum > 1e-6], np.hypot(i, j))
