"""The picture under the wave: a bundled sample or the visitor's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.data.datasets import load_samples, sample_credits
from core.data.pixels import square_uploads
from core.data.sample_sets import SAMPLE_SETS, ClassSet, ImageDataset, sides
from ui.server.limits import check_upload, limits

UPLOAD = "upload"


@dataclass(frozen=True, eq=False)
class Picture:
    """Picture with its metadata.

    pixels: (3, H, W) uint8, H = W. label: index of the true class in `classes`, None for a visitor's picture without
    one. kind: name of the sample set that it belongs to or is used like. position: its index in its data set, which
    seeds the signs of its waves. own: whether it is the visitor's.
    """

    pixels: np.ndarray
    label: int | None
    kind: str
    position: int
    caption: str
    own: bool = False

    @property
    def size(self) -> int:
        return self.pixels.shape[-1]

    @property
    def image(self) -> np.ndarray:
        """(3, H, W) float32 in [0, 1]."""
        return self.pixels.astype(np.float32) / 255

    @property
    def class_set(self) -> str:
        return SAMPLE_SETS[self.kind].class_set

    @property
    def classes(self) -> ClassSet:
        return SAMPLE_SETS[self.kind].classes


def picture_kinds() -> dict[str, str]:
    """Return the sources of pictures: the title in menus and URLs, mapped to a sample set's name or `UPLOAD`."""
    return {**{row.title: row.name for row in SAMPLE_SETS.values()}, "Yours": UPLOAD}


@st.cache_data(show_spinner=False)
def samples(name: str) -> ImageDataset:
    """Load the pictures of a sample set."""
    return load_samples(SAMPLE_SETS[name].dataset)


@st.cache_data(show_spinner=False)
def captions(name: str) -> list[str]:
    """Return a line per sample: its class and, unless all share one author, its title, author and licence."""
    data = samples(name)
    classes = [data.classes.names[label] for label in data.labels]
    credits = sample_credits(SAMPLE_SETS[name].dataset)
    if len({credit.author for credit in credits}) == 1:
        return classes
    credited = zip(classes, credits, strict=True)
    return [f"{label}: {credit.title}, {credit.author}, {credit.licence}" for label, credit in credited]


def sample_picture(name: str, position: int) -> Picture:
    """Return a bundled sample."""
    data = samples(name)
    label = int(data.labels[position])
    return Picture(data.images[position], label, name, position, captions(name)[position])


def uploaded_pixels(data: bytes) -> dict[int, np.ndarray]:
    """Decode a visitor's file to (3, size, size) uint8 for each size that pages use. The result is not cached.

    Raises:
        ValueError: the file is not a readable picture, or too large; the message says which.
    """
    check_upload(data, limits().picture_mb)
    sizes = sides()
    squares = square_uploads(data, sizes)
    return {size: square.transpose(2, 0, 1).copy() for size, square in zip(sizes, squares, strict=True)}
