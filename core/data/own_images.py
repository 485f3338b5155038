"""Pictures that a program has in memory: arrays, tensors, PIL images, or a torch `Dataset`. Does not import torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.data.sample_sets import ClassSet, ImageDataset
from core.shared.cli import progress_bar
from core.shared.text import count_of, quoted

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
    if isinstance(images, ImageDataset):
        _refuse(labels)
        if images.classes.names != classes.names:
            raise ValueError(
                f"the data set {images.name!r} has other classes ({len(images.classes)}) than the classifier "
                f"({len(classes)}); give the classifier the data set's `classes`"
            )
        return images
    name = "own images"
    if not hasattr(images, "shape") and not isinstance(images, Sequence):
        _refuse(labels)
        name = type(images).__name__
        images, labels = _read_dataset(images)
    elif labels is None:
        raise ValueError("labels are missing; give (N,) whole numbers, the true class of each image")
    pixels = own_pixels(images)
    return ImageDataset(name, "", pixels, _whole_labels(labels, len(pixels), classes), classes, name)


def _refuse(labels: Any) -> None:
    if labels is not None:
        raise ValueError("a data set brings its own labels; leave `labels` out, or give the images as an array")


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
    for place in progress_bar(range(total), desc="reading", unit="img", leave=False, delay=1):
        image, label = dataset[place]
        pixels.append(own_pixels(image, single=True)[0])
        labels.append(label)
    _check_shapes(pixels)
    return np.stack(pixels), labels


def own_pixels(images: Any, *, single: bool = False) -> np.ndarray:
    """Return pictures as (N, 3, H, W) uint8; floats are rounded to 256 levels.

    Args:
        images: array, tensor, or list of arrays, tensors or PIL images: square, with three channels first or last,
            uint8, or float in [0, 1].
        single: whether one picture without the first axis is meant, too.
    Raises:
        ValueError: another form, another range, or no picture; one sentence.
    """
    array = _as_array(images)
    if single and array.ndim == 3 and 3 in (array.shape[0], array.shape[2]):
        array = array[None]
    shape = array.shape
    if 0 in shape:
        raise ValueError(f"images should be {FORMS}, with at least one image; got none, shape {shape}")
    if len(shape) != 4 or 3 not in (shape[1], shape[3]):
        repeat = {2: "images[None, None], 3, axis=1", 3: "images[:, None], 3, axis=1"}.get(len(shape), "")
        if len(shape) == 4 and 1 in (shape[1], shape[3]):
            repeat = f"images, 3, axis={1 if shape[1] == 1 else 3}"
        todo = f"repeat the single channel three times, np.repeat({repeat})" if repeat else "convert them"
        raise ValueError(f"images should be {FORMS}; got the shape {shape}; {todo}")
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
        todo = (
            "divide them by 255" if low >= 0 and 1 < high <= 255 else "leave out Normalize: the classifier normalises"
        )
        raise ValueError(f"float images should lie in [0, 1]; got values from {low:.3g} to {high:.3g}; {todo}")
    return np.ascontiguousarray(np.rint(array * 255).astype(np.uint8))


def _as_array(images: Any) -> np.ndarray:
    if isinstance(images, list | tuple):
        pictures = [_as_array(image) for image in images]
        if not pictures:
            return np.empty((0, 3, 0, 0))
        _check_shapes(pictures)
        return np.stack(pictures)
    if hasattr(images, "detach"):  # a tensor; numpy has no bfloat16
        images = images.detach().cpu()
        images = (images.float() if images.is_floating_point() else images).numpy()
    array = np.asarray(images)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"images should be {FORMS}; got {quoted(type(images).__name__)}")
    return array


def _check_shapes(pictures: Sequence[np.ndarray]) -> None:
    if len(shapes := sorted({picture.shape for picture in pictures})) > 1:
        raise ValueError(
            f"images should all have one size; got {shapes[0]} and {shapes[1]}; resize and crop them to one square"
        )


def _whole_labels(labels: Any, count: int, classes: ClassSet) -> np.ndarray:
    """Return labels as (N,) int64."""
    if isinstance(labels, list | tuple):  # of numbers or of tensors
        labels = np.array([label.item() if hasattr(label, "item") else label for label in labels])
    array = _as_array(labels)
    last = len(classes) - 1
    if array.shape != (count,) or array.dtype.kind not in "iu":
        raise ValueError(
            f"labels should be whole numbers, one per image, ({count},); got {array.dtype} of shape {array.shape}; "
            "give each image's class by its index"
        )
    if array.min() < 0 or array.max() > last:
        raise ValueError(
            f"labels should go from 0 to {last}, the classifier's {len(classes)} classes; got {array.min()} to "
            f"{array.max()}; give the class's index in `classes`"
        )
    return array.astype(np.int64)


def own_mask(mask: Any, count: int, side: int) -> np.ndarray:
    """Return a hole as `core.data.holes.fill_hole` takes it, which checks that it holds something.

    Args:
        mask: (H, W), (1, H, W), (N, H, W) or (N, 1, H, W) bool array or tensor; True where the picture may change.
        count, side: number and side in pixels of the images.
    Raises:
        ValueError: numbers in place of bool, another size, or neither one hole nor one for each image; one sentence.
    """
    array = _as_array(mask)
    if array.dtype.kind != "b":
        raise ValueError(f"a mask should be bool, True where the picture may change; got {array.dtype}; use mask > 0")
    if array.shape[-2:] != (side, side):
        raise ValueError(
            f"a mask should have the images' size, ({side}, {side}); got the shape {array.shape}; "
            "resize it, or the images"
        )
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
