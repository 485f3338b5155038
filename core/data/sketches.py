"""Sketches as a visitor paints them, and the bundled ones; as a smooth start, and as text for the URL."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from PIL import Image

from core.data.sample_sets import PRECOMPUTED
from core.shared.text import url_bytes, url_text

Colour = tuple[int, int, int]

SKETCH_SIZE = 32  # pixels, the default
BLUR = 3 / 7  # of a sketch's pixel: the standard deviation of its smooth version
_MAX_COLOURS = 64
# Some servers and chats truncate longer URLs. The bundled sketches take 110 to 230.
MAX_SKETCH_LENGTH = 3000

# Any two colours differ by at least 20 in CIELAB (1976), also as seen with any one kind of cones missing (Machado et
# al. 2009).
PALETTE: dict[str, Colour] = {
    "sky blue": (132, 192, 253),
    "water blue": (44, 69, 197),
    "grass green": (102, 164, 76),
    "dark green": (29, 90, 66),
    "brown": (124, 53, 19),
    "red": (226, 48, 15),
    "orange": (245, 139, 3),
    "yellow": (247, 230, 76),
    "sand": (240, 186, 135),
    "white": (251, 251, 251),
    "grey": (149, 149, 149),
    "dark grey": (35, 35, 35),
}


@dataclass(frozen=True)
class Shape:
    """One flat shape.

    points: in a sketch of 32 x 32, x before y: left, top, right, bottom of an ellipse or a box; corners of a polygon.
    """

    form: Literal["ellipse", "box", "polygon"]
    colour: Colour
    points: tuple[float, ...]

    def covers(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return True for each point that the shape covers."""
        if self.form == "polygon":
            corners = np.reshape(self.points, (-1, 2))
            inside = np.zeros(x.shape, dtype=bool)
            for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
                if y0 != y1:  # a ray to the left crosses this edge
                    inside ^= ((y0 <= y) != (y1 <= y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
            return inside
        left, top, right, bottom = self.points
        if self.form == "ellipse":
            across, down = (x - (left + right) / 2) / (right - left), (y - (top + bottom) / 2) / (bottom - top)
            return across**2 + down**2 <= 1 / 4
        return (left <= x) & (x < right) & (top <= y) & (y < bottom)


@dataclass(frozen=True)
class Sketch:
    """A bundled sketch of an ImageNet word. Later shapes cover earlier ones."""

    word: str
    background: Colour
    shapes: tuple[Shape, ...]


def _bundled() -> dict[str, Sketch]:
    """Load the sketches, painted by hand, each with four to nine shapes in the palette's colours."""
    return {
        name: Sketch(
            row["word"],
            PALETTE[row["background"]],
            tuple(Shape(form, PALETTE[colour], tuple(points)) for form, colour, points in row["shapes"]),
        )
        for name, row in json.loads((PRECOMPUTED / "sketches.json").read_text("utf-8")).items()
    }


# Bundled sketches by name; those named after a class of CIFAR-10 also show it.
SKETCHES = _bundled()
FIRST_SKETCH = next(iter(SKETCHES))  # the one that the app and the article open with


def draw_sketch(name: str) -> np.ndarray:
    """Draw a bundled sketch, uint8 (32, 32, 3); a pixel has the colour of the last shape that covers its centre.

    name: one of `SKETCHES`.
    """
    sketch = SKETCHES[name]
    y, x = np.mgrid[:SKETCH_SIZE, :SKETCH_SIZE] + 0.5
    picture = np.full((SKETCH_SIZE, SKETCH_SIZE, 3), sketch.background, dtype=np.uint8)
    for shape in sketch.shapes:
        picture[shape.covers(x, y)] = shape.colour
    return picture


@cache
def _names() -> dict[bytes, str]:
    return {draw_sketch(name).tobytes(): name for name in SKETCHES}


def sketch_name(picture: np.ndarray) -> str:
    """Return the name of a bundled sketch, given as uint8 (32, 32, 3); empty for any other picture."""
    return _names().get(picture.tobytes(), "")


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
    """Return a sketch as the start of a drawing: enlarged and smooth, with slow waves only.

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
        raise ValueError("this sketch has more colours or details than fit into a URL; use fewer and larger shapes")
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
