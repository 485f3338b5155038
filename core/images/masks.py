"""Masks: squares, brush strokes, their packed form, and what a hole is filled with. Pure numpy, no torch.

A mask is bool (1, H, W), True = hole, may change; a batch of masks is (B, 1, H, W). Points are (x, y) whole pixels:
x counts columns to the right, y counts rows downwards, (0, 0) is the top-left pixel.

Everything a pointer can paint is defined with integers only, so that a painter in another language gives the same
mask bit for bit:

1. The path of a stroke is the Bresenham line between each two successive points, ends included (`line_points`); a
   single point is a path of one pixel. Points may lie outside the image.
2. A brush of radius r paints every pixel (px, py) with (px - x)^2 + (py - y)^2 <= r^2 for some (x, y) on the path.
3. A square stamp of side s paints, for every (x, y) on the path, the s x s square whose top-left pixel is
   (clamp(x - s div 2, 0, W - s), clamp(y - s div 2, 0, H - s)): the square is moved inside, never cut.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from core import paper

Point = tuple[int, int]
Fill = Literal["region", "image"]

# A pointer can leave the image, but not by this much; it bounds the length of a line.
FARTHEST = 1 << 15


def square_side(image_size: int) -> int:
    """Side of the paper's square hole, 60 pixels at 224, scaled with H / 224 and rounded (half up): 9 at 32."""
    if image_size < 1:
        raise ValueError(f"image_size must be at least 1 pixel; got {image_size}")
    return max(1, (2 * paper.HOLE_SIDE * image_size + paper.IMAGE_SIZE) // (2 * paper.IMAGE_SIZE))


def square_mask(centre: Point, side: int, *, height: int, width: int) -> np.ndarray:
    """(1, H, W) one square stamp at `centre` (x, y): exactly `side` x `side` pixels, moved inside the image.

    Raises:
        ValueError: the square is larger than the image, or smaller than one pixel.
    """
    return stamp_mask([centre], side, height=height, width=width)


def random_square_mask(side: int, *, height: int, width: int, generator: np.random.Generator) -> np.ndarray:
    """(1, H, W) a `side` x `side` square, every place inside the image equally likely.

    Raises:
        ValueError: the square is larger than the image, or smaller than one pixel.
    Source: the paper, sec. 2.2. Differs from the public notebook: its random range leaves out the last place.
    """
    _check_square(side, height, width)
    top = int(generator.integers(0, height - side + 1))
    left = int(generator.integers(0, width - side + 1))
    mask = np.zeros((1, height, width), dtype=bool)
    mask[:, top : top + side, left : left + side] = True
    return mask


def stamp_mask(points: Sequence[Point], side: int, *, height: int, width: int) -> np.ndarray:
    """(1, H, W) a square stamp of `side` pixels dragged along `points`; rule 3 of the module's definition.

    Raises:
        ValueError: the square does not fit, or the points are not whole (x, y) pairs near the image.
    """
    _check_square(side, height, width)
    mask = np.zeros((1, height, width), dtype=bool)
    for x, y in path_points(points):
        left = min(max(x - side // 2, 0), width - side)
        top = min(max(y - side // 2, 0), height - side)
        mask[:, top : top + side, left : left + side] = True
    return mask


def brush_mask(points: Sequence[Point], radius: int, *, height: int, width: int) -> np.ndarray:
    """(1, H, W) a round brush of `radius` whole pixels drawn along `points`; rule 2 of the module's definition.

    Radius 0 paints single pixels. What falls outside the image is lost.

    Raises:
        ValueError: the radius is negative or longer than the image, or the points are not whole (x, y) pairs.
    """
    if not _is_whole(radius) or not 0 <= radius <= max(height, width):
        raise ValueError(f"radius must be a whole number of pixels from 0 to {max(height, width)}; got {radius}")
    offsets = np.arange(-radius, radius + 1)
    disc = offsets[:, None] ** 2 + offsets[None, :] ** 2 <= radius**2
    mask = np.zeros((1, height, width), dtype=bool)
    for x, y in path_points(points):
        top, bottom = max(y - radius, 0), min(y + radius + 1, height)
        left, right = max(x - radius, 0), min(x + radius + 1, width)
        if top < bottom and left < right:
            part = disc[top - y + radius : bottom - y + radius, left - x + radius : right - x + radius]
            mask[0, top:bottom, left:right] |= part
    return mask


def path_points(points: Sequence[Point]) -> Iterator[Point]:
    """Every pixel on the path of a stroke, rule 1 of the module's definition; corners may come twice."""
    pairs = [tuple(point) for point in points]
    if not pairs:
        raise ValueError("a stroke needs at least one point; got none")
    for pair in pairs:
        if len(pair) != 2 or not all(_is_whole(value) and abs(value) <= FARTHEST for value in pair):
            raise ValueError(f"a point must be two whole pixels (x, y) within {FARTHEST} of the image; got {pair}")
    whole = [(int(x), int(y)) for x, y in pairs]
    yield whole[0]
    for start, end in zip(whole, whole[1:], strict=False):
        yield from line_points(start, end)


def line_points(start: Point, end: Point) -> Iterator[Point]:
    """Pixels of the line from `start` to `end`, both included, in integer arithmetic.

    With dx = |x1 - x0|, dy = -|y1 - y0|, sx and sy the signs of the two differences (-1 when negative, else +1) and
    error = dx + dy, repeat: give (x, y); stop at the end; let twice = 2 * error; if twice >= dy: error += dy, x += sx;
    if twice <= dx: error += dx, y += sy (both tests use the same `twice`).

    Source: Bresenham 1965, in the symmetric form of Zingl 2012.
    """
    (x, y), (x1, y1) = start, end
    dx, dy = abs(x1 - x), -abs(y1 - y)
    sx, sy = (-1 if x1 < x else 1), (-1 if y1 < y else 1)
    error = dx + dy
    while True:
        yield x, y
        if (x, y) == (x1, y1):
            return
        twice = 2 * error
        if twice >= dy:
            error, x = error + dy, x + sx
        if twice <= dx:
            error, y = error + dx, y + sy


def combine(mask: np.ndarray, stroke: np.ndarray) -> np.ndarray:
    """A new mask with `stroke` painted over `mask`."""
    _check_same_size(mask, stroke)
    return mask | stroke


def erase(mask: np.ndarray, stroke: np.ndarray) -> np.ndarray:
    """A new mask with `stroke` rubbed out of `mask`."""
    _check_same_size(mask, stroke)
    return mask & ~stroke


def encode_mask(mask: np.ndarray) -> str:
    """Packed bits in base64: row by row from the top-left pixel, the first pixel in a byte's highest bit."""
    return base64.b64encode(np.packbits(mask.astype(bool)).tobytes()).decode("ascii")


def decode_mask(text: str, *, height: int, width: int) -> np.ndarray:
    """(1, H, W) mask from `encode_mask`'s text, which may come from anyone.

    Raises:
        ValueError: the text is no base64, or holds another number of pixels.
    """
    wanted = (height * width + 7) // 8
    # The length alone refuses an oversized text before anything is decoded.
    if len(text) == 4 * ((wanted + 2) // 3):
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError(f"the mask is not base64 text ({error}); paint it again") from None
        if len(data) == wanted:
            bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8), count=height * width)
            return bits.astype(bool).reshape(1, height, width)
    raise ValueError(
        f"a mask for {width} x {height} pixels is {wanted} bytes of packed bits in base64; got {len(text)} characters; "
        "paint it on this image again"
    )


def check_mask(mask: np.ndarray, *, height: int, width: int) -> None:
    """Raise ValueError, one sentence, unless `mask` is a hole that can be inpainted in an image of this size.

    Takes (1, H, W) or (B, 1, H, W) bool; the hole of each must be neither empty nor the whole image.
    """
    if mask.dtype != bool or mask.ndim not in (3, 4) or mask.shape[-3] != 1:
        raise ValueError(f"a mask must be bool (1, H, W) or (B, 1, H, W); got {mask.dtype} {mask.shape}")
    if mask.shape[-2:] != (height, width):
        raise ValueError(
            f"the mask is {mask.shape[-1]} x {mask.shape[-2]} pixels but the image is {width} x {height}; "
            "paint it on this image again"
        )
    holes = mask.reshape(-1, height * width)
    if not holes.any(axis=1).all():
        raise ValueError("the mask is empty, so there is nothing to fill in; paint a hole first")
    if holes.all(axis=1).any():
        raise ValueError("the mask covers the whole image, so nothing is left to go by; erase a part of it")


def fill_hole(images: np.ndarray, mask: np.ndarray, fill: Fill = "region") -> np.ndarray:
    """Copies of the images whose hole holds one colour: the mean per channel of the hole, or of the whole image.

    Args:
        images: (3, H, W) or (B, 3, H, W) float, pixel values in [0, 1].
        mask: (1, H, W), or (B, 1, H, W) for one hole per image.
        fill: "region", the mean of what the hole covers (the paper); "image", the mean of the whole image.
    Returns:
        float32 images, same shape.
    Raises:
        ValueError: the mask does not fit the images, is empty or full, or the fill is unknown.
    Source: the paper, sec. 2.2 ("region"); the notebook of Santurkar et al. 2019 ("image").
    """
    check_mask(mask, height=images.shape[-2], width=images.shape[-1])
    if fill == "region":
        weight = mask.astype(np.float64)
    elif fill == "image":
        weight = np.ones_like(mask, dtype=np.float64)
    else:
        raise ValueError(f"fill must be 'region' or 'image'; got {fill!r}")
    mean = (images * weight).sum(axis=(-2, -1), keepdims=True) / weight.sum(axis=(-2, -1), keepdims=True)
    return np.where(mask, mean, images).astype(np.float32)


def _check_square(side: int, height: int, width: int) -> None:
    if not _is_whole(side) or not 1 <= side <= min(height, width):
        raise ValueError(f"the square's side must be from 1 to {min(height, width)} pixels in this image; got {side}")


def _check_same_size(mask: np.ndarray, stroke: np.ndarray) -> None:
    if mask.shape != stroke.shape:
        raise ValueError(f"both masks must have the same size; got {mask.shape} and {stroke.shape}")


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
