"""Inpainting masks: shapes, fills, the position that hurts a classifier most, text for the URL, and validation."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import suppress
from typing import Literal, get_args

import numpy as np

from core.shared import paper
from core.shared.text import url_bytes, url_text

Point = tuple[int, int]
Fill = Literal["region", "rim"]


def square_size(image_size: int) -> int:
    """Return the size of the paper's square hole: 60 pixels at 224, scaled with H / 224 and rounded: 9 at 32."""
    return max(1, (2 * paper.HOLE_SIZE * image_size + paper.IMAGE_SIZE) // (2 * paper.IMAGE_SIZE))


def usual_hole_size(image_size: int) -> int:
    """Return the size of the initial hole: the paper's, but at least 16 pixels or half the image: 60 at 224, 16 at 32.

    In a smaller hole one cannot see what a network paints.
    """
    return max(square_size(image_size), min(16, image_size // 2))


def hole_size(mask: np.ndarray) -> float:
    """Return the size of a square with the area of a (1, H, W) mask; the mean for a batch (B, 1, H, W)."""
    return float(np.sqrt(mask.reshape(-1, mask.shape[-2] * mask.shape[-1]).sum(axis=1)).mean())


def square_mask(centre: Point, size: int, *, height: int, width: int) -> np.ndarray:
    """Return a (1, H, W) square of `size` x `size` pixels around `centre` (x, y), moved to lie inside the image.

    Its top-left pixel is (clamp(x - size div 2, 0, W - size), clamp(y - size div 2, 0, H - size)).

    Raises:
        ValueError: the square is larger than the image, or smaller than one pixel.
    """
    _check_square_size(size, height, width)
    left, top = (
        min(max(middle - size // 2, 0), length - size) for middle, length in zip(centre, (width, height), strict=True)
    )
    mask = np.zeros((1, height, width), dtype=bool)
    mask[:, top : top + size, left : left + size] = True
    return mask


def ellipse_mask(centre: Point, radii: Point, image_size: int) -> np.ndarray:
    """Return a (1, image_size, image_size) ellipse around `centre` (x, y); radii: half its width and height."""
    rows, columns = np.mgrid[:image_size, :image_size]
    return (((columns - centre[0]) / radii[0]) ** 2 + ((rows - centre[1]) / radii[1]) ** 2 <= 1)[None]


def middle_square(image_size: int, size: int | None = None) -> np.ndarray:
    """Return a (1, image_size, image_size) square mask in the middle, by default of the usual size."""
    middle = image_size // 2, image_size // 2
    return square_mask(middle, size or usual_hole_size(image_size), height=image_size, width=image_size)


def random_square_mask(size: int, *, height: int, width: int, generator: np.random.Generator) -> np.ndarray:
    """Return a (1, H, W) square of `size` x `size` pixels at a uniformly random position inside the image.

    Raises:
        ValueError: the square is larger than the image, or smaller than one pixel.
    Source: the paper, sec. 2.2. Differs from the public notebook: its range excludes the last position.
    """
    _check_square_size(size, height, width)
    top = int(generator.integers(0, height - size + 1))
    left = int(generator.integers(0, width - size + 1))
    return square_mask((left + size // 2, top + size // 2), size, height=height, width=width)


def _check_square_size(size: int, height: int, width: int) -> None:
    if not 1 <= size <= min(height, width):
        raise ValueError(f"the square's size must be from 1 to {min(height, width)} pixels in this image; got {size}")


def pack_mask(mask: np.ndarray) -> bytes:
    """Pack a mask's bits row by row from the top-left pixel, the first pixel in a byte's highest bit."""
    return np.packbits(mask.astype(bool)).tobytes()


def unpack_mask(data: bytes, *, height: int, width: int) -> np.ndarray:
    """Unpack `pack_mask`'s bytes to a (1, H, W) mask; raise ValueError for another number of bytes."""
    if len(data) != (height * width + 7) // 8:
        raise ValueError(f"{len(data)} bytes are not a packed mask of {width} x {height} pixels")
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8), count=height * width)
    return bits.astype(bool).reshape(1, height, width)


def encode_mask(mask: np.ndarray) -> str:
    """Encode a mask's packed bits in base64."""
    return base64.b64encode(pack_mask(mask)).decode("ascii")


def decode_mask(text: str, *, height: int, width: int) -> np.ndarray:
    """Decode an untrusted text of `encode_mask` to a (1, H, W) mask.

    Raises:
        ValueError: the text is not base64, or has another number of pixels.
    """
    size = (height * width + 7) // 8
    # Checking the length first refuses an oversized text before decoding.
    if len(text) == 4 * ((size + 2) // 3):
        with suppress(ValueError):
            return unpack_mask(base64.b64decode(text, validate=True), height=height, width=width)
    raise ValueError(
        f"a mask for {width} x {height} pixels is {size} bytes of packed bits in base64; got {len(text)} characters "
        "that do not decode to it; paint it on this image again"
    )


NO_HOLE = "the hole is empty; paint one first"


def check_mask(mask: np.ndarray, *, height: int, width: int) -> None:
    """Raise a one-sentence ValueError unless `mask` is a valid hole for an image of this size.

    Takes (1, H, W) or (B, 1, H, W) bool; no hole may be empty or cover the whole image.
    """
    if mask.dtype != bool or mask.ndim not in (3, 4) or mask.shape[-3] != 1:
        raise ValueError(f"a mask must be bool (1, H, W) or (B, 1, H, W); got {mask.dtype} {mask.shape}")
    if mask.shape[-2:] != (height, width):
        raise ValueError(f"the mask is {mask.shape[-1]} x {mask.shape[-2]} pixels but the image is {width} x {height}")
    holes = mask.reshape(-1, height * width)
    if not holes.any(axis=1).all():
        raise ValueError(NO_HOLE)
    if holes.all(axis=1).any():
        raise ValueError("the hole covers the whole image; leave a part of it")


def fill_hole(images: np.ndarray, mask: np.ndarray, fill: Fill = "region") -> np.ndarray:
    """Return copies of the images with the hole filled by one colour, or from its rim.

    Args:
        images: (3, H, W) or (B, 3, H, W) float, pixel values in [0, 1].
        mask: (1, H, W), or (B, 1, H, W) for one hole per image.
        fill: "region", the mean per channel over the hole (the paper); "rim", the colours around the hole extended
            smoothly by Laplace's equation.
    Returns:
        float32 images, same shape.
    Raises:
        ValueError: the mask does not fit the images, is empty or full, or the fill is unknown.
    Source: the paper, sec. 2.2 ("region"). "rim" reveals nothing of the covered pixels, whereas "region" reveals their
        mean.
    """
    check_mask(mask, height=images.shape[-2], width=images.shape[-1])
    if fill == "rim":
        batch = images.reshape(-1, *images.shape[-3:])
        holes = np.broadcast_to(mask.reshape(-1, *mask.shape[-2:]), (len(batch), *images.shape[-2:]))
        return np.stack([_spread_rim(*pair) for pair in zip(batch, holes, strict=True)]).reshape(images.shape)
    if fill != "region":
        raise ValueError(f"fill must be one of {', '.join(get_args(Fill))}; got {fill!r}")
    weight = mask.astype(np.float64)
    mean = (images * weight).sum(axis=(-2, -1), keepdims=True) / weight.sum(axis=(-2, -1), keepdims=True)
    return np.where(mask, mean, images).astype(np.float32)


def _spread_rim(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return a (3, H, W) float32 copy of the image that solves Laplace's equation in the hole, a (H, W) mask.

    Each pixel of the hole is the mean of its neighbours inside the image.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import spsolve

    numbers = np.full(mask.shape, -1)
    numbers[mask] = np.arange(mask.sum())
    rows, columns = np.nonzero(mask)
    neighbours, known = np.zeros(len(rows)), np.zeros((len(rows), 3))
    entries: list[tuple[np.ndarray, np.ndarray]] = []
    for down, across in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        y, x = rows + down, columns + across
        inside = (y >= 0) & (y < mask.shape[0]) & (x >= 0) & (x < mask.shape[1])
        neighbours += inside
        y, x, at = y[inside], x[inside], np.arange(len(rows))[inside]
        unknown = mask[y, x]
        entries.append((at[unknown], numbers[y[unknown], x[unknown]]))
        known[at[~unknown]] += image[:, y[~unknown], x[~unknown]].T
    diagonal = np.arange(len(rows))
    at, other = (np.concatenate(parts) for parts in zip((diagonal, diagonal), *entries, strict=True))
    values = np.concatenate([neighbours, -np.ones(len(at) - len(rows))])
    matrix = coo_array((values, (at, other)), shape=(len(rows), len(rows))).tocsc()
    filled = image.astype(np.float32)
    filled[:, mask] = np.asarray(spsolve(matrix, known)).reshape(len(rows), 3).T.clip(0, 1)
    return filled


# Some servers and chats truncate longer URLs. A square takes about 40 characters, a busy scribble some hundreds.
MAX_HOLE_LENGTH = 1500


def hole_text(mask: np.ndarray) -> str | None:
    """Encode a (1, H, W) bool mask, after its size and a dot, in URL-safe characters; None if over 1,500."""
    text = f"{mask.shape[-1]}.{url_text(pack_mask(mask))}"
    return text if len(text) <= MAX_HOLE_LENGTH else None


def read_hole(text: str, size: int) -> np.ndarray | None:
    """Decode an untrusted text of `hole_text` to a (1, size, size) mask; None if it is not one of that size."""
    number, dot, encoded = text.partition(".")
    if dot and number == str(size) and len(text) <= MAX_HOLE_LENGTH:
        with suppress(ValueError):
            # Bounded, as a few characters can expand to a very long text.
            return unpack_mask(url_bytes(encoded, size * size), height=size, width=size)
    return None


POSITIONS = 5  # candidates along each axis
_MARGIN = 0.1  # of the hole's size: the margin around it when it is judged alone


def costliest_hole(
    image: np.ndarray, hole_size: int, probabilities: Callable[[np.ndarray], np.ndarray], label: int | None = None
) -> np.ndarray:
    """Return the mask of the square that, filled from its rim, costs a network most of a class's probability.

    Tries 5 x 5 positions.

    Args:
        image: (3, H, H) uint8.
        hole_size: in pixels.
        probabilities: (B, 3, H, H) float32 in [0, 1] -> (B, K) class probabilities.
        label: the class; None for the network's own top-1 prediction for the image.
    Returns:
        bool (1, H, H), True = hole.
    """
    size, whole = image.shape[-1], image[None].astype(np.float32) / np.float32(255)
    if label is None:
        label = int(probabilities(whole)[0].argmax())
    centres = np.linspace(hole_size // 2, size - hole_size // 2, POSITIONS).round().astype(int).tolist()
    masks = [square_mask((x, y), hole_size, height=size, width=size) for y in centres for x in centres]
    filled = fill_hole(np.repeat(whole, len(masks), axis=0), np.stack(masks), "rim")
    return masks[int(probabilities(filled)[:, label].argmin())]


def hole_alone(images: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the square around a hole, with a tenth of the hole's size on every side where the image has it.

    With its surroundings, a network recognises most pictures whatever is in the hole; alone, the hole must convince.

    Args:
        images: (..., H, H). mask: bool (1, H, H), True = hole.
    Returns:
        (..., S, S) view of the images.
    """
    spans = [np.flatnonzero(mask[0].any(axis=axis)) for axis in (1, 0)]
    extent = max(int(span[-1]) + 1 - int(span[0]) for span in spans)
    size = min(mask.shape[-1], extent + 2 * round(_MARGIN * extent))
    top, left = (min(max((int(s[0]) + int(s[-1]) + 1 - size) // 2, 0), mask.shape[-1] - size) for s in spans)
    return images[..., top : top + size, left : left + size]
