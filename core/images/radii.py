"""Radii of an image's waves in the Fourier plane, and the energy of changes by radius."""

from __future__ import annotations

import numpy as np


def wave_radii(height: int, width: int) -> np.ndarray:
    """Return the cycles per image of each coefficient of `numpy.fft.rfft2`, (H, W // 2 + 1)."""
    return np.hypot(np.fft.fftfreq(height, 1 / height)[:, None], np.fft.rfftfreq(width, 1 / width))


def energy_by_radius(changes: np.ndarray) -> np.ndarray:
    """Return the energy by rounded radius from 0 to the corners, (R,), mean over the pictures.

    The sum is the mean squared L2 norm of the changes, over all channels (Parseval).

    Args:
        changes: (B, C, H, W), such as perturbed minus clean images.
    """
    height, width = changes.shape[-2:]
    energy = (np.abs(np.fft.fft2(changes.astype(np.float64))) ** 2).sum(axis=1).mean(axis=0) / (height * width)
    radius = np.hypot(np.fft.fftfreq(height, 1 / height)[:, None], np.fft.fftfreq(width, 1 / width))
    return np.bincount(np.rint(radius).astype(np.int64).ravel(), energy.ravel())


def mean_radius(energy: np.ndarray) -> float:
    """Return the mean radius of `energy_by_radius` in cycles per image, without the mean colour; 0 if unchanged."""
    waves = energy[1:]
    return float(waves @ np.arange(1, len(energy)) / waves.sum()) if waves.sum() else 0.0


def share_within(energy: np.ndarray, radius: int) -> float:
    """Return the share of `energy_by_radius` at radius 1 to `radius`; 0 if nothing changed."""
    waves = energy[1:]
    return float(waves[:radius].sum() / waves.sum()) if waves.sum() else 0.0
