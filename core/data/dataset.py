"""Decoded images with labels and classes, as every reader of data sets returns them."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from core.data.classes import ClassSet


@dataclass(frozen=True, eq=False)
class ImageDataset:
    """Decoded images with their labels.

    Args:
        name: "cifar10", "imagenet100", or the name of a folder, archive or sample.
        split: "train", "test" or "val".
        images: uint8 (N, 3, H, W), H = W.
        labels: int64 (N,), positions in `classes.names`.
        classes: the classes, in label order.
        source: description, with the name of the file or folder.
    Raises:
        ValueError: arrays of other types or shapes, no image, or a label without a class.
    """

    name: str
    split: str
    images: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    classes: ClassSet = field(repr=False)
    source: str

    def __post_init__(self) -> None:
        images, labels, last = self.images, self.labels, len(self.classes.names) - 1
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != 3 or images.shape[2] != images.shape[3]:
            raise ValueError(f"images should be uint8 (N, 3, H, W) with H = W, got {images.dtype} {images.shape}")
        if labels.dtype != np.int64 or labels.shape != images.shape[:1] or len(labels) == 0:
            raise ValueError(f"labels should be int64 (N,), N = {len(images)} > 0, got {labels.dtype} {labels.shape}")
        if labels.min() < 0 or labels.max() > last:
            raise ValueError(f"{self.source}: labels should be 0 to {last}, go from {labels.min()} to {labels.max()}")

    def __len__(self) -> int:
        return len(self.images)

    @property
    def image_size(self) -> int:
        """Side H = W in pixels."""
        return int(self.images.shape[-1])

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 (64 hex digits) over shape, pixels and labels: equal for equal data from any file."""
        digest = hashlib.sha256(repr(tuple(int(n) for n in self.images.shape)).encode("ascii"))
        digest.update(np.ascontiguousarray(self.images).data)
        digest.update(np.ascontiguousarray(self.labels, dtype="<i8").data)
        return digest.hexdigest()
