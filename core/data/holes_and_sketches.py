"""Holes with their fills, and sketches, as a visitor paints them; both also as text for the URL."""

from __future__ import annotations

import base64
import re
import zlib
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
from PIL import Image

from core.shared import paper

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def _url_text(data: bytes) -> str:
    """Encode bytes; the same bytes give the same text."""
    return base64.urlsafe_b64encode(zlib.compress(data, 9)).decode("ascii").rstrip("=")


def _url_bytes(text: str, max_bytes: int) -> bytes:
    """Return the bytes that `_url_text` encoded; b"" if the untrusted text is damaged or holds over `max_bytes`."""
    if not _ALPHABET.fullmatch(text):
        return b""
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), max_bytes)
        data += unpacking.decompress(unpacking.unconsumed_tail, 1)  # the checksum may follow the last byte
    except (ValueError, zlib.error):
        return b""
    return data if unpacking.eof and not unpacking.unused_data else b""


Point = tuple[int, int]
Fill = Literal["region", "rim"]


def square_side(image_size: int) -> int:
    """Return the side of the paper's square hole: 60 pixels at 224, scaled with H / 224 and rounded: 9 at 32."""
    return max(1, (2 * paper.HOLE_SIDE * image_size + paper.IMAGE_SIZE) // (2 * paper.IMAGE_SIZE))


def usual_side(image_size: int) -> int:
    """Return the side of the initial hole: the paper's, but at least 16 pixels or half the image: 60 at 224, 16 at 32.

    In a smaller hole one cannot see what a network paints.
    """
    return max(square_side(image_size), min(16, image_size // 2))


def hole_side(mask: np.ndarray) -> float:
    """Return the side of a square of the hole's area, (1, H, W); for a batch (B, 1, H, W) the mean."""
    return float(np.sqrt(mask.reshape(-1, mask.shape[-2] * mask.shape[-1]).sum(axis=1)).mean())


def square_mask(centre: Point, side: int, *, height: int, width: int) -> np.ndarray:
    """Return a (1, H, W) square of `side` x `side` pixels around `centre` (x, y), moved to lie inside the image.

    Its top-left pixel is (clamp(x - side div 2, 0, W - side), clamp(y - side div 2, 0, H - side)).

    Raises:
        ValueError: the square is larger than the image, or smaller than one pixel.
    """
    _check_hole_side(side, height, width)
    left, top = (
        min(max(place - side // 2, 0), length - side) for place, length in zip(centre, (width, height), strict=True)
    )
    mask = np.zeros((1, height, width), dtype=bool)
    mask[:, top : top + side, left : left + side] = True
    return mask


def middle_square(size: int, side: int | None = None) -> np.ndarray:
    """Return a (1, size, size) square hole in the middle, by default of the usual side."""
    return square_mask((size // 2, size // 2), side or usual_side(size), height=size, width=size)


def random_square_mask(side: int, *, height: int, width: int, generator: np.random.Generator) -> np.ndarray:
    """Return a (1, H, W) square of `side` x `side` pixels at a uniformly random place inside the image.

    Raises:
        ValueError: the square is larger than the image, or smaller than one pixel.
    Source: the paper, sec. 2.2. Differs from the public notebook, whose range excludes the last place.
    """
    _check_hole_side(side, height, width)
    top = int(generator.integers(0, height - side + 1))
    left = int(generator.integers(0, width - side + 1))
    return square_mask((left + side // 2, top + side // 2), side, height=height, width=width)


def _check_hole_side(side: int, height: int, width: int) -> None:
    if not 1 <= side <= min(height, width):
        raise ValueError(f"the square's side must be from 1 to {min(height, width)} pixels in this image; got {side}")


def _pack_mask(mask: np.ndarray) -> bytes:
    """Pack a mask's bits row by row from the top-left pixel, the first pixel in a byte's highest bit."""
    return np.packbits(mask.astype(bool)).tobytes()


def _unpack_mask(data: bytes, *, height: int, width: int) -> np.ndarray:
    """Unpack `_pack_mask`'s bytes to a (1, H, W) mask; raise ValueError for another number of bytes."""
    if len(data) != (height * width + 7) // 8:
        raise ValueError(f"{len(data)} bytes are not a packed mask of {width} x {height} pixels")
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8), count=height * width)
    return bits.astype(bool).reshape(1, height, width)


def encode_mask(mask: np.ndarray) -> str:
    """Encode a mask's packed bits in base64."""
    return base64.b64encode(_pack_mask(mask)).decode("ascii")


def decode_mask(text: str, *, height: int, width: int) -> np.ndarray:
    """Decode an untrusted text of `encode_mask` to a (1, H, W) mask.

    Raises:
        ValueError: the text is not base64, or has another number of pixels.
    """
    size = (height * width + 7) // 8
    # Checking the length first refuses an oversized text before decoding.
    if len(text) == 4 * ((size + 2) // 3):
        with suppress(ValueError):
            return _unpack_mask(base64.b64decode(text, validate=True), height=height, width=width)
    raise ValueError(
        f"a mask for {width} x {height} pixels is {size} bytes of packed bits in base64; got {len(text)} characters "
        "that do not decode to it; paint it on this image again"
    )


def check_form(mask: Any) -> None:
    """Raise ValueError unless an array or a tensor is bool (1, H, W) or (B, 1, H, W)."""
    if not str(mask.dtype).endswith("bool") or mask.ndim not in (3, 4) or mask.shape[-3] != 1:
        raise ValueError(f"a mask must be bool (1, H, W) or (B, 1, H, W); got {mask.dtype} {tuple(mask.shape)}")


def check_mask(mask: np.ndarray, *, height: int, width: int) -> None:
    """Raise a one-sentence ValueError unless `mask` is a valid hole for an image of this size.

    Takes (1, H, W) or (B, 1, H, W) bool; no hole may be empty or cover the whole image.
    """
    check_form(mask)
    if mask.shape[-2:] != (height, width):
        raise ValueError(
            f"the mask is {mask.shape[-1]} x {mask.shape[-2]} pixels but the image is {width} x {height}; "
            "paint it on this image again"
        )
    holes = mask.reshape(-1, height * width)
    if not holes.any(axis=1).all():
        raise ValueError("the mask is empty; paint a hole first")
    if holes.all(axis=1).any():
        raise ValueError("the mask covers the whole image; erase a part of it")


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


def _spread_rim(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return a (3, H, W) float32 copy of the image whose (H, W) hole solves Laplace's equation.

    Each pixel of the hole is the mean of its neighbours inside the image.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import spsolve

    numbers = np.full(hole.shape, -1)
    numbers[hole] = np.arange(hole.sum())
    rows, columns = np.nonzero(hole)
    neighbours, known = np.zeros(len(rows)), np.zeros((len(rows), 3))
    entries: list[tuple[np.ndarray, np.ndarray]] = []
    for down, across in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        y, x = rows + down, columns + across
        inside = (y >= 0) & (y < hole.shape[0]) & (x >= 0) & (x < hole.shape[1])
        neighbours += inside
        y, x, at = y[inside], x[inside], np.arange(len(rows))[inside]
        unknown = hole[y, x]
        entries.append((at[unknown], numbers[y[unknown], x[unknown]]))
        known[at[~unknown]] += image[:, y[~unknown], x[~unknown]].T
    diagonal = np.arange(len(rows))
    at, other = (np.concatenate(parts) for parts in zip((diagonal, diagonal), *entries, strict=True))
    values = np.concatenate([neighbours, -np.ones(len(at) - len(rows))])
    matrix = coo_array((values, (at, other)), shape=(len(rows), len(rows))).tocsc()
    filled = image.astype(np.float32)
    filled[:, hole] = np.asarray(spsolve(matrix, known)).reshape(len(rows), 3).T.clip(0, 1)
    return filled


# Some servers and chats truncate longer URLs. A square takes about 40 characters, a busy scribble some hundreds.
MAX_HOLE_LENGTH = 1500


def hole_text(mask: np.ndarray) -> str | None:
    """Encode a (1, H, W) bool mask, after its side and a dot, in URL-safe characters; None if over 1,500."""
    text = f"{mask.shape[-1]}.{_url_text(_pack_mask(mask))}"
    return text if len(text) <= MAX_HOLE_LENGTH else None


def read_hole(text: str, size: int) -> np.ndarray | None:
    """Decode an untrusted text of `hole_text` to a (1, size, size) mask; None if it is not one of that size."""
    side, dot, encoded = text.partition(".")
    if dot and side == str(size) and len(text) <= MAX_HOLE_LENGTH:
        with suppress(ValueError):
            # Bounded, as a few characters can expand to a very long text.
            return _unpack_mask(_url_bytes(encoded, size * size), height=size, width=size)
    return None


Colour = tuple[int, int, int]

SIDE = 32  # pixels, the default
MAX_SIDE = 256
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

    kind: Literal["ellipse", "box"]
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


def draw_sketch(name: str, side: int = SIDE) -> np.ndarray:
    """Draw a bundled sketch, uint8 (side, side, 3); a pixel has the colour of the last shape that covers its centre.

    Raises:
        ValueError: the name is not in `SKETCHES`, or the side is not from 1 to 256.
    """
    if name not in SKETCHES:
        raise ValueError(f"sketch {name!r} is unknown; known: {', '.join(SKETCHES)}")
    _check_sketch_side(side)
    sketch = SKETCHES[name]
    y, x = (np.mgrid[:side, :side] + 0.5) * (32 / side)
    picture = np.full((side, side, 3), sketch.background, dtype=np.uint8)
    for shape in sketch.shapes:
        left, top, right, bottom = shape.box
        if shape.kind == "ellipse":
            across, down = (x - (left + right) / 2) / (right - left), (y - (top + bottom) / 2) / (bottom - top)
            inside = across**2 + down**2 <= 1 / 4
        else:
            shifted = x - shape.lean * (y - top) / (bottom - top)
            inside = (left <= shifted) & (shifted < right) & (top <= y) & (y < bottom)
        picture[inside] = shape.colour
    return picture


def encode_sketch(picture: np.ndarray) -> str:
    """Encode a sketch in URL-safe characters; the same picture gives the same text.

    Lossless up to 64 colours; others are reduced to 64 by median cut. Format: base64url of zlib of the number of
    colours minus one, the colours in ascending order, and for each pixel the index of its colour XOR that of the pixel
    above (0 above the first row).

    Raises:
        ValueError: not a uint8 (side, side, 3) picture of 1 to 256 pixels, or over 3,000 characters. Any picture up to
            48 x 48 pixels and coarse sketches of any size take fewer.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape != (len(picture), len(picture), 3):
        raise ValueError(f"a sketch must be uint8 (side, side, 3); got {picture.dtype} {picture.shape}")
    side = len(picture)
    _check_sketch_side(side)
    colours, indices = np.unique(picture.reshape(-1, 3), axis=0, return_inverse=True)
    if len(colours) > _MAX_COLOURS:
        reduced = Image.fromarray(np.ascontiguousarray(picture)).quantize(
            _MAX_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
        )
        colours, indices = np.unique(np.array(reduced.convert("RGB")).reshape(-1, 3), axis=0, return_inverse=True)
    rows = indices.reshape(side, side).astype(np.uint8)
    rows[1:] ^= rows[:-1].copy()
    text = _url_text(bytes([len(colours) - 1]) + colours.tobytes() + rows.tobytes())
    if len(text) > MAX_SKETCH_LENGTH:
        raise ValueError(
            f"this sketch takes {len(text):,} characters, and a URL has room for {MAX_SKETCH_LENGTH:,}: "
            "use fewer colours and larger shapes"
        )
    return text


def decode_sketch(text: str, side: int) -> np.ndarray:
    """Decode an untrusted text of `encode_sketch` to uint8 (side, side, 3).

    Raises:
        ValueError: the text is not a sketch of that side, or the side is not from 1 to 256.
    """
    _check_sketch_side(side)
    pixels = side * side
    data = _url_bytes(text, 1 + 3 * _MAX_COLOURS + pixels) if len(text) <= MAX_SKETCH_LENGTH else b""
    count = data[0] + 1 if data else 0
    if 1 <= count <= _MAX_COLOURS and len(data) == 1 + 3 * count + pixels:
        colours = np.frombuffer(data, np.uint8, 3 * count, offset=1).reshape(count, 3)
        rows = np.frombuffer(data, np.uint8, offset=1 + 3 * count).reshape(side, side)
        indices = np.bitwise_xor.accumulate(rows, axis=0)
        if indices.max() < count:
            return colours[indices]
    raise ValueError(
        f"these {len(text):,} characters are not a sketch of {side} × {side} pixels; copy the whole URL, or repaint it"
    )


def _check_sketch_side(side: int) -> None:
    if not 1 <= side <= MAX_SIDE:
        raise ValueError(f"a sketch's side must be from 1 to {MAX_SIDE} pixels; got {side}")
