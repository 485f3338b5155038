"""Class covariances: a normal distribution over small images of a class. No torch.

`precomputed.make_statistics` writes the file of CIFAR-10's classes, from which the app draws its blurs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.data.statistics.by_class import FACTS, StatisticsByClass
from core.data.statistics.class_statistics import STATISTICS, resize_planes
from core.shared.files import ArchiveKind, Fact

DIAGONAL = 1e-4  # Santurkar et al. add this to the diagonal of the covariance


@dataclass(frozen=True, eq=False)
class ClassCovariance:
    """Mean and covariance of small images; the covariance is factors.T @ factors + diagonal * identity.

    Args:
        mean: (3, h, w) in [0, 1].
        factors: (k, 3 * h * w): with z standard normal, z @ factors has covariance factors.T @ factors.
        image_size: side of the drawn images, to which the small ones are enlarged.
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
        blocks, whose edges no image of the class has.
        """
        k, values = self.factors.shape
        noise = generator.standard_normal((count, k + values if self.diagonal else k), dtype=np.float32)
        noise, factors = noise.astype(np.float64), self.factors.astype(np.float64)  # for the same start on any machine
        small = np.stack([z[:k] @ factors for z in noise]) + self.mean.reshape(-1)
        if self.diagonal:
            small += np.sqrt(self.diagonal) * noise[:, k:]
        planes = small.reshape(count, *self.mean.shape).clip(0, 1)
        return np.stack([resize_planes(plane, self.image_size) for plane in planes])


def class_covariance(images: np.ndarray, grain: int, source: str, components: int | None = None) -> ClassCovariance:
    """Return the covariance of (n, 3, H, W) uint8 images, averaged over squares of `grain` x `grain` pixels.

    Args:
        components: number of principal components to keep; None for the exact covariance, with 1e-4 on its diagonal as
            in Santurkar et al. For n images of d values it is kept as (n, d) deviations, not as a (d, d) matrix.
    Raises:
        ValueError: fewer than two images, or a grain that does not divide them.
    """
    n, channels, height, width = images.shape
    if n < 2:
        raise ValueError(f"the covariance of a class needs at least 2 of its images; got {n}")
    if height % grain or width % grain:
        raise ValueError(f"grain must divide the image, {width} x {height} pixels; got {grain}")
    squares = images.reshape(n, channels, height // grain, grain, width // grain, grain)
    small = squares.mean(axis=(3, 5), dtype=np.float32) / 255
    mean = small.mean(axis=0)
    deviations = (small - mean).reshape(n, -1) / np.float32(np.sqrt(n))
    if components is None:
        return ClassCovariance(mean, deviations, height, source, DIAGONAL)
    variances, axes = np.linalg.eigh(deviations.T @ deviations)  # ascending
    largest = slice(-1, -1 - components, -1)
    factors = (axes[:, largest] * np.sqrt(variances[largest].clip(0))).T
    return ClassCovariance(mean, factors.astype(np.float32), height, source)


class DatasetCovariance(StatisticsByClass):
    """The covariances of a data set's classes, and their file.

    numbers: mean, (K, 3, h, w) float16. factors, (K, k, 3 * h * w) int8: those of `ClassCovariance`, in units of
    scales, (K, k), each a 127th of the largest. metadata: also counts, and image_size of the source images.
    """

    FILE = ArchiveKind(
        name="file of class covariances",
        maker="python -m precomputed.make_statistics",
        schema=1,
        required=("mean", "factors", "scales"),
        facts=(*FACTS, Fact("counts", "list"), Fact("image_size", "whole number", low=1, high=4096)),
    )
    word = "covariance"

    def of_class(self, name: str) -> ClassCovariance:
        """Return the covariance of one class; errors as for `find`."""
        label, images = self.find(name)
        mean, factors, scales = (self.numbers[part][label] for part in self.FILE.required)
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
    """Return the path of a class set's bundled covariances, whether or not it exists."""
    return STATISTICS / f"{class_set}_covariance.npz"
