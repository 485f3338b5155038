"""Pixel-exact mask painter: square stamp, brush, eraser, undo, redo, clear.

`mask_painter.js` holds the mask at the picture's resolution, paints without a rerun and reports the mask after each
stroke. `tests/painter_oracle.py` is the reference implementation of a stroke.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.data.holes_and_sketches import decode_mask, encode_mask
from core.data.picture_files import png_data_uri
from ui.components.mount import mount_synchronised, register

_component = register("mask_painter")


def mask_painter(
    picture: np.ndarray,
    mask: np.ndarray,
    *,
    side: int,
    papers: int,
    radius: int,
    key: str,
    on_paint: Callable[[np.ndarray], None],
    alt: str = "the picture under the hole",
) -> None:
    """Show a picture and let the visitor paint its hole.

    Args:
        picture: uint8 (H, W, 3).
        mask: bool (1, H, W) of the picture's size, True = hole.
        side, radius: size in pixels of the square stamp until the visitor takes another one, and first size of
            brush and eraser. papers: side of the paper's square, a mark on the slider.
        key: unique on the page.
        on_paint: called with the new (1, H, W) mask after each stroke, before the rerun. It should store it, and the
            next run should pass it back as `mask`.
        alt: what the picture shows, for screen readers.
    """
    height, width = picture.shape[:2]
    mount_synchronised(
        _component,
        key,
        encode_mask(mask),
        read=lambda value: _read_bits(value, height, width),
        on_choice=lambda bits: on_paint(decode_mask(bits, height=height, width=width)),
        about=[height, width],  # a mask fits pictures of one size only
        data={"picture": png_data_uri(picture), "alt": alt, "side": side, "papers": papers, "radius": radius},
    )


def _read_bits(value: Any, height: int, width: int) -> str | None:
    try:
        return encode_mask(decode_mask(value, height=height, width=width)) if isinstance(value, str) else None
    except ValueError:
        return None
