"""Archives of labelled images: `.npz` of `images` (N, H, W, 3) uint8, `labels` (N,), `classes` (K,) as text.

The images are read from the compressed file in slices, so an archive larger than memory works, and everything
is checked from the headers before the first image is read. Nothing is ever unpickled.
"""

import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

MEMBERS = ("images", "labels", "classes")
SLICE_BYTES = 8 * 2**20


@dataclass(frozen=True)
class ImageArchive:
    """What an archive holds, its images still on disk: `shape` is (N, H, W, 3), `labels` int64 (N,)."""

    path: Path
    shape: tuple[int, int, int, int]
    labels: np.ndarray
    class_names: tuple[str, ...]


def open_archive(path: Path) -> ImageArchive:
    """Read and check everything but the pixels of an archive.

    Raises:
        FileNotFoundError: there is no such file.
        RuntimeError: the file is no readable `.npz` archive.
        ValueError: an array is missing or has another type, shape or range than it should.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no image archive {path}")
    with _opened(path) as archive:
        missing = [name for name in MEMBERS if f"{name}.npy" not in archive.namelist()]
        if missing:
            raise ValueError(
                f"{path}: an image archive holds the arrays {', '.join(MEMBERS)}; {' and '.join(missing)} "
                "missing: write it with np.savez_compressed(path, images=..., labels=..., classes=...)"
            )
        shape = _check_images(path, _read_header(archive, "images"))
        labels = _read_row(path, archive, "labels", "whole numbers from 0")
        names = _read_row(path, archive, "classes", "class names as text")
    class_names = _check_classes(path, names)
    return ImageArchive(path, shape, _check_labels(path, labels, shape[0], len(class_names)), class_names)


def read_images(
    archive: ImageArchive,
    indices: np.ndarray,
    out: np.ndarray,
    convert: Callable[[np.ndarray], np.ndarray] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Read the chosen images of an archive into `out`, one pass over the file.

    Args:
        archive: from `open_archive`.
        indices: (M,) distinct positions in the archive, in the order wanted.
        out: uint8 (M, 3, H, W), filled in place.
        convert: applied to each (H, W, 3) image on the way, e.g. a resize; None keeps the pixels.
        progress: called as progress(done, M), in this thread.
    Raises:
        RuntimeError: the file is damaged.
    """
    position = np.full(archive.shape[0], -1, dtype=np.int64)
    position[indices] = np.arange(len(indices))
    done = 0
    for first, rows in _image_slices(archive):
        targets = position[first : first + len(rows)]
        wanted = np.flatnonzero(targets >= 0)
        if convert is None:
            out[targets[wanted]] = rows[wanted].transpose(0, 3, 1, 2)
        else:
            for row in wanted:
                out[targets[row]] = convert(rows[row]).transpose(2, 0, 1)
        done += len(wanted)
        if progress is not None:
            progress(done, len(indices))
        if done == len(indices):
            break


def _image_slices(archive: ImageArchive) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (position of the first image, (n, H, W, 3) uint8), a few megabytes at a time."""
    count, height, width, channels = archive.shape
    image_bytes = height * width * channels
    per_slice = max(1, SLICE_BYTES // image_bytes)
    with _opened(archive.path) as file, file.open("images.npy") as member:
        _skip_header(member)
        for first in range(0, count, per_slice):
            n = min(per_slice, count - first)
            data = member.read(n * image_bytes)
            if len(data) != n * image_bytes:
                raise EOFError("its images end early")
            yield first, np.frombuffer(data, dtype=np.uint8).reshape(n, height, width, channels)


@dataclass(frozen=True)
class _Header:
    """What the first bytes of an `.npy` file say about its array."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran_order: bool


# zipfile's RuntimeErrors are about encryption and unknown compression, its UnicodeErrors about names.
_DAMAGE = (OSError, EOFError, RuntimeError, UnicodeError, zipfile.BadZipFile, zlib.error, struct.error)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive; whatever damage comes to light while it is open becomes a sentence with its name."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except _DAMAGE as error:
        raise RuntimeError(f"{path}: no readable .npz archive ({error}): get or write the file again") from error


def _skip_header(member: IO[bytes]) -> _Header:
    try:
        version = np.lib.format.read_magic(member)
        read = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
        shape, fortran_order, dtype = read(member)
    except ValueError as error:
        raise EOFError(str(error)) from error
    return _Header(shape, dtype, fortran_order)


def _read_header(archive: zipfile.ZipFile, name: str) -> _Header:
    with archive.open(f"{name}.npy") as member:
        header = _skip_header(member)
    # Believed only if so much is there, because room is made for it before it is read.
    if math.prod(header.shape) * header.dtype.itemsize > archive.getinfo(f"{name}.npy").file_size:
        raise EOFError(f"its {name} are shorter than announced")
    return header


def _read_row(path: Path, archive: zipfile.ZipFile, name: str, wanted: str) -> np.ndarray:
    header = _read_header(archive, name)
    if header.dtype.hasobject or len(header.shape) != 1:
        raise ValueError(f"{path}: {name} should be one row of {wanted}, is {header.dtype} {header.shape}")
    with archive.open(f"{name}.npy") as member:
        try:
            return np.lib.format.read_array(member, allow_pickle=False)
        except ValueError as error:
            raise EOFError(str(error)) from error


def _check_images(path: Path, header: _Header) -> tuple[int, int, int, int]:
    wanted, shape = f"{path}: images should be uint8 (N, H, W, 3) with values 0 to 255", header.shape
    if len(shape) == 4 and shape[1] == 3 and shape[3] != 3:
        raise ValueError(f"{wanted}, has the colours in front, {shape}: store images.transpose(0, 2, 3, 1)")
    if len(shape) != 4 or shape[3] != 3 or min(shape) < 1:
        raise ValueError(f"{wanted}, has the shape {shape}")
    if header.dtype != np.uint8:
        raise ValueError(
            f"{wanted}, is {header.dtype}: convert it, from [0, 1] with np.rint(images * 255).astype(np.uint8)"
        )
    if header.fortran_order:
        raise ValueError(f"{wanted}, is stored in Fortran order: store np.ascontiguousarray(images)")
    return shape[0], shape[1], shape[2], shape[3]


def _check_classes(path: Path, classes: np.ndarray) -> tuple[str, ...]:
    if classes.dtype.kind != "U":
        raise ValueError(f"{path}: classes should be class names as text, is {classes.dtype}")
    names = tuple(str(name) for name in classes)
    if not names or not all(name.strip() for name in names):
        raise ValueError(f"{path}: classes should be one name per class, none empty, is {list(names)[:10]}")
    return names


def _check_labels(path: Path, labels: np.ndarray, count: int, classes: int) -> np.ndarray:
    if labels.dtype.kind not in "iu":
        raise ValueError(f"{path}: labels should be whole numbers from 0, is {labels.dtype}")
    if len(labels) != count:
        raise ValueError(f"{path}: there are {count} images but {len(labels)} labels")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"{path}: labels should be 0 to {classes - 1}, one for each of {classes} classes, "
            f"but they go from {labels.min()} to {labels.max()}"
        )
    return labels.astype(np.int64)
