"""Painting a hole into a picture, exact to the pixel: square stamp, brush, eraser, undo, redo, clear, random place.

The browser's half is `components/mask_painter.js`: it holds the mask at the picture's own resolution, paints without
any rerun, and reports the mask at the end of each stroke. What a stroke paints is defined in `tests/painter_oracle.py`.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from core.images.masks import decode_mask, encode_mask
from core.images.square import png_data_uri

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "mask_painter",
    css=(_HERE / "mask_painter.css").read_text(encoding="utf-8"),
    js=(_HERE / "mask_painter.js").read_text(encoding="utf-8"),
)


@dataclass
class _Shown:
    """What the browser shows, as far as this session knows."""

    size: tuple[int, int]  # height, width
    token: str  # changes when, and only when, Python moves the mask
    pushed: str  # the mask that went out with the token, packed
    bits: str  # that, or what the visitor has painted since


def mask_painter(
    picture: np.ndarray,
    mask: np.ndarray,
    *,
    side: int,
    radius: int,
    key: str,
    on_paint: Callable[[np.ndarray], None],
    on_random: Callable[[], None],
    alt: str = "the picture under the hole",
) -> None:
    """Show a picture with its hole, to be painted.

    Args:
        picture: uint8 (H, W, 3).
        mask: bool (1, H, W), True = hole.
        side, radius: first size in pixels of the square stamp, and of brush and eraser.
        key: unique on the page.
        on_paint: called with the new (1, H, W) mask after each stroke, before the rerun. It should store it, and the
            next run should pass it back as `mask`.
        on_random: called when the visitor asks for a random place; it should store another mask.
        alt: what the picture shows, for screen readers.
    Raises:
        ValueError: picture and mask do not fit together.
    """
    height, width = picture.shape[:2]
    if mask.dtype != bool or mask.shape != (1, height, width):
        raise ValueError(
            f"mask_painter wants a bool mask of (1, {height}, {width}) for this picture, got {mask.dtype} {mask.shape}"
        )
    shown = _synchronise(key, (height, width), encode_mask(mask))
    _component(
        key=key,
        # The same data as in the last run, unless Python moves the mask or changes the picture: an answer to an old
        # stroke must not take back a newer one.
        data={
            "key": key,
            "token": shown.token,
            "mask": shown.pushed,
            "width": width,
            "height": height,
            "picture": png_data_uri(picture),
            "alt": alt,
            "side": side,
            "radius": radius,
        },
        on_mask_change=lambda: _painted(key, on_paint),
        on_random_change=on_random,
    )


def _synchronise(key: str, size: tuple[int, int], bits: str) -> _Shown:
    name = f"{key}.shown"
    shown: _Shown | None = st.session_state.get(name)
    if shown is None or (shown.size, shown.bits) != (size, bits):
        shown = st.session_state[name] = _Shown(size, uuid.uuid4().hex, bits, bits)
    return shown


def _painted(key: str, on_paint: Callable[[np.ndarray], None]) -> None:
    shown: _Shown | None = st.session_state.get(f"{key}.shown")
    match st.session_state[key].get("mask"):
        # A hole in a picture that has since given way to one of another size means nothing any more.
        case {"bits": str(bits), "token": str(token), "height": int(height), "width": int(width)} if (
            shown is not None and shown.size == (height, width)
        ):
            try:
                mask = decode_mask(bits, height=height, width=width)
            except ValueError:
                return  # not from our own JavaScript
            # One painted before the browser heard of Python's last move was overwritten there: it goes out again.
            if token == shown.token:
                shown.bits = encode_mask(mask)
            on_paint(mask)
