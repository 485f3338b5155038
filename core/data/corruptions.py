"""Corruptions after ImageNet-C, and the radii at which they change a picture."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from core.data.picture_files import to_uint8

STRENGTHS = (1, 2, 3)
_SMALL_SIZE, _LARGE_SIZE, _LARGE_FROM = 32, 224, 65  # pixels; ImageNet-C's lengths apply from _LARGE_FROM on
Amounts = tuple[float, float, float]
# (B, 3, H, W) float64 pictures, the amount and a generator for each picture -> pictures, before clipping to [0, 1].
Change = Callable[[np.ndarray, float, Sequence[np.random.Generator]], np.ndarray]


@dataclass(frozen=True)
class Corruption:
    """One corruption.

    label: display name. band: "low" or "high", the frequencies that it changes most. unit: unit of the amounts.
    amounts: at strengths 1, 2 and 3. small: amounts in pixels of 32, if `amounts` are in pixels of 224. source: a
    sentence on origin and differences.
    """

    key: str
    label: str
    band: Literal["low", "high"]
    unit: str
    amounts: Amounts
    change: Change
    source: str
    small: Amounts | None = None

    @property
    def inline_label(self) -> str:
        """The label inside a sentence."""
        return self.label if self.label.startswith(("Gaussian", "JPEG")) else self.label.lower()

    def amount(self, strength: int, size: int) -> float:
        """Return the amount at a strength of 1 to 3 for pictures of `size` pixels; lengths scale with the size."""
        if self.small is None:
            return self.amounts[strength - 1]
        amounts, usual_size = (self.amounts, _LARGE_SIZE) if size >= _LARGE_FROM else (self.small, _SMALL_SIZE)
        return amounts[strength - 1] * size / usual_size


def corrupt(
    images: np.ndarray, corruption: Corruption, strength: int, positions: Sequence[int], *, seed: int = 0
) -> np.ndarray:
    """Return pictures under a corruption.

    A picture's random numbers depend only on seed, corruption and position, not on batch or strength, so a greater
    strength scales the same noise.

    Args:
        images: (B, 3, H, W) float in [0, 1].
        strength: 1, 2 or 3.
        positions: index of each picture in its data set, >= 0.
        seed: >= 0.
    Returns:
        The same shape, float32 in [0, 1].
    """
    generators = [np.random.default_rng([seed, int(position), *corruption.key.encode()]) for position in positions]
    amount = corruption.amount(strength, images.shape[-1])
    return corruption.change(images.astype(np.float64), amount, generators).clip(0, 1).astype(np.float32)


def _noise(images: np.ndarray, amount: float, generators: Sequence[np.random.Generator]) -> np.ndarray:
    return images + amount * np.stack([generator.standard_normal(images.shape[1:]) for generator in generators])


def _impulses(images: np.ndarray, amount: float, generators: Sequence[np.random.Generator]) -> np.ndarray:
    drawn = np.stack([generator.random(images.shape[1:]) for generator in generators])
    return np.where(drawn < amount / 2, 0.0, np.where(drawn > 1 - amount / 2, 1.0, images))


def _blur(images: np.ndarray, amount: float, generators: Sequence[np.random.Generator]) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(images, (0, 0, amount, amount), mode="nearest")


def _pixelation(images: np.ndarray, amount: float, generators: Sequence[np.random.Generator]) -> np.ndarray:
    def coarse(picture: Image.Image) -> Image.Image:
        width, height = picture.size
        few = max(1, int(width * amount)), max(1, int(height * amount))
        return picture.resize(few, Image.Resampling.BOX).resize((width, height), Image.Resampling.BOX)

    return _by_pillow(images, coarse)


def _jpeg(images: np.ndarray, amount: float, generators: Sequence[np.random.Generator]) -> np.ndarray:
    def compressed(picture: Image.Image) -> Image.Image:
        picture.save(file := io.BytesIO(), "JPEG", quality=int(amount))
        return Image.open(file)

    return _by_pillow(images, compressed)


def _by_pillow(images: np.ndarray, change: Callable[[Image.Image], Image.Image]) -> np.ndarray:
    changed = [np.asarray(change(Image.fromarray(to_uint8(image)))) for image in images]
    return np.stack(changed).transpose(0, 3, 1, 2) / 255


def _contrast(images: np.ndarray, amount: float, generators: Sequence[np.random.Generator]) -> np.ndarray:
    means = images.mean(axis=(-2, -1), keepdims=True)
    return (images - means) * amount + means


def _brightness(images: np.ndarray, amount: float, generators: Sequence[np.random.Generator]) -> np.ndarray:
    # Scaling all channels alike keeps hue and saturation; value is the largest channel; black becomes grey.
    value = images.max(axis=1, keepdims=True)
    brighter = np.minimum(value + amount, 1)
    return np.where(value > 0, images * np.divide(brighter, value, where=value > 0, out=np.ones_like(value)), brighter)


FOGS: Amounts = (1.5, 2.0, 2.5)
FOG_DECAYS = dict(zip(FOGS, (2.0, 2.0, 1.7), strict=True))  # decay of the heights per octave


def _fog(images: np.ndarray, amount: float, generators: Sequence[np.random.Generator]) -> np.ndarray:
    brightest = images.max(axis=(1, 2, 3), keepdims=True)
    clouds = np.stack([_cloud(images.shape[-2:], FOG_DECAYS[amount], generator) for generator in generators])
    return (images + amount * clouds[:, None]) * brightest / (brightest + amount)


def _cloud(shape: tuple[int, ...], decay: float, generator: np.random.Generator) -> np.ndarray:
    """Return (H, W) noise from 0 to 1: waves of r cycles per image have amplitudes like r^-(1 + log2 decay).

    The same holds for ImageNet-C's surface, made by midpoint displacement with heights shrinking by `decay` (Saupe
    1988).
    """
    radii = wave_radii(*shape)
    weight = np.where(radii > 0, np.maximum(radii, 1) ** -(1 + math.log2(decay)), 0)
    heights = np.fft.irfft2(np.fft.rfft2(generator.standard_normal(shape)) * weight, s=shape)
    return (heights - heights.min()) / np.ptp(heights)


_CORRUPTIONS = (
    Corruption("noise", "Gaussian noise", "high", "standard deviation, of 1", (0.08, 0.12, 0.18), _noise,
                "ImageNet-C’s gaussian_noise."),
    Corruption("impulses", "Impulse noise", "high", "share of values set to 0 or 1", (0.03, 0.06, 0.09), _impulses,
                "ImageNet-C’s impulse_noise, in each channel separately."),
    Corruption("blur", "Blur", "high", "standard deviation, pixels of 224", (1.0, 2.0, 3.0), _blur,
                "ImageNet-C’s gaussian_blur; up to 64 pixels CIFAR-10-C’s, scaled with the side.",
                small=(0.4, 0.6, 0.7)),
    Corruption("pixelation", "Pixelation", "high", "share of the side that is left", (0.6, 0.5, 0.4), _pixelation,
                "ImageNet-C’s pixelate; its lengths are fractions of the side."),
    Corruption("jpeg", "JPEG", "high", "quality", (25, 18, 15), _jpeg,
                "ImageNet-C’s jpeg_compression; its blocks of 8 × 8 pixels are a quarter of the side of a small "
                "picture."),
    Corruption("contrast", "Contrast", "low", "share of the contrast that is left", (0.4, 0.3, 0.2), _contrast,
                "ImageNet-C’s contrast, around the mean of each channel."),
    Corruption("brightness", "Brightness", "low", "added to the value of each pixel’s colour", (0.1, 0.2, 0.3),
                _brightness, "ImageNet-C’s brightness; hue and saturation stay."),
    Corruption("fog", "Fog", "low", "height of the fog, of 1", FOGS, _fog,
                "ImageNet-C’s fog; its surface is a sum of waves with the same amplitudes."),
)  # fmt: skip
CORRUPTIONS = {row.key: row for row in _CORRUPTIONS}


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


def fraction_within(energy: np.ndarray, radius: int) -> float:
    """Return the share of `energy_by_radius` at radius 1 to `radius`; 0 if nothing changed."""
    waves = energy[1:]
    return float(waves[:radius].sum() / waves.sum()) if waves.sum() else 0.0


def fraction_above(energy: np.ndarray, radius: int) -> float:
    """Return the share of `energy_by_radius` above `radius`, without the mean colour; 0 if nothing changed."""
    return 1 - fraction_within(energy, radius) if energy[1:].any() else 0.0
