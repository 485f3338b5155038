"""Radii of waves against the waves."""

import numpy as np
import pytest

from core.data.corruptions import energy_by_radius, mean_radius, share_within, wave_radii


@pytest.mark.parametrize("size", [(8, 8), (9, 7), (6, 11)])
def test_each_coefficient_has_the_radius_of_its_wave(size):
    height, width = size
    rows, cols = np.mgrid[:height, :width]
    radii = wave_radii(height, width)
    for i in range(-((height - 1) // 2), (height + 1) // 2):
        for j in range((width + 1) // 2):
            spectrum = np.abs(np.fft.rfft2(np.cos(2 * np.pi * (i * rows / height + j * cols / width))))
            assert np.allclose(radii[spectrum > 1e-6], np.hypot(i, j))


def test_mean_radius_and_share_are_those_of_two_waves():
    rows, cols = np.mgrid[:32, :32]
    slow, fast = (np.cos(2 * np.pi * k * at / 32) for k, at in ((3, rows), (9, cols)))
    energy = energy_by_radius(np.stack([2 + slow, 2 + slow, np.sqrt(2) * fast])[None])
    assert mean_radius(energy) == pytest.approx(6) and share_within(energy, 8) == pytest.approx(0.5)
    assert mean_radius(np.zeros(5)) == share_within(np.zeros(5), 2) == 0
