"""Noise to start generation from, with the pixel statistics of a class. Does not import torch.

The first images do not depend on how many are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.data.class_statistics import ClassStatistics

# Santurkar et al. add this to the diagonal of the covariance.
DIAGONAL = 1e-4


@dataclass(frozen=True, eq=False)
class ClassCovariance:
    """A normal distribution over whole small images: what varies together in a class, not pixel by pixel.

    Its covariance is deviations.T @ deviations + 1e-4 * identity. With n images of d values each it has rank n, so
    keeping the n x d deviations is exact and spares the d x d matrix (d = 9,408 at 224 pixels, n = some hundreds).

    mean: (3, h, w) in [0, 1]. deviations: (n, 3 * h * w), images minus mean, over the square root of n.
    grain: side of the square that one small pixel stands for. source: a phrase for people.
    """

    mean: np.ndarray
    deviations: np.ndarray
    grain: int
    source: str


def noise_images(statistics: ClassStatistics, count: int, *, generator: np.random.Generator) -> np.ndarray:
    """(count, 3, H, W) float32 seeds: each pixel and channel drawn alone from Normal(mean, std), clipped to [0, 1].

    Source: the paper, sec. 2.2.
    """
    noise = _normal((count, *statistics.mean.shape), generator)
    return (statistics.mean + statistics.std * noise).clip(0, 1).astype(np.float32)


def class_covariance(images: np.ndarray, source: str, grain: int = 4) -> ClassCovariance:
    """The full-covariance normal of (N, 3, H, W) images at 1 / grain of their resolution (means of squares).

    Raises:
        ValueError: fewer than two images, or a grain that does not divide the image.
    Source: generation notebook of Santurkar et al. 2019, which takes grain 4 at 224 pixels and 1 at 32.
    """
    n, channels, height, width = images.shape
    if n < 2:
        raise ValueError(f"pixel statistics need at least 2 images of the class; got {n}")
    if grain < 1 or height % grain or width % grain:
        raise ValueError(f"grain must divide the image, {width} x {height} pixels; got {grain}")
    h, w = height // grain, width // grain
    squares = (_unit_range(image).reshape(channels, h, grain, w, grain) for image in images)
    small = np.stack([square.mean(axis=(2, 4), dtype=np.float32) for square in squares])
    mean = small.mean(axis=0)
    deviations = (small - mean).reshape(n, -1) / np.float32(np.sqrt(n))
    return ClassCovariance(mean, deviations, grain, source)


def covariance_images(covariance: ClassCovariance, count: int, *, generator: np.random.Generator) -> np.ndarray:
    """(count, 3, H, W) float32 seeds drawn from the full-covariance normal, clipped to [0, 1], each value a square.

    deviations.T @ z with z standard normal has covariance deviations.T @ deviations: no d x d matrix is needed.
    """
    n, values = covariance.deviations.shape
    noise = _normal((count, n + values), generator)
    small = noise[:, :n] @ covariance.deviations + np.sqrt(DIAGONAL) * noise[:, n:]
    small = (covariance.mean + small.reshape(count, *covariance.mean.shape)).clip(0, 1).astype(np.float32)
    return small.repeat(covariance.grain, axis=-2).repeat(covariance.grain, axis=-1)


def _normal(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """Standard normal values; numpy fills the array row by row, so a shorter draw is a prefix of a longer one."""
    if shape[0] < 1:
        raise ValueError(f"the number of seeds must be at least 1; got {shape[0]}")
    return generator.standard_normal(shape, dtype=np.float32)


def _unit_range(image: np.ndarray) -> np.ndarray:
    return image / np.float32(255) if image.dtype == np.uint8 else image
