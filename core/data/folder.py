"""Folders of class folders (`DIR/cat/1.jpg`, `DIR/dog/7.png`): listing and decoding."""

import os
from pathlib import Path

import numpy as np

from core.images.decode import ImageError, open_picture
from core.images.square import square_image

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".mpo")


def class_folders(folder: Path) -> list[Path]:
    """Return the sub-folders of `folder`, by name, following links and skipping hidden ones (`.git`, `__MACOSX`).

    Raises:
        FileNotFoundError: there is no such folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "__")) and entry.is_dir())


def list_pictures(class_folder: Path) -> list[Path]:
    """Return the picture files in a class folder and below, sorted; recognised by suffix.

    Hidden files (such as macOS's `._photo.jpg`) and other files are skipped. Links to pictures count; below the class
    folder, links to folders are not followed, as they may form a loop.
    """
    pictures: list[Path] = []
    for directory, subfolders, files in os.walk(class_folder):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        pictures += [
            Path(directory, name) for name in files if not name.startswith(".") and name.lower().endswith(SUFFIXES)
        ]
    return sorted(pictures)


def read_picture(path: Path, size: int) -> np.ndarray:
    """Decode one picture file and crop it to uint8 (size, size, 3).

    Raises:
        RuntimeError: the file cannot be read; the message names it.
    """
    try:
        return square_image(open_picture(path.read_bytes()), size)
    except ImageError as error:
        raise RuntimeError(f"{path}: {error}") from error
    except OSError as error:
        raise RuntimeError(f"{path}: this file cannot be read ({error.strerror}): restore or remove it") from error
