"""Bundled photos that a painting may start from, each with the word that it becomes first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from core.data.picture_files import framed_square, open_picture
from core.data.sample_sets import SAMPLE_SETS

_ROW = SAMPLE_SETS["photographs"]
_RESIZED = round(_ROW.image_size * 256 / 224)  # shorter side from which the samples are cut


@dataclass(frozen=True)
class StartPhoto:
    """A bundled photo. word: that it becomes first. title: below its tile. caption: what it shows."""

    word: str
    title: str
    caption: str


# By their files' names; chosen by eye.
START_PHOTOS = {
    "espresso": StartPhoto("goldfish", "cup", "A cup of coffee"),
    "frying_pan": StartPhoto("pizza", "pan", "A frying pan"),
}


@cache
def photo_strip(name: str) -> np.ndarray:
    """Return an uncropped bundled photo, uint8 (224, W, 3) or (H, 224, 3); its middle is the sample of that file.

    name: one of `START_PHOTOS`.
    """
    image = open_picture((_ROW.folder / f"{name}.jpg").read_bytes())
    scale = _RESIZED / min(image.size)
    width, height = (int(length * scale) for length in image.size)
    image = image if scale == 1 else image.resize((width, height), Image.Resampling.BILINEAR)
    cut = round((_RESIZED - _ROW.image_size) / 2)
    width, height = width - width % 2, height - height % 2  # the middle lies between two pixels
    box = (0, cut, width, cut + _ROW.image_size) if width >= height else (cut, 0, cut + _ROW.image_size, height)
    return np.array(image.crop(box))


def photo_square(name: str) -> np.ndarray:
    """Return the middle square of a bundled photo, uint8 (224, 224, 3)."""
    return framed_square(photo_strip(name), 0.5)


def photo_start(name: str) -> np.ndarray:
    """Return the same as a start, (3, 224, 224) float32 in [0, 1]."""
    return photo_square(name).transpose(2, 0, 1).astype(np.float32) / np.float32(255)
