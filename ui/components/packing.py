"""Pictures and signs of waves as the browser gets them: bytes in base64."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np


def pack_pixels(pixels: np.ndarray) -> str:
    """(..., 3, H, W) uint8 as rows of pixels, the three colours of each side by side."""
    return base64.b64encode(np.moveaxis(pixels, -3, -1).tobytes()).decode()


def pack_signs(signs: np.ndarray) -> str:
    """(S, S, 3) of -1 and 1 as three bits a cell, row by row: is it positive? `signsAt` of `wave.js` reads them."""
    return base64.b64encode(np.packbits(signs.ravel() > 0, bitorder="little").tobytes()).decode()


def webp_data_uri(picture: Path | bytes) -> str:
    """Return a picture as it is, a file or its content."""
    content = picture if isinstance(picture, bytes) else picture.read_bytes()
    return f"data:image/webp;base64,{base64.b64encode(content).decode()}"
