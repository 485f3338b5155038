"""Archive of labelled pictures: an `.npz` of images, labels and classes, checked as untrusted."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.shared.files import DAMAGE, MAX_REASON, check_characters
from core.shared.text import one_line

MEMBERS = ("images", "labels", "classes")


@dataclass(frozen=True, eq=False)
class ImageArchive:
    """Content of an archive: images uint8 (N, H, W, 3), labels int64 (N,), and the name of each class."""

    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]


def read_archive(path: Path) -> ImageArchive:
    """Read an archive into memory and check its content. Nothing is unpickled.

    Raises:
        FileNotFoundError: there is no such file.
        RuntimeError: the file is not a readable `.npz` archive.
        ValueError: an array is missing or has the wrong type or shape.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no image archive {path}")
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("not a zip file, or cut short")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in MEMBERS if name in file.files}
        for name, array in arrays.items():
            check_characters(name, array)
    except DAMAGE as error:
        raise RuntimeError(
            f"{path}: not a readable .npz archive ({one_line(error, MAX_REASON)}): fetch or write the file again"
        ) from error
    if missing := [name for name in MEMBERS if name not in arrays]:
        raise ValueError(
            f"{path}: an image archive holds the arrays {', '.join(MEMBERS)}; {' and '.join(missing)} "
            "missing: write it with np.savez_compressed(path, images=..., labels=..., classes=...)"
        )
    try:
        return _archive(*(arrays[name] for name in MEMBERS))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _archive(images: np.ndarray, labels: np.ndarray, classes: np.ndarray) -> ImageArchive:
    """Check types and shapes; `ImageDataset` and `ClassSet` check that labels fit classes."""
    expected, shape = "images should be uint8 (N, H, W, 3) with values 0 to 255", images.shape
    if len(shape) == 4 and shape[1] == 3 and shape[3] != 3:
        raise ValueError(f"{expected}, has the colours in front, {shape}: store images.transpose(0, 2, 3, 1)")
    if len(shape) != 4 or shape[3] != 3 or min(shape) < 1:
        raise ValueError(f"{expected}, has the shape {shape}")
    if images.dtype != np.uint8:
        raise ValueError(
            f"{expected}, is {images.dtype}: convert it, from [0, 1] with np.rint(images * 255).astype(np.uint8)"
        )
    if labels.dtype.kind not in "iu" or labels.shape != shape[:1]:
        raise ValueError(
            f"labels should be whole numbers from 0, one per image, {len(images)}, is {labels.dtype} {labels.shape}"
        )
    if classes.dtype.kind != "U" or classes.ndim != 1:
        raise ValueError(f"classes should be one row of class names as text, is {classes.dtype} {classes.shape}")
    return ImageArchive(images, labels.astype(np.int64), tuple(str(name) for name in classes))
