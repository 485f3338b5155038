"""Class covariances: a normal distribution over whole small images of a class, not pixel by pixel. No torch.

`precomputed.make_covariance` writes the file of CIFAR-10's classes, from whose covariances the app draws its blurs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.data.class_statistics import STATISTICS, resize_planes
from core.data.dataset import ImageDataset
from core.files import ArchiveKind, Fact, write_atomically

COVARIANCE_FILE = ArchiveKind(
    name="file of class covariances",
    maker="python -m precomputed.make_covariance",
    schema=1,
    required=("mean", "factors", "scales"),
    facts=(
        Fact("class_names", "list"),
        Fact("counts", "list"),
        Fact("dataset", "text"),
        Fact("split", "text"),
        Fact("image_size", "whole number", low=1, high=4096),
    ),
)
DIAGONAL = 1e-4  # Santurkar et al. add this to the diagonal of the covariance


@dataclass(frozen=True, eq=False)
class ClassCovariance:
    """Mean and covariance of small images; the covariance is factors.T @ factors + diagonal * identity.

    Args:
        mean: (3, h, w) in [0, 1].
        factors: (k, 3 * h * w): with z standard normal, z @ factors has covariance factors.T @ factors.
        image_size: side of the images that are drawn, which are the small ones enlarged.
        source: a phrase for people: which images, how many.
        diagonal: variance that each value has of its own.
    """

    mean: np.ndarray
    factors: np.ndarray
    image_size: int
    source: str
    diagonal: float = 0.0

    def resized(self, image_size: int) -> ClassCovariance:
        """The same covariance for images of `image_size` x `image_size` pixels."""
        return replace(self, image_size=image_size)

    def draw(self, count: int, *, generator: np.random.Generator) -> np.ndarray:
        """(count, 3, H, W) float32 in [0, 1]; the first ones do not depend on how many are drawn.

        Source: generation notebook of Santurkar et al. 2019. Differs by: small images are enlarged linearly, not in
        blocks, whose edges no image of the class has.
        """
        k, values = self.factors.shape
        noise = generator.standard_normal((count, k + values if self.diagonal else k), dtype=np.float32)
        noise, factors = noise.astype(np.float64), self.factors.astype(np.float64)  # the same start on any machine
        small = np.stack([z[:k] @ factors for z in noise]) + self.mean.reshape(-1)
        if self.diagonal:
            small += np.sqrt(self.diagonal) * noise[:, k:]
        planes = small.reshape(count, *self.mean.shape).clip(0, 1)
        return np.stack([resize_planes(one, self.image_size) for one in planes])


def class_covariance(images: np.ndarray, grain: int, source: str, components: int | None = None) -> ClassCovariance:
    """The covariance of (n, 3, H, W) uint8 images, each value standing for a square of `grain` x `grain` pixels.

    Args:
        components: how many principal ones to keep; None for the exact covariance, with 1e-4 on its diagonal as
            Santurkar et al. add. n images of d values give rank n: their (n, d) deviations spare the (d, d) matrix.
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
    variances, axes = np.linalg.eigh(deviations.T @ deviations)  # rising
    kept = slice(-1, -1 - components, -1)
    factors = (axes[:, kept] * np.sqrt(variances[kept].clip(0))).T
    return ClassCovariance(mean, factors.astype(np.float32), height, source)


@dataclass(frozen=True, eq=False)
class DatasetCovariance:
    """The covariances of every class of a data set, and the file that holds them.

    Args:
        class_names: K names, in label order.
        mean: (K, 3, h, w) float32 in [0, 1].
        factors: (K, k, 3 * h * w) float32.
        metadata: data set's name, split, source, content hash, images of each class, and the images' side.
    """

    class_names: tuple[str, ...]
    mean: np.ndarray
    factors: np.ndarray
    metadata: dict[str, Any]

    def of_class(self, name: str) -> ClassCovariance:
        """The covariance of one class.

        Raises:
            ValueError: unknown class.
        """
        if name not in self.class_names:
            raise ValueError(f"no covariance for class {name!r}; there are some for {', '.join(self.class_names)}")
        index, facts = self.class_names.index(name), self.metadata
        source = (
            f"{facts['counts'][index]:,} {facts['split']} images of class {name!r}, {facts['dataset']}: "
            f"{len(self.factors[index])} components of {self.mean.shape[-1]} x {self.mean.shape[-2]} values"
        )
        return ClassCovariance(self.mean[index], self.factors[index], facts["image_size"], source)

    def save(self, path: str | Path) -> None:
        """Write atomically. Factors are rounded to 8 bits, each to a 127th of its largest value.

        Raises:
            FileNotFoundError: the folder does not exist.
        """
        scales = np.abs(self.factors).max(axis=2) / 127
        arrays = {
            "mean": self.mean.astype(np.float16),
            "factors": (self.factors / scales[..., None]).round().astype(np.int8),
            "scales": scales.astype(np.float32),
        }
        facts = {**self.metadata, "class_names": list(self.class_names)}
        write_atomically(Path(path), COVARIANCE_FILE.pack(arrays, facts))

    @classmethod
    def load(cls, path: str | Path) -> DatasetCovariance:
        """Read a file written by `save`.

        Raises:
            FileNotFoundError: no such file.
            RuntimeError: damaged, or of an unknown schema version.
        """

        def build(facts: dict[str, Any], mean: np.ndarray, factors: np.ndarray, scales: np.ndarray) -> Any:
            names = tuple(facts.pop("class_names"))
            return cls(names, mean.astype(np.float32), factors * scales[..., None].astype(np.float32), facts)

        return COVARIANCE_FILE.load(path, build)


def covariance_path(class_set: str) -> Path:
    """Where the bundled covariances of a class set lie, if there are any."""
    return STATISTICS / f"{class_set}_covariance.npz"


def dataset_covariance(dataset: ImageDataset, grain: int, components: int) -> DatasetCovariance:
    """The covariances of every class of `dataset`, from all its images; errors as `class_covariance`."""
    members = [dataset.images[dataset.labels == label] for label in range(len(dataset.classes))]
    found = [class_covariance(images, grain, "", components) for images in members]
    return DatasetCovariance(
        dataset.classes.names,
        np.stack([one.mean for one in found]),
        np.stack([one.factors for one in found]),
        {
            "dataset": dataset.name,
            "split": dataset.split,
            "source": dataset.source,
            "content_hash": dataset.content_hash,
            "counts": [len(images) for images in members],
            "image_size": dataset.image_size,
        },
    )
