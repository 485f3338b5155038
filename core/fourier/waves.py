"""Fourier basis waves, their frequencies, and images perturbed by them (paper, sec. 2.1, Eq. 1).

A frequency (i, j) counts cycles per image: i vertical, j horizontal, both signed. A heat map of odd size R shows
frequency (i, j) in cell (row, col) = (i + R // 2, j + R // 2), with zero frequency in the middle."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from core.data.corruptions import wave_radii
from core.data.sample_sets import PRECOMPUTED
from core.shared.numbers import Frequency

if TYPE_CHECKING:
    from torch import Tensor


# numpy array or torch tensor; torch is not imported, as pages draw waves without it.
Array = Any


def check_size(size: int) -> None:
    """Raise ValueError unless `size` is odd and positive."""
    if size < 1 or size % 2 == 0:
        raise ValueError(f"the size of a heat map must be odd to have a cell for zero frequency; got {size}")


def largest_size(height: int, width: int) -> int:
    """Return the size of the largest heat map with all frequencies below an image's Nyquist frequency."""
    return 2 * ((min(height, width) - 1) // 2) + 1


def frequency_to_cell(i: int, j: int, size: int) -> tuple[int, int]:
    """Return the cell (row, col) of frequency (i, j) in a heat map of this size."""
    check_size(size)
    half = size // 2
    if max(abs(i), abs(j)) > half:
        raise ValueError(
            f"frequency ({i}, {j}) lies outside a heat map of size {size}: use -{half} to {half} cycles per image"
        )
    return i + half, j + half


def canonical_frequency(i: int, j: int) -> Frequency:
    """Return the one of (i, j) and (-i, -j), two names of one wave, with j > 0, or j = 0 and i >= 0."""
    return (i, j) if j > 0 or (j == 0 and i >= 0) else (-i, -j)


@lru_cache(maxsize=8)
def half_plane(size: int) -> tuple[Frequency, ...]:
    """Return the (size * size + 1) / 2 distinct waves of a heat map, lowest frequency first."""
    check_size(size)
    half = size // 2
    signed = range(-half, half + 1)
    waves = [(i, j) for i in signed for j in signed if canonical_frequency(i, j) == (i, j)]
    return tuple(sorted(waves, key=lambda wave: (wave[0] ** 2 + wave[1] ** 2, wave)))


def rounded_radius(waves: Sequence[Frequency] | np.ndarray) -> np.ndarray:
    """Return the ring of each wave, (W,) int64: sqrt(i^2 + j^2), rounded to whole cycles per image."""
    i, j = np.reshape(waves, (-1, 2)).T
    return np.rint(np.hypot(i, j)).astype(np.int64)


def wave_values(array: np.ndarray, waves: Sequence[Frequency] | np.ndarray) -> np.ndarray:
    """Return the values of (..., R, R) maps at W waves, (..., W)."""
    rows, cols = np.array(waves, dtype=np.int64).reshape(-1, 2).T + array.shape[-1] // 2
    return array[..., rows, cols]


def wave_map(values: np.ndarray, waves: Sequence[Frequency] | np.ndarray, size: int) -> np.ndarray:
    """Return (..., R, R) maps with (..., W) values at (i, j) and (-i, -j) of each wave; NaN elsewhere."""
    array = np.full((*values.shape[:-1], size, size), np.nan)
    for sign in (1, -1):
        rows, cols = sign * np.reshape(waves, (-1, 2)).T + size // 2
        array[..., rows, cols] = values
    return array


def fourier_basis(i: int, j: int, height: int, width: int) -> np.ndarray:
    """Return the real wave of L2 norm 1 with a discrete Fourier transform only at (i, j) and (-i, -j).

    Args:
        i, j: vertical and horizontal frequency, cycles per image; at most half the height and width.
        height, width: size of the wave in pixels, even or odd.
    Returns:
        (H, W) float32, a cosine with phase 0 at the top-left pixel.
    Raises:
        ValueError: the frequency is beyond Nyquist and would alias.
    Source: Yin et al. 2019, sec. 2. The phase is that of the code behind the paper's figures.
    """
    if height < 1 or width < 1:
        raise ValueError(f"a wave needs a size of at least 1 x 1 pixel; got {height} x {width}")
    if abs(i) > height // 2 or abs(j) > width // 2:
        raise ValueError(
            f"frequency ({i}, {j}) is beyond Nyquist for {height} x {width} pixels: "
            f"use at most {height // 2} vertical and {width // 2} horizontal cycles per image"
        )
    down = 2 * np.pi * i * np.arange(height) / height
    across = 2 * np.pi * j * np.arange(width) / width
    # cos(a + b) by the addition theorem: H + W cosines and sines instead of H * W.
    wave = np.outer(np.cos(down), np.cos(across)) - np.outer(np.sin(down), np.sin(across))
    return (wave / np.linalg.norm(wave)).astype(np.float32)


def random_signs(count: int, frequency: Frequency, *, seed: int) -> np.ndarray:
    """Return the random signs r of Eq. 1, one per image and channel, determined by seed and wave alone.

    The k-th image of a data set gets the same signs for any batch size, order of cells, number of images or number of
    processes; (i, j) and (-i, -j) share theirs. They are raw bits of a counter-based generator; numpy
    guarantees its stream.

    Args:
        count: number of images.
        frequency: the wave (i, j).
        seed: 0 to 2**64 - 1.
    Returns:
        (count, 3) int8, each -1 or 1.
    """
    integers = wave_bits(-(-3 * count // 64), frequency, seed=seed)
    bits = np.unpackbits(integers.astype("<u8").view(np.uint8), bitorder="little")[: 3 * count]
    return (2 * bits.astype(np.int8) - 1).reshape(count, 3)


def wave_bits(count: int, frequency: Frequency, *, seed: int, stream: int = 0) -> np.ndarray:
    """Return (count,) uint64 of random bits, determined by seed, wave and stream: 0 for signs, 1 for samples.

    Streams are far apart in one generator's counter, so they never overlap.
    """
    if not 0 <= seed < 2**64:
        raise ValueError(f"a seed lies between 0 and 2**64 - 1; got {seed}")
    i, j = canonical_frequency(*frequency)
    wave_id = (i % 2**32) << 32 | (j % 2**32)
    key = np.array([seed, wave_id], dtype=np.uint64)
    return np.random.Philox(key=key, counter=stream << 192).random_raw(count)


def all_random_signs(size: int, count: int, *, seed: int) -> np.ndarray:
    """Return `random_signs` of every cell of a heat map, (R, R, count, 3) int8."""
    signs, half = np.empty((size, size, count, 3), np.int8), size // 2
    for i, j in half_plane(size):
        signs[[half + i, half - i], [half + j, half - j]] = random_signs(count, (i, j), seed=seed)
    return signs


def perturb(images: Array, scaled: Array, signs: Array) -> Array:
    """Eq. 1: clip(X + r v U, 0, 1), for numpy arrays and torch tensors alike; `wave.js` is its twin in the browser.

    Args:
        images: X, (..., 3, H, W) float32 in [0, 1].
        scaled: v U, waves times their size. signs: r, each -1 or 1. Both broadcast to the result's shape, X to it.
    """
    perturbed = signs * scaled
    perturbed += images
    return perturbed.clip(0, 1)


def add_basis(images: Array, basis: Array, epsilon: float, *, signs: Array) -> Array:
    """Perturb every image by one Fourier wave of L2 size `epsilon` per channel; clipping makes the change smaller.

    Works on numpy arrays and on torch tensors, and returns the same kind.

    Args:
        images: (B, 3, H, W) float32, pixel values in [0, 1].
        basis: (H, W) float32 with L2 norm 1.
        epsilon: L2 size per channel, in [0, 1] pixel units; must be >= 0.
        signs: (B, 3) int8, each -1 or 1; see `random_signs`.
    Returns:
        (B, 3, H, W) float32 in [0, 1].
    Raises:
        ValueError: spatial sizes differ, signs have another shape, or epsilon is negative.
    Source: Yin et al. 2019, sec. 2; paper Eq. 1.
    """
    if epsilon < 0:
        raise ValueError(f"epsilon is a size and cannot be negative; got {epsilon}")
    if images.shape[-2:] != basis.shape:
        raise ValueError(f"the wave is {tuple(basis.shape)} pixels but the images are {tuple(images.shape[-2:])}")
    if signs.shape != images.shape[:2]:
        raise ValueError(
            f"signs must be {tuple(images.shape[:2])}, one per image and channel; got {tuple(signs.shape)}"
        )
    return perturb(images, basis * epsilon, signs[:, :, None, None])


def low_weight(height: int, width: int, cutoff: float) -> np.ndarray:
    """Return the share of each wave of `numpy.fft.rfft2` that comes from the low picture, (H, W // 2 + 1).

    exp(-r^2 / (2 cutoff^2)) at r cycles per image. At cutoff 0 only the mean of each channel comes from the low
    picture; at infinity everything does.

    Raises:
        ValueError: the cutoff is negative or NaN.
    """
    if not cutoff >= 0:
        raise ValueError(f"a cutoff counts cycles per image and is >= 0; got {cutoff}")
    radii = wave_radii(height, width)
    if cutoff == 0:
        return (radii == 0).astype(np.float64)
    return np.exp(-(radii**2) / (2 * cutoff**2))


def hybrid(low: np.ndarray, high: np.ndarray, cutoff: float) -> np.ndarray:
    """Return the low picture's low frequencies plus the high picture's high ones, clipped to [0, 1].

    Args:
        low, high: (..., H, W) float in [0, 1], of one shape; channels are mixed separately.
        cutoff: as for `low_weight`.
    Returns:
        The same shape, float32.
    """
    return mix(low, high, cutoff).clip(0, 1).astype(np.float32)


def mix(low: np.ndarray, high: np.ndarray, cutoff: float) -> np.ndarray:
    """Mix two pictures as `hybrid` does, but without clipping and in float64."""
    if low.shape != high.shape:
        raise ValueError(f"both pictures must have one shape; got {tuple(low.shape)} and {tuple(high.shape)}")
    size = height, width = low.shape[-2:]
    weight = low_weight(height, width, cutoff)
    spectra = [np.fft.rfft2(picture.astype(np.float64)) for picture in (low, high)]
    return np.fft.irfft2(weight * spectra[0] + (1 - weight) * spectra[1], s=size)


def clipped_fraction(unclipped: np.ndarray) -> np.ndarray:
    """Return the share of each picture's contrast lost by clipping, (...), in L2 norms over all channels.

    Contrast is the difference from the channel means; the share is 0 without any.

    Args:
        unclipped: (..., C, H, W), as `mix` returns it.
    """
    taken = np.linalg.norm((unclipped - unclipped.clip(0, 1)).reshape(*unclipped.shape[:-3], -1), axis=-1)
    contrast = unclipped - unclipped.mean(axis=(-2, -1), keepdims=True)
    whole = np.linalg.norm(contrast.reshape(*unclipped.shape[:-3], -1), axis=-1)
    return np.divide(taken, whole, out=np.zeros_like(taken), where=whole > 0)


# Made by precomputed/makers/class_statistics.py of commit 14e202db.
STORED_ATTENUATION = PRECOMPUTED / "strength" / "resize_attenuation.npz"
_AMPLITUDE = 0.25  # of the wave, around middle grey, to avoid clipping
_AT_ONCE = 32  # waves in memory


def resize_attenuation_map(image_size: int, network_size: int) -> np.ndarray | None:
    """Return the stored share of each wave's norm that resizing keeps, (R, R); None if not measured."""
    with np.load(STORED_ATTENUATION) as file:
        return file.get(f"{image_size}_{network_size}")


class Resize(Protocol):
    """A network's preprocessing (`core.classifiers.classifier.Preprocess`). size: input size in pixels."""

    size: int
    std: Tensor

    def __call__(self, images: Tensor) -> Tensor:
        """Resize and normalise (B, 3, H, W) images."""


def resize_attenuation(preprocess: Resize, image_size: int, size: int) -> np.ndarray:
    """Compute the share of each wave's L2 norm that reaches the network's input.

    Norms are divided by the ratio of the sizes, as n-fold enlargement multiplies any norm by n: a wave that keeps its
    amplitude has share 1. An epsilon of v at the image amounts to `share * v` at the network.

    Args:
        image_size: size of the images in pixels, before preprocessing.
        size: R, of the heat map.
    Returns:
        (R, R) share, 1 if nothing is lost.
    """
    import torch

    shares, waves = [], half_plane(size)
    grey = torch.full((1, 3, image_size, image_size), 0.5)
    with torch.inference_mode():
        flat = preprocess(grey)
        for start in range(0, len(waves), _AT_ONCE):
            group = waves[start : start + _AT_ONCE]
            units = torch.from_numpy(np.stack([fourier_basis(i, j, image_size, image_size) for i, j in group]))
            peak = units.abs().amax((1, 2), keepdim=True)
            scaled = (units * _AMPLITUDE / peak)[:, None]
            change = ((preprocess(grey + scaled) - flat) * preprocess.std)[:, 0]
            shares.append(change.norm(dim=(1, 2)) / scaled[:, 0].norm(dim=(1, 2)) * image_size / preprocess.size)
    return wave_map(torch.cat(shares).numpy(), waves, size)
