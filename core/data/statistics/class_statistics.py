"""Class statistics: mean and standard deviation of every pixel over the images of a class. Does not import torch.

`precomputed.make_statistics` writes the file from which the app draws its noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.data.classes import IMAGENET_MEAN, IMAGENET_STD, PRECOMPUTED
from core.data.statistics.by_class import FACTS, StatisticsByClass
from core.shared.files import ArchiveKind

STATISTICS = PRECOMPUTED / "statistics"


@dataclass(frozen=True, eq=False)
class ClassStatistics:
    """Mean and standard deviation of each pixel and channel over the images of one class.

    Args:
        mean: (3, H, W) float, in [0, 1].
        std: (3, H, W) float, at least 0; over n, not n - 1.
        source: description: which images, how many.
    """

    mean: np.ndarray
    std: np.ndarray
    source: str

    def resize(self, image_size: int) -> ClassStatistics:
        """Return the statistics for `image_size` x `image_size` images, linearly interpolated."""
        height, width = self.mean.shape[1:]
        if (height, width) == (image_size, image_size):
            return self
        source = f"{self.source}; resized from {height} to {image_size} pixels"
        return ClassStatistics(resize_planes(self.mean, image_size), resize_planes(self.std, image_size), source)

    def draw(self, count: int, *, generator: np.random.Generator) -> np.ndarray:
        """(count, 3, H, W) float32: pixels and channels drawn independently from Normal(mean, std), clipped to [0, 1].

        The first ones do not depend on how many are drawn.
        Source: the paper, sec. 2.2.
        """
        # numpy fills row by row, so a shorter draw is the start of a longer one.
        noise = generator.standard_normal((count, *self.mean.shape), dtype=np.float32)
        return (self.mean + self.std * noise).clip(0, 1).astype(np.float32)


def class_statistics(images: np.ndarray, source: str) -> ClassStatistics:
    """Return the statistics of (N, 3, H, W) uint8 images.

    Raises:
        ValueError: fewer than two images, whose spread is unknown.
    """
    if len(images) < 2:
        raise ValueError(f"class statistics need at least 2 images; got {len(images)} for {source}")
    values = images / np.float32(255)
    mean, std = values.mean(axis=0, dtype=np.float64), values.std(axis=0, dtype=np.float64)
    return ClassStatistics(mean.astype(np.float32).clip(0, 1), std.astype(np.float32), source)


def natural_statistics(image_size: int) -> ClassStatistics:
    """Return statistics of natural images in general, for classes without their own: the same at every pixel."""
    mean, std = (
        np.full((image_size, image_size, 3), values, dtype=np.float32).transpose(2, 0, 1).copy()
        for values in (IMAGENET_MEAN, IMAGENET_STD)
    )
    source = "natural images in general (ImageNet's mean and spread per channel), not this class"
    return ClassStatistics(mean, std, source)


class DatasetStatistics(StatisticsByClass):
    """The statistics of a data set's classes, and their file.

    numbers: mean, std, (K, 3, H, W) float16: at most 0.00025 off, a sixteenth of a grey level of 255. counts, (K,).
    """

    FILE = ArchiveKind(
        name="file of class statistics",
        maker="python -m precomputed.make_statistics",
        schema=1,
        required=("mean", "std", "counts"),
        facts=FACTS,
    )
    word = "statistics"

    def of_class(self, name: str) -> ClassStatistics:
        """Return the statistics of one class; errors as for `find`."""
        label, source = self.find(name)
        mean, std = (self.numbers[part][label].astype(np.float32) for part in ("mean", "std"))
        return ClassStatistics(mean, std, source)


def resize_planes(planes: np.ndarray, image_size: int) -> np.ndarray:
    """Resize (3, H, W) to (3, image_size, image_size) float32, linear between pixel centres."""
    size = (image_size, image_size)
    resized = [Image.fromarray(plane.astype(np.float32)).resize(size, Image.Resampling.BILINEAR) for plane in planes]
    return np.stack([np.asarray(plane) for plane in resized]).clip(0, 1)
