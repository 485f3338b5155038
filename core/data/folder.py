"""Folders of class folders (`DIR/cat/1.jpg`, `DIR/dog/7.png`): listing them, decoding them in parallel."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from core.images.square import ImageError, decode_image, square_image

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".mpo")
FILES_PER_JOB = 8


def class_folders(folder: Path) -> tuple[Path, ...]:
    """The sub-folders of `folder`, by name; links are followed, hidden ones (`.git`, `__MACOSX`) left out.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    found = (entry for entry in folder.iterdir() if not entry.name.startswith((".", "__")) and entry.is_dir())
    return tuple(sorted(found, key=lambda entry: entry.name))


def list_pictures(class_folder: Path) -> tuple[Path, ...]:
    """The picture files in one class folder and the folders below it, sorted; recognised by suffix.

    Hidden files (`._photo.jpg` as macOS leaves them) and other files are left out. A link to a picture counts
    as one; below the class folder, links to folders are not followed, because they may form a ring.
    """
    pictures: list[Path] = []
    for directory, subfolders, files in os.walk(class_folder):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        pictures += [
            Path(directory, name) for name in files if not name.startswith(".") and name.lower().endswith(SUFFIXES)
        ]
    return tuple(sorted(pictures))


def read_pictures(paths: Sequence[Path], out: np.ndarray, progress: Callable[[int, int], None] | None = None) -> None:
    """Decode and crop picture files into `out`, in parallel.

    Args:
        paths: N picture files.
        out: uint8 (N, 3, S, S), filled in place; each picture is cut to S x S by `square_image`.
        progress: called as progress(done, N), in this thread.
    Raises:
        RuntimeError: a file cannot be read; the message names it.
    """
    size = out.shape[-1]

    def read(first: int) -> int:
        chosen = paths[first : first + FILES_PER_JOB]
        for k, path in enumerate(chosen, start=first):
            out[k] = read_picture(path, size).transpose(2, 0, 1)
        return len(chosen)

    # Threads suffice: Pillow releases the interpreter lock while it decodes and resizes.
    pool = ThreadPoolExecutor(max_workers=_usable_cores(), thread_name_prefix="decode")
    try:
        done = 0
        for count in pool.map(read, range(0, len(paths), FILES_PER_JOB)):
            done += count
            if progress is not None:
                progress(done, len(paths))
    finally:
        pool.shutdown(cancel_futures=True)


def read_picture(path: Path, size: int) -> np.ndarray:
    """Decode one picture file and cut it to uint8 (size, size, 3).

    Raises:
        RuntimeError: the file cannot be read; the message names it.
    """
    try:
        return square_image(decode_image(path.read_bytes()), size)
    except ImageError as error:
        raise RuntimeError(f"{path}: {error}") from error
    except OSError as error:
        raise RuntimeError(f"{path}: this file cannot be read ({error.strerror}): restore or remove it") from error


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
