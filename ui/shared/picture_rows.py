"""Pictures side by side as HTML."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.images.square import png_data_uri, to_uint8
from ui.shared.look import style_sheet

_STYLE = style_sheet(__file__)


@dataclass(frozen=True, eq=False)
class Figure:
    """One picture with its caption. picture: uint8 (H, W, 3). title is set bold; note stands below it."""

    title: str
    note: str
    picture: np.ndarray


def to_picture(image: np.ndarray) -> np.ndarray:
    """(3, H, W) uint8 -> (H, W, 3), or float in [0, 1] rounded to uint8."""
    return np.ascontiguousarray(image.transpose(1, 2, 0)) if image.dtype == np.uint8 else to_uint8(image)


def enlarged(picture: np.ndarray, side: int) -> np.ndarray:
    """(H, W, 3) with each pixel a whole square, as large as `side` allows."""
    times = max(1, side // len(picture))
    return picture.repeat(times, axis=0).repeat(times, axis=1)


def picture_row(figures: Sequence[Figure], *, tile: int = 130) -> str:
    """Pictures side by side, as many in a row as fit; lossless, and enlarged smoothly."""
    parts = []
    for figure in figures:
        note = f"<br><span>{html.escape(figure.note)}</span>" if figure.note else ""
        alt = html.escape(f"{figure.title}: {figure.note}" if figure.note else figure.title, quote=True)
        parts.append(
            f'<figure><img src="{png_data_uri(figure.picture)}" alt="{alt}">'
            f"<figcaption><b>{html.escape(figure.title)}</b>{note}</figcaption></figure>"
        )
    return f'{_STYLE}<div class="run-row" style="--tile:{tile}px">{"".join(parts)}</div>'


def picture_groups(groups: Sequence[tuple[str, Sequence[Figure], str]], label: str, *, tile: int = 130) -> str:
    """Rows of pictures beside each other, each with a heading and a note in plain text; scrolls in a narrow window."""
    parts = [
        f"<div><p>{html.escape(heading)}</p>{picture_row(figures, tile=tile)}<p>{html.escape(note)}</p></div>"
        for heading, figures, note in groups
    ]
    # The keyboard must get there to scroll.
    name = html.escape(label, quote=True)
    return f'<div class="run-groups" tabindex="0" role="region" aria-label="{name}">{"".join(parts)}</div>'
