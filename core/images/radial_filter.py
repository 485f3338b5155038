"""Images by radius in the Fourier plane: without their fast or slow waves, and how much of a change lies where."""

from __future__ import annotations

import math

import numpy as np

MAX_STEPS = 32  # up to so many cycles per image every radius is tried, beyond that fewer and fewer


def low_pass(images: np.ndarray, radius: float) -> np.ndarray:
    """Keep the waves of at most `radius` cycles per image; at 0 the mean of each channel is left.

    The filter is ideal: a wave (i, j) is kept whole where sqrt(i^2 + j^2) <= radius, and else not at all, which leaves
    ripples beside edges. These may leave [0, 1], and are clipped.

    Args:
        images: (..., H, W) float in [0, 1], each channel filtered by itself.
        radius: cycles per image, >= 0.
    Returns:
        The same shape, float32 in [0, 1].
    """
    return _filtered(images, wave_radii(*images.shape[-2:]) <= _checked(radius))


def high_pass(images: np.ndarray, radius: float) -> np.ndarray:
    """Keep the waves of more than `radius` cycles per image and the mean of each channel: what `low_pass` removes.

    Without the mean there would be as much below 0 as above, and half the picture would be clipped away. Before
    clipping the images low-passed and high-passed add up to the image and its mean. At 0 nothing is removed. Arguments
    and result as `low_pass`.
    """
    radii = wave_radii(*images.shape[-2:])
    return _filtered(images, (radii > _checked(radius)) | (radii == 0))


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


def filter_radii(size: int) -> tuple[int, ...]:
    """The radii to try on size x size pixels, from 0 to one that holds every wave.

    All whole numbers for small pictures; for larger ones, in octaves, 2^k and 3 * 2^(k - 1).
    """
    last = math.ceil(math.hypot(size // 2, size // 2))
    if last <= MAX_STEPS:
        return tuple(range(last + 1))
    powers = [2**k for k in range(last.bit_length()) if 2**k < last]
    between = [3 * power // 2 for power in powers[1:] if 3 * power // 2 < last]
    return tuple(sorted([0, *powers, *between, last]))


def _filtered(images: np.ndarray, kept: np.ndarray) -> np.ndarray:
    spectrum = np.fft.rfft2(images.astype(np.float64)) * kept
    return np.fft.irfft2(spectrum, s=images.shape[-2:]).clip(0, 1).astype(np.float32)


def _checked(radius: float) -> float:
    if not radius >= 0:
        raise ValueError(f"a radius counts cycles per image and is >= 0; got {radius}")
    return radius
