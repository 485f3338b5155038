"""Colours of natural pixels, and the faint noise of a grey start. Does not import torch.

`precomputed.make_statistics` writes the file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from core.data.statistics.class_statistics import STATISTICS

NATURAL_PIXELS = STATISTICS / "natural_pixels.json"
PINK, FAINT = 1.4, 0.03  # the noise's amplitude falls as 1/f^1.4; its standard deviation


@dataclass(frozen=True, eq=False)
class NaturalPixels:
    """Mean (3,) and covariance (3, 3) of pixel colours in [0, 1]; source: a description."""

    mean: np.ndarray
    covariance: np.ndarray
    source: str

    @cached_property
    def _eigen(self) -> tuple[np.ndarray, np.ndarray]:
        return np.linalg.eigh(self.covariance)

    def covariance_power(self, power: float) -> np.ndarray:
        """Return a power of the covariance, (3, 3), divided by its largest eigenvalue."""
        values, axes = self._eigen
        return (axes * (values / values[-1]) ** power) @ axes.T


@cache
def natural_pixels() -> NaturalPixels:
    """Load the bundled colours."""
    content = json.loads(NATURAL_PIXELS.read_text("utf-8"))
    return NaturalPixels(np.array(content["mean"]), np.array(content["covariance"]), content["source"])


@dataclass(frozen=True, eq=False)
class GreyNoise:
    """Faint pink noise in natural colours around their mean, without any class information.

    Source: Olah et al. 2017 (natural spectrum and colours).
    """

    image_size: int

    @property
    def mean(self) -> np.ndarray:
        """Mean colour everywhere, (3, H, W)."""
        plane = np.ones((1, self.image_size, self.image_size), dtype=np.float32)
        return natural_pixels().mean.astype(np.float32)[:, None, None] * plane

    @property
    def source(self) -> str:
        return f"pink noise (1/f^{PINK:g}, standard deviation {FAINT:g}) in the colours of {natural_pixels().source}"

    def draw(self, count: int, *, generator: np.random.Generator) -> np.ndarray:
        """(count, 3, H, W) float32 in [0, 1]; the first ones do not depend on how many are drawn."""
        size, pixels = self.image_size, natural_pixels()
        noise = generator.standard_normal((count, 3, size, size))
        frequency = np.hypot(np.fft.fftfreq(size, 1 / size)[:, None], np.fft.rfftfreq(size, 1 / size))
        pink = np.fft.irfft2(np.fft.rfft2(noise) * np.maximum(frequency, 1) ** -PINK, s=(size, size))
        colored = np.einsum("dc,bchw->bdhw", pixels.covariance_power(0.5), pink)
        colored *= FAINT / colored.std(axis=(1, 2, 3), keepdims=True)
        return (pixels.mean[:, None, None] + colored).clip(0, 1).astype(np.float32)
