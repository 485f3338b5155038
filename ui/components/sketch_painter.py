"""Pixel-exact sketch painter: brush, ellipse, fill, colour picker, undo, redo, clear.

`sketch_painter.js` holds the picture at its own resolution, paints without a rerun and reports the picture after each
stroke. `tests/painter_oracle.py` is the reference implementation of a stroke.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np

from core.data.holes_and_sketches import PALETTE, Colour
from ui.components.mount import mount_synchronised, register

RADIUS = 2  # pixels: first size of the brush
_component = register("sketch_painter")


def sketch_painter(
    picture: np.ndarray,
    *,
    key: str,
    on_paint: Callable[[np.ndarray], None],
    background: Colour = PALETTE["white"],
) -> None:
    """Show a sketch and let the visitor paint it.

    Args:
        picture: uint8 (H, W, 3), of 8 to 256 pixels a side.
        key: unique on the page.
        on_paint: called with the new picture after each stroke, before the rerun. It should store it, and the next run
            should pass it back as `picture`.
        background: picture after "Clear".
    """
    height, width = picture.shape[:2]
    mount_synchronised(
        _component,
        key,
        _pack(picture),
        read=lambda value: read_choice(value, height, width),
        on_choice=lambda value: on_paint(_unpack(value, height, width)),
        about=[height, width],  # strokes fit pictures of one size only
        data={
            "palette": [[name, _hex(colour)] for name, colour in PALETTE.items()],
            "background": _hex(background),
            "radius": RADIUS,
        },
    )


def _pack(picture: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(picture, dtype=np.uint8).tobytes()).decode("ascii")


def _unpack(text: str, height: int, width: int) -> np.ndarray:
    pixels = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    return pixels.reshape(height, width, 3).copy()


def read_choice(value: Any, height: int, width: int) -> str | None:
    """Decode a picture sent by the (untrusted) browser; return None if it is invalid or of another size."""
    # Check the length first, so that an oversized text is never decoded.
    if not isinstance(value, str) or len(value) != 4 * height * width:
        return None
    try:
        return _pack(_unpack(value, height, width))
    except ValueError:
        return None


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
