"""Pictures side by side as HTML."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.data.pixels import png_data_uri, to_uint8
from ui.shared.look import style_sheet

_STYLE = style_sheet(__file__)


@dataclass(frozen=True, eq=False)
class Figure:
    """Picture with its caption. picture: uint8 (H, W, 3). title: in bold. note: below the title."""

    title: str
    note: str
    picture: np.ndarray


def to_picture(image: np.ndarray) -> np.ndarray:
    """Convert (3, H, W), uint8 or float in [0, 1], to uint8 (H, W, 3)."""
    return np.ascontiguousarray(image.transpose(1, 2, 0)) if image.dtype == np.uint8 else to_uint8(image)


def enlarge(picture: np.ndarray, side: int) -> np.ndarray:
    """Enlarge (H, W, 3) by the largest integer factor that keeps it within `side`; each pixel becomes a square."""
    times = max(1, side // len(picture))
    return picture.repeat(times, axis=0).repeat(times, axis=1)


def picture_row(figures: Sequence[Figure], *, tile: int = 130) -> str:
    """Return pictures side by side as HTML, as many in a row as fit; lossless, enlarged smoothly."""
    parts = []
    for figure in figures:
        note = f"<br><span>{html.escape(figure.note)}</span>" if figure.note else ""
        alt = html.escape(f"{figure.title}: {figure.note}" if figure.note else figure.title, quote=True)
        parts.append(
            f'<figure><img src="{png_data_uri(figure.picture)}" alt="{alt}">'
            f"<figcaption><b>{html.escape(figure.title)}</b>{note}</figcaption></figure>"
        )
    return f'{_STYLE}<div class="run-row" style="--tile:{tile}px">{"".join(parts)}</div>'
