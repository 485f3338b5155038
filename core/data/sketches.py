"""Sketches as a visitor paints them, and the bundled ones; as a smooth start, and as text for the URL."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from PIL import Image

from core.shared.text import url_bytes, url_text

Colour = tuple[int, int, int]

SKETCH_SIZE = 32  # pixels, the default
BLUR = 3 / 7  # of a sketch's pixel: the standard deviation of its smooth version
_MAX_COLOURS = 64
# Some servers and chats truncate longer URLs. The bundled sketches take 60 to 140 characters.
MAX_SKETCH_LENGTH = 3000

# The palette. Any two colours differ by at least 23 in CIELAB (1976), also as seen with any one kind of cones missing
# (Machado et al. 2009).
PALETTE: dict[str, Colour] = {
    "sky blue": (128, 200, 250),
    "water blue": (34, 102, 175),
    "grass green": (114, 179, 80),
    "dark green": (28, 56, 44),
    "brown": (124, 86, 52),
    "red": (244, 48, 20),
    "white": (240, 240, 240),
    "grey": (117, 117, 117),
}


@dataclass(frozen=True)
class Shape:
    """One flat shape.

    box: left, top, right, bottom in a sketch of 32 x 32. lean: shift of a box's lower edge to the right.
    """

    form: Literal["ellipse", "box"]
    colour: Colour
    box: tuple[float, float, float, float]
    lean: float = 0.0


@dataclass(frozen=True)
class Sketch:
    """A bundled sketch. Later shapes cover earlier ones."""

    background: Colour
    shapes: tuple[Shape, ...]


_ellipse, _box = partial(Shape, "ellipse"), partial(Shape, "box")
_SKY, _WATER, _GRASS, _, _BROWN, _RED, _WHITE, _GREY = PALETTE.values()
_PALE_GREY, _TAN, _BEIGE = (180, 180, 180), (170, 120, 70), (230, 200, 150)
_FOREST, _MEADOW = (60, 110, 60), (120, 160, 110)

# Sketches by CIFAR-10 class, and one by a class of ImageNet.
SKETCHES: dict[str, Sketch] = {
    "horse": Sketch(
        _SKY,
        (
            _box(_GRASS, (0, 20, 32, 32)),
            _ellipse(_BROWN, (7, 11, 25, 20)),
            _ellipse(_BROWN, (21, 5, 27, 15)),
            _box(_BROWN, (9, 17, 11, 27)),
            _box(_BROWN, (20, 17, 22, 27)),
        ),
    ),
    "ship": Sketch(_SKY, (_box(_WATER, (0, 21, 32, 32)), _box(_WHITE, (12, 11, 20, 17)), _box(_RED, (6, 17, 26, 22)))),
    "frog": Sketch(_FOREST, (_ellipse(_GRASS, (8, 11, 25, 24)),)),
    "automobile": Sketch(
        _PALE_GREY,
        (_box(_GREY, (0, 22, 32, 32)), _box(_RED, (10, 10, 22, 15)), _box(_RED, (5, 15, 27, 22))),
    ),
    "bird": Sketch(
        _SKY, (_box(_BROWN, (0, 22, 32, 24)), _ellipse(_RED, (9, 12, 21, 22)), _ellipse(_RED, (17, 8, 24, 15)))
    ),
    "deer": Sketch(_FOREST, (_ellipse(_TAN, (9, 13, 23, 21)), _ellipse(_TAN, (19, 7, 25, 13)))),
    "dog": Sketch(_MEADOW, (_ellipse(_BEIGE, (9, 8, 23, 22)),)),
    "airplane": Sketch(_SKY, (_box(_WHITE, (4, 14, 28, 18)), _box(_WHITE, (14, 18, 19, 27), lean=-5))),
    "volcano": Sketch(
        _SKY,
        (
            _box(_GRASS, (0, 24, 32, 32)),
            _ellipse(_GREY, (9, 0, 24, 9)),
            _box(_BROWN, (13, 9, 19, 12)),
            _box(_BROWN, (11, 12, 21, 16)),
            _box(_BROWN, (8, 16, 24, 20)),
            _box(_BROWN, (4, 20, 28, 25)),
            _box(_RED, (14, 8, 18, 11)),
        ),
    ),
}
# ImageNet's words of the bundled sketches; the first is shown first.
SKETCH_WORDS = {
    "volcano": "volcano",
    "automobile": "sports car",
    "bird": "robin",
    "airplane": "airliner",
    "ship": "container ship",
    "horse": "sorrel",
    "frog": "tree frog",
    "dog": "golden retriever",
}


def draw_sketch(name: str) -> np.ndarray:
    """Draw a bundled sketch, uint8 (32, 32, 3); a pixel has the colour of the last shape that covers its centre.

    name: one of `SKETCHES`.
    """
    sketch = SKETCHES[name]
    y, x = np.mgrid[:SKETCH_SIZE, :SKETCH_SIZE] + 0.5
    picture = np.full((SKETCH_SIZE, SKETCH_SIZE, 3), sketch.background, dtype=np.uint8)
    for shape in sketch.shapes:
        left, top, right, bottom = shape.box
        if shape.form == "ellipse":
            across, down = (x - (left + right) / 2) / (right - left), (y - (top + bottom) / 2) / (bottom - top)
            inside = across**2 + down**2 <= 1 / 4
        else:
            shifted = x - shape.lean * (y - top) / (bottom - top)
            inside = (left <= shifted) & (shifted < right) & (top <= y) & (y < bottom)
        picture[inside] = shape.colour
    return picture


def check_sketch(picture: Any) -> np.ndarray:
    """Return a sketch as uint8 (32, 32, 3).

    Raises:
        ValueError: it has another shape or type.
    """
    pixels = np.asarray(picture)
    if pixels.shape != (SKETCH_SIZE, SKETCH_SIZE, 3) or pixels.dtype != np.uint8:
        raise ValueError(f"a sketch must be uint8 ({SKETCH_SIZE}, {SKETCH_SIZE}, 3); got {pixels.dtype} {pixels.shape}")
    return pixels


def smooth_sketch(picture: np.ndarray, image_size: int) -> np.ndarray:
    """Return a sketch as the start of a drawing: enlarged and smooth, so that it has slow waves only.

    Bicubic to `image_size`, then a Gaussian of `BLUR` sketch pixels; clipped to [0, 1].

    Args:
        picture: uint8 (size, size, 3). image_size: of the start in pixels.
    Returns:
        (3, image_size, image_size) float32 in [0, 1].
    """
    from scipy.ndimage import gaussian_filter

    planes = np.moveaxis(picture.astype(np.float32) / np.float32(255), -1, 0)
    sigma = BLUR * image_size / len(picture)
    bicubic, target = Image.Resampling.BICUBIC, (image_size, image_size)
    large = [np.asarray(Image.fromarray(plane).resize(target, bicubic)) for plane in planes]
    smooth = [gaussian_filter(plane, sigma, mode="nearest") for plane in large]
    return np.clip(np.stack(smooth), 0, 1).astype(np.float32)


def encode_sketch(picture: np.ndarray) -> str:
    """Encode a sketch in URL-safe characters; the same picture gives the same text.

    Format: base64url of zlib of the number of colours minus one, the colours in ascending order, and for each pixel the
    index of its colour XOR that of the pixel above (0 above the first row).

    Args:
        picture: uint8 (size, size, 3).
    Raises:
        ValueError: over 64 colours or 3,000 characters. Any picture of 64 colours up to 48 x 48 pixels takes fewer.
    """
    size = len(picture)
    colours, indices = np.unique(picture.reshape(-1, 3), axis=0, return_inverse=True)
    rows = indices.reshape(size, size).astype(np.uint8)
    rows[1:] ^= rows[:-1].copy()
    text = url_text(bytes([(len(colours) - 1) % 256]) + colours.tobytes() + rows.tobytes())
    if len(colours) > _MAX_COLOURS or len(text) > MAX_SKETCH_LENGTH:
        raise ValueError("this sketch has too many colours or details for a URL; use fewer and larger shapes")
    return text


def decode_sketch(text: str, size: int) -> np.ndarray:
    """Decode an untrusted text of `encode_sketch` to uint8 (size, size, 3).

    Raises:
        ValueError: the text is not a sketch of that size.
    """
    pixels = size * size
    data = url_bytes(text, 1 + 3 * _MAX_COLOURS + pixels) if len(text) <= MAX_SKETCH_LENGTH else b""
    count = data[0] + 1 if data else 0
    if 1 <= count <= _MAX_COLOURS and len(data) == 1 + 3 * count + pixels:
        colours = np.frombuffer(data, np.uint8, 3 * count, offset=1).reshape(count, 3)
        rows = np.frombuffer(data, np.uint8, offset=1 + 3 * count).reshape(size, size)
        indices = np.bitwise_xor.accumulate(rows, axis=0)
        if indices.max() < count:
            return colours[indices]
    raise ValueError(
        f"these {len(text):,} characters are not a sketch of {size} × {size} pixels; copy the whole URL, or repaint it"
    )
