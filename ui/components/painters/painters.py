"""Pixel-exact painters of holes and of sketches, with undo and clear; and the frame that chooses a photo's square.

`mask.js` (brush, square, eraser) and `sketch.js` (brush, fill, colours) hold their cells at the picture's resolution,
paint without a rerun and report them after each stroke. `tests/painter_oracle.py` is the reference implementation of a
stroke. `frame.js` moves a frame over a photo, here and in other components; `framer.js` is a component of it alone.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from core.data.holes import decode_mask, encode_mask, square_size
from core.data.picture_files import png_data_uri
from core.data.sketches import PALETTE, Colour
from ui.components.mount import mount_synchronised, pack_bytes, register

RADIUS = 2  # pixels: first size of a sketch's brush
BRUSH_DIVISOR = 14  # the first radius of a mask's brush is the picture's size divided by this
_mask = register("painters/mask.js")
_sketch = register("painters/sketch.js")
_framer = register("painters/framer.js")


def mask_painter(  # noqa: PLR0913  # options by keyword
    picture: np.ndarray,
    mask: np.ndarray,
    *,
    square: int,
    key: str,
    on_paint: Callable[[np.ndarray], None],
    proposed: bool = False,
    alt: str = "the picture under the hole",
    verb: str = "",
) -> None:
    """Show a picture and let the visitor paint its hole.

    Args:
        picture: uint8 (H, H, 3).
        mask: bool (1, H, H) of the picture's size, True = hole.
        square: size in pixels of the square stamp until the visitor takes another one.
        key: unique on the page.
        on_paint: called with the new (1, H, H) mask after each stroke, before the rerun. It should store it, and the
            next run should pass it back as `mask`.
        proposed: True if the hole is the page's proposal, which the visitor's first stroke replaces.
        alt: what the picture shows, for screen readers.
        verb: of the page's button that starts a run, which a phone repeats below the painter; empty if there is none.
    """
    size = len(picture)
    mount_synchronised(
        _mask,
        key,
        encode_mask(mask),
        read=lambda value: _read_bits(value, size),
        on_choice=lambda bits: on_paint(decode_mask(bits, height=size, width=size)),
        data={
            "about": size,  # a mask fits pictures of one size only
            "picture": png_data_uri(picture),
            "alt": alt,
            "verb": verb,
            "proposed": proposed,
            "square": square,
            "papers": square_size(size),
            "radius": max(1, size // BRUSH_DIVISOR),
        },
    )


def _read_bits(value: Any, size: int) -> str | None:
    try:
        return encode_mask(decode_mask(value, height=size, width=size)) if isinstance(value, str) else None
    except ValueError:
        return None


def sketch_painter(
    picture: np.ndarray,
    *,
    key: str,
    on_paint: Callable[[np.ndarray], None],
    background: Colour,
    colour: str = "sky blue",
    verb: str = "",
) -> None:
    """Show a sketch and let the visitor paint it.

    Args:
        picture: uint8 (H, H, 3).
        key: unique on the page.
        on_paint: called with the new picture after each stroke, before the rerun. It should store it, and the next run
            should pass it back as `picture`.
        background: colour of the picture after "Clear".
        colour: of `PALETTE`, the brush's first. verb: as in `mask_painter`.
    """
    size = len(picture)
    mount_synchronised(
        _sketch,
        key,
        pack_bytes(picture),
        read=lambda value: read_choice(value, size),
        on_choice=lambda value: on_paint(_unpack(value, size)),
        data=sketch_kit(size, background, colour) | {"verb": verb},
    )


def sketch_kit(size: int, background: Colour, colour: str = "sky blue") -> dict[str, Any]:
    """Return the palette and the first tool for the browser; arguments as for `sketch_painter`, size in pixels."""
    return {
        "about": size,  # strokes fit pictures of one size only
        "palette": [[name, _hex(colour)] for name, colour in PALETTE.items()],
        "background": _hex(background),
        "colour": _hex(PALETTE[colour]),
        "radius": RADIUS,
    }


def _unpack(text: str, size: int) -> np.ndarray:
    pixels = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    return pixels.reshape(size, size, 3).copy()


def read_choice(value: Any, size: int) -> str | None:
    """Decode a picture sent by the (untrusted) browser; return None if it is invalid or of another size."""
    # Check the length first: an oversized text must never be decoded.
    if not isinstance(value, str) or len(value) != 4 * size * size:
        return None
    try:
        return pack_bytes(_unpack(value, size))
    except ValueError:
        return None


def photo_frame(
    source: str, size: tuple[int, int], position: float, *, key: str, on_move: Callable[[float], None], alt: str
) -> None:
    """Show a whole photo and let the visitor move a square frame along its longer side.

    Args:
        source: URL of the photo.
        size: its width and height, in pixels.
        position: of the frame, from 0, the photo's left or upper end, to 1; as `framed_square` takes it.
        key: unique on the page.
        on_move: called with the new position when the frame is let go, before the rerun. It should store it, and the
            next run should pass it back as `position`.
        alt: what the photo shows, for screen readers.
    """
    width, height = size
    mount_synchronised(
        _framer,
        key,
        position,
        read=read_position,
        on_choice=on_move,
        data={"about": zlib.crc32(source.encode()), "source": source, "width": width, "height": height, "alt": alt},
    )


def read_position(value: Any) -> float | None:
    """Return a frame's position sent by the (untrusted) browser; None if it is none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= 1 else None


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
