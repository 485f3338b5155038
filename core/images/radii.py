"""Waves of an image by their radius in the Fourier plane, and how much of a change lies where."""

from __future__ import annotations

import numpy as np


def wave_radii(height: int, width: int) -> np.ndarray:
    """(H, W // 2 + 1) cycles per image of each coefficient of `numpy.fft.rfft2`."""
    return np.hypot(np.fft.fftfreq(height, 1 / height)[:, None], np.fft.rfftfreq(width, 1 / width))


def energy_by_radius(changes: np.ndarray) -> np.ndarray:
    """(R,) energy of the waves of each rounded radius from 0 to the corners, mean over the pictures.

    All together they are the mean square of the changes' L2 norms, over all channels (Parseval).

    Args:
        changes: (B, C, H, W), as perturbed minus clean images are.
    """
    height, width = changes.shape[-2:]
    energy = (np.abs(np.fft.fft2(changes.astype(np.float64))) ** 2).sum(axis=1).mean(axis=0) / (height * width)
    radius = np.hypot(np.fft.fftfreq(height, 1 / height)[:, None], np.fft.fftfreq(width, 1 / width))
    return np.bincount(np.rint(radius).astype(np.int64).ravel(), energy.ravel())


def mean_radius(energy: np.ndarray) -> float:
    """Mean radius in cycles per image of `energy_by_radius`, without the mean colour; 0 where nothing changed."""
    waves = energy[1:]
    return float(waves @ np.arange(1, len(energy)) / waves.sum()) if waves.sum() else 0.0


def share_within(energy: np.ndarray, radius: int) -> float:
    """Share of `energy_by_radius` in the waves of radius 1 to `radius`; 0 where nothing changed."""
    waves = energy[1:]
    return float(waves[:radius].sum() / waves.sum()) if waves.sum() else 0.0
