"""Statistics of pictures: mean and covariance of each class, and the colours of natural pixels."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from PIL import Image

from core.data.corruptions import wave_radii
from core.data.sample_sets import IMAGENET_MEAN, IMAGENET_STD, PRECOMPUTED, map_title


@dataclass(frozen=True, eq=False)
class StatisticsByClass:
    """Statistics of K classes of a data set, from a shipped file by `precomputed/makers` of commit 14e202db.

    numbers: as stored, rounded; the first axis is the class, in label order. metadata: class names, data set's name,
    split, source and content hash.
    """

    numbers: dict[str, np.ndarray]
    metadata: dict[str, Any]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file."""
        with np.load(path, allow_pickle=False) as file:
            numbers = dict(file)
        return cls(numbers, json.loads(str(numbers.pop("metadata"))))

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(self.metadata["class_names"])

    @property
    def counts(self) -> list[int]:
        """Number of images of each class."""
        return list(self.numbers["counts"]) if "counts" in self.numbers else self.metadata["counts"]

    def find(self, name: str) -> tuple[int, str]:
        """Return a class's label and a description of its images."""
        label = self.class_names.index(name)
        return label, self.images_in_words(self.counts[label], f"“{name}”")

    def images_in_words(self, count: int, what: str) -> str:
        """Return a phrase such as '5,000 training images of “cat” in CIFAR-10'."""
        return images_in_words(count, self.metadata["split"], what, self.metadata["dataset"])


def images_in_words(count: int, split: str, what: str, dataset: str) -> str:
    """'5,000 training images of “cat” in CIFAR-10'."""
    return f"{count:,} {'training' if split == 'train' else split} images of {what} in {map_title(dataset)}"


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
        return ClassStatistics(_resize_planes(self.mean, image_size), _resize_planes(self.std, image_size), source)

    def draw(self, count: int, *, generator: np.random.Generator) -> np.ndarray:
        """(count, 3, H, W) float32: pixels and channels drawn independently from Normal(mean, std), clipped to [0, 1].

        The first ones do not depend on how many are drawn.
        Source: the paper, sec. 2.2.
        """
        # numpy fills row by row, so a shorter draw is the start of a longer one.
        noise = generator.standard_normal((count, *self.mean.shape), dtype=np.float32)
        return (self.mean + self.std * noise).clip(0, 1).astype(np.float32)


def class_statistics(images: np.ndarray, source: str) -> ClassStatistics:
    """Return the statistics of (N, 3, H, W) uint8 images."""
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
    """The statistics of a data set's classes.

    numbers: mean, std, (K, 3, H, W) float16: at most 0.00025 off, a sixteenth of a grey level of 255. counts, (K,).
    """

    def of_class(self, name: str) -> ClassStatistics:
        """Return the statistics of one class."""
        label, source = self.find(name)
        mean, std = (self.numbers[part][label].astype(np.float32) for part in ("mean", "std"))
        return ClassStatistics(mean, std, source)


def _resize_planes(planes: np.ndarray, image_size: int) -> np.ndarray:
    """Resize (3, H, W) to (3, image_size, image_size) float32, linear between pixel centres."""
    size = (image_size, image_size)
    resized = [Image.fromarray(plane.astype(np.float32)).resize(size, Image.Resampling.BILINEAR) for plane in planes]
    return np.stack([np.asarray(plane) for plane in resized]).clip(0, 1)


_DIAGONAL = 1e-4  # Santurkar et al. add this to the diagonal of the covariance


@dataclass(frozen=True, eq=False)
class ClassCovariance:
    """Mean and covariance of small images; the covariance is factors.T @ factors + diagonal * identity.

    Args:
        mean: (3, h, w) in [0, 1].
        factors: (k, 3 * h * w): with z standard normal, z @ factors has covariance factors.T @ factors.
        image_size: size of the drawn images, to which the small ones are enlarged.
        source: description: which images, how many.
        diagonal: independent variance of each value.
    """

    mean: np.ndarray
    factors: np.ndarray
    image_size: int
    source: str
    diagonal: float = 0.0

    def resize(self, image_size: int) -> ClassCovariance:
        """Return the same covariance for images of `image_size` x `image_size` pixels."""
        return replace(self, image_size=image_size)

    def draw(self, count: int, *, generator: np.random.Generator) -> np.ndarray:
        """(count, 3, H, W) float32 in [0, 1]; the first ones do not depend on how many are drawn.

        Source: generation notebook of Santurkar et al. 2019. Differs by: small images are enlarged linearly, not in
        blocks, which would add edges that no image of the class has.
        """
        k, values = self.factors.shape
        noise = generator.standard_normal((count, k + values if self.diagonal else k), dtype=np.float32)
        noise, factors = noise.astype(np.float64), self.factors.astype(np.float64)  # for the same start on any machine
        small = np.stack([z[:k] @ factors for z in noise]) + self.mean.reshape(-1)
        if self.diagonal:
            small += np.sqrt(self.diagonal) * noise[:, k:]
        planes = small.reshape(count, *self.mean.shape).clip(0, 1)
        return np.stack([_resize_planes(plane, self.image_size) for plane in planes])


def class_covariance(images: np.ndarray, grain: int, source: str) -> ClassCovariance:
    """Return the covariance of (n, 3, H, H) uint8 images, averaged over squares of at most `grain` x `grain` pixels.

    The squares' size is the largest that divides H. The covariance has 1e-4 on its diagonal as in Santurkar et al. For
    n images of d values it is kept as (n, d) deviations, not as a (d, d) matrix.
    """
    n, channels, height, width = images.shape
    grain = max(size for size in range(1, grain + 1) if height % size == 0)
    squares = images.reshape(n, channels, height // grain, grain, width // grain, grain)
    small = squares.mean(axis=(3, 5), dtype=np.float32) / 255
    mean = small.mean(axis=0)
    deviations = (small - mean).reshape(n, -1) / np.float32(np.sqrt(n))
    return ClassCovariance(mean, deviations, height, source, _DIAGONAL)


class DatasetCovariance(StatisticsByClass):
    """The covariances of a data set's classes.

    numbers: mean, (K, 3, h, w) float16. factors, (K, k, 3 * h * w) int8: those of `ClassCovariance`, in units of
    scales, (K, k), each a 127th of the largest. metadata: also counts, and image_size of the source images.
    """

    def of_class(self, name: str) -> ClassCovariance:
        """Return the covariance of one class."""
        label, images = self.find(name)
        mean, factors, scales = (self.numbers[part][label] for part in ("mean", "factors", "scales"))
        source = f"{images}: {len(factors)} components of {mean.shape[-1]} x {mean.shape[-2]} values"
        factors = factors * scales[:, None].astype(np.float32)
        return ClassCovariance(mean.astype(np.float32), factors, self.metadata["image_size"], source)

    def pooled(self) -> ClassCovariance:
        """Return the covariance over all classes, equally weighted: within classes plus that of their means."""
        classes = [self.of_class(name) for name in self.class_names]
        mean = np.mean([covariance.mean for covariance in classes], axis=0)
        between = np.stack([(covariance.mean - mean).reshape(-1) for covariance in classes])
        factors = np.concatenate([*(covariance.factors for covariance in classes), between]) / np.float32(
            np.sqrt(len(classes))
        )
        source = self.images_in_words(sum(self.counts), "all classes")
        return ClassCovariance(mean, factors, self.metadata["image_size"], source)


def covariance_path(class_set: str) -> Path:
    """Return the path of a class set's bundled covariances; the file may not exist."""
    return STATISTICS / f"{class_set}_covariance.npz"


NATURAL_PIXELS = STATISTICS / "natural_pixels.json"
PINK, FAINT = 1.4, 0.03  # the noise's amplitude falls as 1/f^1.4; its standard deviation


@dataclass(frozen=True, eq=False)
class NaturalPixels:
    """Mean (3,) and covariance (3, 3) of pixel colours in [0, 1]; source: a description."""

    mean: np.ndarray
    covariance: np.ndarray
    source: str

    def covariance_power(self, power: float) -> np.ndarray:
        """Return a power of the covariance, (3, 3), divided by its largest eigenvalue."""
        values, axes = np.linalg.eigh(self.covariance)
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
        pink = np.fft.irfft2(np.fft.rfft2(noise) * np.maximum(wave_radii(size, size), 1) ** -PINK, s=(size, size))
        colored = np.einsum("dc,bchw->bdhw", pixels.covariance_power(0.5), pink)
        colored *= FAINT / colored.std(axis=(1, 2, 3), keepdims=True)
        return (pixels.mean[:, None, None] + colored).clip(0, 1).astype(np.float32)
