"""The start x0 of generation: noise with the pixel statistics of a class. Does not import torch.

The first images do not depend on how many are drawn.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from core.classifiers.text import find_class
from core.data.class_statistics import (
    STATISTICS,
    ClassStatistics,
    DatasetStatistics,
    class_statistics,
    natural_statistics,
)
from core.data.classes import IMAGE_SIZES

if TYPE_CHECKING:
    from core.data.dataset import ImageDataset

MIN_IMAGES = 8  # fewer images of a class say little about its spread
DIAGONAL = 1e-4  # Santurkar et al. add this to the diagonal of the covariance


def noise_images(statistics: ClassStatistics, count: int, *, generator: np.random.Generator) -> np.ndarray:
    """(count, 3, H, W) float32: each pixel and channel drawn alone from Normal(mean, std), clipped to [0, 1].

    Source: the paper, sec. 2.2.
    """
    # numpy fills the array row by row, so a shorter draw is the start of a longer one.
    noise = generator.standard_normal((count, *statistics.mean.shape), dtype=np.float32)
    return (statistics.mean + statistics.std * noise).clip(0, 1).astype(np.float32)


class FullCovariance:
    """A normal distribution over whole small images: what varies together in a class, not pixel by pixel.

    Its covariance is deviations.T @ deviations + 1e-4 * identity. With n images of d values each it has rank n, so
    keeping the (n, d) deviations is exact and spares the (d, d) matrix (d = 9,408 at 224 pixels).

    Args:
        images: (n, 3, H, W) uint8, at least two.
        grain: side of the square of pixels that each value stands for.
    Raises:
        ValueError: fewer than two images, or a grain that does not divide them.
    Source: generation notebook of Santurkar et al. 2019, which takes grain 4 at 224 pixels and 1 at 32.
    """

    def __init__(self, images: np.ndarray, grain: int) -> None:
        n, channels, height, width = images.shape
        if n < 2:
            raise ValueError(f"the covariance of a class needs at least 2 of its images; got {n}")
        if height % grain or width % grain:
            raise ValueError(f"grain must divide the image, {width} x {height} pixels; got {grain}")
        squares = images.reshape(n, channels, height // grain, grain, width // grain, grain)
        small = squares.mean(axis=(3, 5), dtype=np.float32) / 255
        self.grain, self.mean = grain, small.mean(axis=0)
        self.deviations = (small - self.mean).reshape(n, -1) / np.float32(np.sqrt(n))

    def draw(self, count: int, *, generator: np.random.Generator) -> np.ndarray:
        """(count, 3, H, W) float32, clipped to [0, 1], each value of the small image a square of pixels."""
        n, values = self.deviations.shape
        noise = generator.standard_normal((count, n + values), dtype=np.float32)
        # With z standard normal, z @ deviations has covariance deviations.T @ deviations.
        small = noise[:, :n] @ self.deviations + np.float32(np.sqrt(DIAGONAL)) * noise[:, n:]
        small = (self.mean + small.reshape(count, *self.mean.shape)).clip(0, 1)
        return small.repeat(self.grain, axis=-2).repeat(self.grain, axis=-1)


@cache
def _bundled(class_set: str) -> DatasetStatistics | None:
    path = STATISTICS / f"{class_set}.npz"
    return DatasetStatistics.load(path) if path.is_file() else None


def start_statistics(
    name: str, class_set: str, image_size: int, dataset: ImageDataset | None = None
) -> ClassStatistics:
    """The pixel statistics that a class is drawn from.

    The bundled ones where there are some for this class set, else those of the data set's own images of the class,
    else those of natural images in general; also for a free text.

    Raises:
        RuntimeError: the bundled statistics are damaged.
    """
    bundled = _bundled(class_set)
    if bundled is not None and name in bundled.class_names:
        return bundled.of_class(name).resized(image_size)
    label = None if dataset is None else find_class(name, dataset.classes)
    if dataset is not None and label is not None:
        members = np.flatnonzero(dataset.labels == label)
        if len(members) >= MIN_IMAGES:
            source = f"{len(members)} {dataset.split} images of class {name!r}, {dataset.name}"
            return class_statistics(dataset.images[members], source)
    return natural_statistics(image_size)


def draw_noise(targets: Sequence[str], per_target: int, class_set: str, seed: int) -> np.ndarray:
    """(B, 3, H, W) float32 in [0, 1]: `per_target` noise images for each target in turn.

    The same target, class set and random seed give the same noise, whatever else is drawn beside it.
    """
    return np.concatenate(
        [
            noise_images(
                start_statistics(target, class_set, IMAGE_SIZES[class_set]),
                per_target,
                generator=np.random.default_rng([seed, zlib.crc32(target.encode("utf-8"))]),
            )
            for target in targets
        ]
    )


def noise_credit(targets: Sequence[str], class_set: str) -> str:
    """Where the noise for these targets comes from, for people."""
    size = IMAGE_SIZES[class_set]
    origins = [f"“{target}” from {start_statistics(target, class_set, size).source}" for target in targets]
    return f"Noise with the statistics of {'; '.join(origins)}"
