"""Hybrid images: the low frequencies of one picture with the high frequencies of another.

Source: Oliva, Torralba & Schyns 2006; in the spirit of the cue conflicts of Geirhos et al. 2019.
"""

from __future__ import annotations

import numpy as np

from core.fourier.basis import Array
from core.images.radii import wave_radii


def low_weight(height: int, width: int, cutoff: float) -> np.ndarray:
    """Return the share of each wave of `numpy.fft.rfft2` that comes from the low picture, (H, W // 2 + 1).

    exp(-r^2 / (2 cutoff^2)) at r cycles per image. At cutoff 0 only the mean of
    each channel comes from the low picture; at infinity everything does.

    Raises:
        ValueError: the cutoff is negative or NaN.
    """
    if not cutoff >= 0:
        raise ValueError(f"a cutoff counts cycles per image and is >= 0; got {cutoff}")
    radii = wave_radii(height, width)
    if cutoff == 0:
        return (radii == 0).astype(np.float64)
    return np.exp(-(radii**2) / (2 * cutoff**2))


def hybrid(low: Array, high: Array, cutoff: float) -> Array:
    """Return the low picture's low frequencies plus the high picture's high ones, clipped to [0, 1].

    Works on numpy arrays and on torch tensors, and returns the same kind.

    Args:
        low, high: (..., H, W) float in [0, 1], of one shape; channels are mixed separately.
        cutoff: as for `low_weight`.
    Returns:
        The same shape: arrays float32; tensors of the dtype and on the device of `low`, differentiable.
    """
    result = mix(low, high, cutoff).clip(0, 1)
    return result.astype(np.float32) if isinstance(result, np.ndarray) else result


def mix(low: Array, high: Array, cutoff: float) -> Array:
    """Mix two pictures as `hybrid` does, but without clipping and in float64."""
    if low.shape != high.shape:
        raise ValueError(f"both pictures must have one shape; got {tuple(low.shape)} and {tuple(high.shape)}")
    size = height, width = low.shape[-2:]
    weight = low_weight(height, width, cutoff)
    if isinstance(low, np.ndarray):
        spectra = [np.fft.rfft2(picture.astype(np.float64)) for picture in (low, high)]
        return np.fft.irfft2(weight * spectra[0] + (1 - weight) * spectra[1], s=size)
    from torch import fft

    share = low.new_tensor(weight)
    return fft.irfft2(share * fft.rfft2(low) + (1 - share) * fft.rfft2(high), s=size)


def clipped_share(unclipped: np.ndarray) -> np.ndarray:
    """Return the share of each picture's contrast lost by clipping, (...), in L2 norms over all channels; 0 without
    contrast.

    Args:
        unclipped: (..., C, H, W), as `mix` returns it. Contrast: the difference from the channel means.
    """
    taken = np.linalg.norm((unclipped - unclipped.clip(0, 1)).reshape(*unclipped.shape[:-3], -1), axis=-1)
    contrast = unclipped - unclipped.mean(axis=(-2, -1), keepdims=True)
    whole = np.linalg.norm(contrast.reshape(*unclipped.shape[:-3], -1), axis=-1)
    return np.divide(taken, whole, out=np.zeros_like(taken), where=whole > 0)
