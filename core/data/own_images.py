"""Pictures that a program has in memory: arrays, tensors, PIL images, or a torch `Dataset`. Does not import torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.data.sample_sets import ClassSet, ImageDataset
from core.shared.cli import progress_bar
from core.shared.text import count_of

FORMS = "(N, 3, H, W) or (N, H, W, 3), uint8, or float in [0, 1]"


def own_dataset(images: Any, labels: Any, classes: ClassSet) -> ImageDataset:
    """Return labelled pictures as a data set of `classes`.

    Args:
        images: an `ImageDataset`; a torch `Dataset` of (image, label), its images as tensors without normalisation or
            as PIL images; or an array, a tensor or a list of pictures, as for `own_pixels`.
        labels: (N,) whole numbers, the true class of each image; None if `images` is a data set, which has them.
        classes: the classes, in the order of the labels.
    Raises:
        ValueError: the pictures or labels have another form, or a label no class; one sentence.
    """
    is_dataset = not hasattr(images, "shape") and not isinstance(images, Sequence)
    if is_dataset == (labels is not None):
        raise ValueError(
            "labels should be (N,) whole numbers, the true class of each image; leave them out with a data set, which "
            "brings its own"
        )
    if isinstance(images, ImageDataset):
        if images.classes.names != classes.names:
            raise ValueError(
                f"the data set {images.name!r} has other classes ({len(images.classes)}) than the classifier "
                f"({len(classes)}); give the classifier the data set's `classes`"
            )
        return images
    name = "own images"
    if is_dataset:
        name = type(images).__name__
        images, labels = _read_dataset(images)
    pixels = own_pixels(images)
    return ImageDataset(name, "", pixels, whole_labels(labels, len(pixels)), classes, name)


def _read_dataset(dataset: Any) -> tuple[np.ndarray, list[Any]]:
    """Return pixels and labels of a torch `Dataset`."""
    try:
        total, (_, _) = len(dataset), dataset[0]
    except (TypeError, ValueError, IndexError) as error:
        raise ValueError(
            f"images should be {FORMS}, or a torch Dataset of (image, label) with a length; got "
            f"{type(dataset).__name__}; for a DataLoader give its `dataset`"
        ) from error
    pixels, labels = [], []
    for index in progress_bar(range(total), desc="reading", unit="img", leave=False, delay=1):
        image, label = dataset[index]
        pixels.append(own_pixels(image, single=True)[0])
        labels.append(label)
    return np.stack(pixels), labels


def own_pixels(images: Any, *, single: bool = False) -> np.ndarray:
    """Return pictures as (N, 3, H, W) uint8; floats are rounded to 256 levels.

    Args:
        images: array, tensor, or list of arrays, tensors or PIL images: square, with three channels first or last,
            uint8, or float in [0, 1].
        single: True to accept one picture without the first axis.
    Raises:
        ValueError: another form, another range, or no picture; one sentence.
    """
    array = _as_array(images)
    if single and array.ndim == 3:
        array = array[None]
    shape = array.shape
    if len(shape) != 4 or 3 not in (shape[1], shape[3]) or 0 in shape:
        raise ValueError(f"images should be {FORMS}, with at least one image; got the shape {shape}")
    if shape[1] != 3:
        array = array.transpose(0, 3, 1, 2)
    if array.shape[2] != array.shape[3]:
        raise ValueError(
            f"images should be square; got {array.shape[2]} x {array.shape[3]} pixels; crop them, with "
            "core.data.picture_files.square_image or torchvision's CenterCrop"
        )
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if array.dtype.kind != "f":
        raise ValueError(f"images should be {FORMS}; got {array.dtype}; convert them, images.astype(np.uint8)")
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"float images should lie in [0, 1]; got values from {low:.3g} to {high:.3g}; divide bytes by 255, and "
            "leave out Normalize: the classifier normalises"
        )
    return np.ascontiguousarray(np.rint(array * 255).astype(np.uint8))


def _as_array(images: Any) -> np.ndarray:
    if isinstance(images, list | tuple):
        return np.stack([_as_array(image) for image in images])
    if hasattr(images, "detach"):  # a tensor; numpy has no bfloat16
        images = images.detach().cpu()
        images = (images.float() if images.is_floating_point() else images).numpy()
    return np.asarray(images)


def whole_labels(labels: Any, count: int) -> np.ndarray:
    """Return the labels of some images, an array or a list of numbers or tensors, as (N,) int64.

    Raises:
        ValueError: another number, or no whole numbers; one sentence.
    """
    array = _as_array(labels)
    if array.shape != (count,) or array.dtype.kind not in "iu":
        raise ValueError(
            f"labels should be whole numbers, one per image, ({count},); got {array.dtype} of shape {array.shape}; "
            "give each image's class by its index"
        )
    return array.astype(np.int64)


def own_mask(mask: Any, count: int) -> np.ndarray:
    """Return a hole as `core.data.holes.check_mask` takes it.

    Args:
        mask: (H, W), (1, H, W), (N, H, W) or (N, 1, H, W) bool array or tensor; True where the picture may change.
        count: number of images.
    Raises:
        ValueError: neither one hole nor one for each image; one sentence.
    """
    array = _as_array(mask)
    if array.ndim == 2:
        array = array[None]
    elif array.ndim == 3 and len(array) > 1:
        array = array[:, None]
    if array.ndim == 4 and len(array) not in (1, count):
        raise ValueError(
            f"a mask should be (H, W), or one for each of {count_of(count, 'image')}, ({count}, H, W); got the shape "
            f"{np.shape(mask)}"
        )
    return array
