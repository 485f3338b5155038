"""Labelled rows of pictures as one PNG, as in the paper's Figures 3 and 4."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.data.picture_files import to_uint8

_MIN_TILE, _BETWEEN, _LABEL_WIDTH = 112, 6, 110  # in pixels; rows without labels have no room for them
_DARK, _LIGHT = (20, 20, 20), (255, 255, 255)


def picture_grid(rows: Mapping[str, np.ndarray], captions: Sequence[str] = ()) -> bytes:
    """Return labelled rows of pictures as PNG.

    Args:
        rows: (N, 3, H, W) float in [0, 1] by label, all of one shape.
        captions: text above each column. Line breaks are kept.
    """
    count, _, height, width = next(iter(rows.values())).shape
    # Smooth, as blocks would hide the content of a small image.
    zoom = max(1, -(-_MIN_TILE // width))
    tile_height, tile_width = height * zoom, width * zoom
    font = ImageFont.load_default(size=12)
    header = _BETWEEN + 16 * max((caption.count("\n") + 1 for caption in captions), default=0)
    left = _LABEL_WIDTH if any(rows) else _BETWEEN
    size = (left + count * (tile_width + _BETWEEN), header + len(rows) * (tile_height + _BETWEEN))
    canvas = Image.new("RGB", size, _LIGHT)
    draw = ImageDraw.Draw(canvas)
    for column, caption in enumerate(captions[:count]):
        draw.multiline_text((left + column * (tile_width + _BETWEEN), 2), caption, fill=_DARK, font=font, spacing=2)
    for line, (label, pictures) in enumerate(rows.items()):
        top = header + line * (tile_height + _BETWEEN)
        draw.multiline_text((_BETWEEN, top + tile_height // 2 - 8), label, fill=_DARK, font=font)
        for column, picture in enumerate(pictures):
            tile = Image.fromarray(to_uint8(picture)).resize((tile_width, tile_height), Image.Resampling.BICUBIC)
            canvas.paste(tile, (left + column * (tile_width + _BETWEEN), top))
    buffer = io.BytesIO()
    canvas.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
