"""The picture under the wave: a bundled sample or the visitor's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.data.classes import CLASS_SETS, IMAGE_SIZES, ClassSet
from core.data.dataset import ImageDataset
from core.data.samples import load_samples, sample_credits
from core.images.bounded import square_uploads
from ui.shared.limits import check_upload, limits

# Where pictures come from, as visitors and the URL call it.
SETS = {"CIFAR-10": "cifar10", "Photographs": "photographs", "Yours": "upload"}
CLASS_SET_OF = {"cifar10": "cifar10", "photographs": "imagenet"}
_SAMPLES = {"cifar10": "cifar10-samples", "photographs": "photographs"}


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture with what is known about it.

    pixels: (3, H, W) uint8, H = W. label: position of the true class in `classes`, None for a visitor's picture
    without one. class_set: "cifar10" or "imagenet". position: its place in its data set, which fixes its signs.
    """

    pixels: np.ndarray
    label: int | None
    class_set: str
    position: int
    caption: str

    @property
    def size(self) -> int:
        return self.pixels.shape[-1]

    @property
    def image(self) -> np.ndarray:
        """(3, H, W) float32 in [0, 1]."""
        return self.pixels.astype(np.float32) / 255

    @property
    def classes(self) -> ClassSet:
        return CLASS_SETS[self.class_set]()


@st.cache_data(show_spinner=False)
def samples(name: str) -> ImageDataset:
    """The bundled samples of "cifar10" or "photographs"."""
    return load_samples(_SAMPLES[name])


@st.cache_data(show_spinner=False)
def captions(name: str) -> list[str]:
    """One line for each sample: its class, and for photographs who made it under which licence."""
    data = samples(name)
    classes = [data.classes.names[label] for label in data.labels]
    if name == "cifar10":
        return classes
    credited = zip(classes, sample_credits(_SAMPLES[name]), strict=True)
    return [f"{label}: {credit.title}, {credit.author}, {credit.licence}" for label, credit in credited]


def sample_picture(name: str, position: int) -> Picture:
    """A bundled sample."""
    data = samples(name)
    label = int(data.labels[position])
    return Picture(data.images[position], label, CLASS_SET_OF[name], position, captions(name)[position])


def uploaded_pixels(data: bytes) -> dict[int, np.ndarray]:
    """(3, size, size) uint8 of a visitor's file, for each size that pages use. Kept by nobody but the caller.

    Raises:
        ValueError: it is not a picture that can be read, or too large a one; the text says why.
    """
    check_upload(data, limits().picture_mb)
    sizes = tuple(IMAGE_SIZES.values())
    squares = square_uploads(data, sizes, max_pixels=limits().picture_megapixels * 10**6)
    return {size: square.transpose(2, 0, 1).copy() for size, square in zip(sizes, squares, strict=True)}
