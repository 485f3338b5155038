"""Conversions of pictures: square crop, uint8 arrays, PNG, and data URLs."""

import base64
import io

import numpy as np
from PIL import Image

# The usual evaluation transform for ImageNet: shorter side to 256, then the central 224 x 224.
RESIZE_TO_CROP = 256 / 224
MAX_ASPECT = 8


def square_image(image: np.ndarray | Image.Image, size: int, *, resize_to: int | None = None) -> np.ndarray:
    """Make a picture square: resize the shorter side, then crop the centre.

    Args:
        image: uint8 (H, W, 3), or a Pillow picture in mode RGB, which is not copied.
        size: side of the result in pixels, >= 1.
        resize_to: length of the shorter side before the crop, >= size. None means size * 256 / 224, so 256 for 224;
            `size` keeps all of a square picture.
    Returns:
        uint8 (size, size, 3). A `size` x `size` picture is returned unchanged; one whose shorter side is `resize_to` is
        only cropped.
    Raises:
        ValueError: wrong type or shape, or inconsistent sizes.
    Source: torchvision's Resize (bilinear, antialiased) and CenterCrop on Pillow images, pixel for pixel.
        Differs by: for strips longer than 8 times their width only the middle is resized, to bound the work.
    """
    if not isinstance(image, Image.Image):
        _check_picture(image)
        image = Image.fromarray(np.ascontiguousarray(image))
    resize_to = round(size * RESIZE_TO_CROP) if resize_to is None else resize_to
    if not 1 <= size <= resize_to:
        raise ValueError(f"size must be from 1 to resize_to; got size {size} and resize_to {resize_to}")
    width, height = image.size
    if (width, height) == (size, size):
        return np.array(image)

    if MAX_ASPECT * min(height, width) < max(height, width):
        image = _crop_centre(image, *(min(length, MAX_ASPECT * min(height, width)) for length in (height, width)))
        width, height = image.size
    if min(height, width) != resize_to:
        if height <= width:
            height, width = resize_to, int(resize_to * width / height)
        else:
            height, width = int(resize_to * height / width), resize_to
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    return np.array(_crop_centre(image, size, size))


def _crop_centre(image: Image.Image, height: int, width: int) -> Image.Image:
    left, top = round((image.width - width) / 2), round((image.height - height) / 2)
    return image.crop((left, top, left + width, top + height))


def to_uint8(array: np.ndarray) -> np.ndarray:
    """Convert floats (3, H, W) in [0, 1] to a uint8 (H, W, 3) picture, rounded and clipped.

    Also takes tensors on the CPU.

    Raises:
        ValueError: wrong shape, or NaN.
    """
    array = np.asarray(array)
    if array.ndim != 3 or array.shape[0] != 3 or array.dtype.kind != "f":
        raise ValueError(f"expected floats (3, H, W) in [0, 1], got {array.dtype} {array.shape}")
    if np.isnan(array).any():
        raise ValueError("expected values in [0, 1], got NaN")
    return np.rint(np.clip(array, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0).copy()


def png_bytes(image: np.ndarray) -> bytes:
    """Encode a uint8 (H, W, 3) picture as PNG.

    Raises:
        ValueError: wrong type or shape.
    """
    _check_picture(image)
    buffer = io.BytesIO()
    # Speed over size: pictures are sent once and shown briefly.
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def png_data_uri(image: np.ndarray) -> str:
    """Return a uint8 (H, W, 3) picture as a `data:image/png;base64,...` URL for <img>."""
    return "data:image/png;base64," + base64.b64encode(png_bytes(image)).decode("ascii")


def _check_picture(image: np.ndarray) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or min(image.shape) < 1:
        raise ValueError(f"expected a uint8 (H, W, 3) picture, got {image.dtype} {image.shape}")
