"""Encode pictures and signs of waves in base64 for the browser."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image


def pack_pixels(pixels: np.ndarray) -> str:
    """Encode (..., 3, H, W) uint8 as rows of interleaved RGB pixels."""
    return base64.b64encode(np.moveaxis(pixels, -3, -1).tobytes()).decode()


def pack_signs(signs: np.ndarray) -> str:
    """Encode (S, S, 3) signs as three bits per cell, 1 for positive; `signsAt` in `wave.js` decodes them."""
    return base64.b64encode(np.packbits(signs.ravel() > 0, bitorder="little").tobytes()).decode()


def webp_strip(frames: np.ndarray, quality: int) -> bytes:
    """Encode (F, 3, H, W) uint8 frames, stacked vertically, as a lossy WebP picture."""
    file, rows = io.BytesIO(), frames.transpose(0, 2, 3, 1)
    Image.fromarray(rows.reshape(-1, *rows.shape[2:])).save(file, "WEBP", quality=quality)
    return file.getvalue()


def webp_data_uri(picture: Path | bytes) -> str:
    """Return a WebP picture (file or content) as a data URI."""
    content = picture if isinstance(picture, bytes) else picture.read_bytes()
    return f"data:image/webp;base64,{base64.b64encode(content).decode()}"
