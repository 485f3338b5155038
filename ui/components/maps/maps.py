"""Heat maps side by side with a linked cursor, and the picture under their wave.

`heatmap.js` draws the maps, follows the pointer and the arrow keys without a rerun, and reports a chosen frequency
once; this module packs the maps and sets the selected frequency. With a picture (`wave_lab`) the browser also adds the
wave under the cursor to it with `wave.js`, the counterpart of `core.fourier.waves`, and `answers.js` says what networks
answer, which `ui.maps.answers` writes into the page. `stripes.js` does so for a number of vertical stripes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from core.fourier.heatmap import PERCENT, Unit, colormap_table
from core.shared import paper
from core.shared.numbers import Frequency, Interval
from ui.components.mount import (
    index_from,
    mount_synchronised,
    pack_bytes,
    pack_pixels,
    pack_signs,
    picture_id,
    register,
)
from ui.components.pictures.picture_widgets import STRIP, Thumbnails, tiles_json

_heatmap = register("maps/heatmap.js")


@dataclass(frozen=True)
class DrawnMap:
    """Heat map to display.

    Attributes:
        title: plain text above the map, e.g. the classifier's name.
        subtitle: plain text below the title, e.g. the data set and the clean error; may be empty.
        values: (R, R) float, R odd, zero frequency in the middle; NaN where not computed. Frequency (i, j)
            is at row i + R // 2, column j + R // 2.
        interval: each value with the ends of its interval, in the same unit, or None.
        value_label: name of the values, e.g. "error". unit: their unit. reading: what is said before a single value,
            e.g. "wrong on"; the name if empty.
        note: plain text after the title. colour: colour of the key before the title, e.g. "#0072B2"; no key if empty.
    """

    title: str
    subtitle: str
    values: np.ndarray
    interval: Interval | None = None
    value_label: str = "error"
    reading: str = ""
    note: str = ""
    colour: str = ""
    unit: Unit = PERCENT


@dataclass(frozen=True)
class ShownMaps:
    """Maps to draw together. They share a unit; their sizes may differ.

    value_range: limits of the shared colour bar; values beyond are clipped. colormap: argument of `colormap_table`.
    outline: radius of a dashed circle around zero frequency, in cycles per image; none if 0. outline_name: of the waves
    in it or, if it is as large as the map, in the corners beyond it.
    """

    drawn: Sequence[DrawnMap]
    colormap: str = "viridis"
    value_range: tuple[float, float] = (0, 1)
    outline: float = 0
    outline_name: str = ""


@dataclass(frozen=True, eq=False)
class PictureUnderWave:
    """Picture to which the maps' waves are added.

    Attributes:
        pixels: (3, H, H) uint8. caption: what it shows, plain text.
        epsilon: size v of the wave now, L2 norm per channel; 0 to `most`. usual: the paper's, which is named as such,
            where it has pictures of this size.
        signs: (S, S, 3) int8, -1 or 1 for each wave and channel, frequency (i, j) in row i + S // 2, column
            j + S // 2. Waves beyond are refused, as the picture cannot carry them.
        strip: thumbnails of the other pictures. selected: the index of this one.
    """

    pixels: np.ndarray
    caption: str
    epsilon: float
    usual: float
    signs: np.ndarray
    strip: Thumbnails
    selected: int

    @property
    def most(self) -> float:
        return 4 * self.usual


def draw_maps(
    maps: ShownMaps,
    *,
    selected: Frequency,
    key: str,
    on_select: Callable[[Frequency], None],
) -> None:
    """Show heat maps with one colour bar and one linked cursor.

    Args:
        maps: at least one.
        selected: the chosen frequency (i, j); drawn in every map that contains it.
        key: unique on the page.
        on_select: called with the frequency that the visitor chose, before the rerun. It should store it, and
            the next run should pass it back as `selected`.
    """
    limit = max(len(drawn.values) // 2 for drawn in maps.drawn)
    mount_synchronised(
        _heatmap,
        key,
        selected,
        read=lambda value: _read_frequency(value, limit),
        on_choice=on_select,
        data=pack_maps(maps),
    )


def wave_lab(
    maps: ShownMaps,
    picture: PictureUnderWave,
    *,
    selected: Frequency,
    key: str,
    on_select: Callable[[Frequency, float], None],
    on_pick: Callable[[int | None], None],
) -> None:
    """Show heat maps and a picture; the browser adds the wave under the cursor to it without a rerun.

    Args:
        maps, selected, key: as `draw_maps` takes them.
        on_select: called with the frequency and the size v that the visitor chose, before the rerun. It should store
            both, and the next run should pass them back.
        on_pick: called with the index of the thumbnail that the visitor chose, or None if they ask for all pictures.
    """
    limit = max(len(drawn.values) // 2 for drawn in maps.drawn)
    thumbnails = range(len(picture.strip.captions))
    mount_synchronised(
        _heatmap,
        key,
        (*selected, picture.epsilon),
        read=lambda value: read_choice(value, limit=limit, most=picture.most),
        on_choice=lambda choice: on_select(choice[:2], choice[2]),
        data={
            **pack_maps(maps),
            "about": picture.usual,  # a size v is meaningful only for pictures of one size
            "picture": _pack_picture(picture),
        },
        on_pick_change=index_from(key, "pick", thumbnails, on_pick),
        on_library_change=partial(on_pick, None),
    )


def read_choice(value: Any, *, limit: int, most: float) -> tuple[int, int, float] | None:
    """Parse a wave (i, j) and its size v sent by the browser; return None if they are invalid."""
    match value:
        case [i, j, int() | float() as epsilon] if 0 <= epsilon <= most:
            frequency = _read_frequency([i, j], limit)
            # The slider sums its steps: 15.699999999999999 is 15.7.
            return frequency and (*frequency, round(float(epsilon), 6))
    return None


def pack_maps(maps: ShownMaps) -> dict[str, Any]:
    """Return the maps and their colour bar as JSON for the browser."""
    unit = maps.drawn[0].unit
    return {
        "range": [unit.scale * end for end in maps.value_range],
        "table": pack_bytes(colormap_table(maps.colormap)),
        "signed": unit.signed,
        "unit": unit.name,
        "decimals": unit.decimals,
        "maps": [_pack(drawn) for drawn in maps.drawn],
        "outline": maps.outline,
        "outline_name": maps.outline_name,
    }


def _pack_picture(picture: PictureUnderWave) -> dict[str, Any]:
    """Return a picture for the browser: RGB rows, signs as three bits per cell, thumbnails."""
    return {
        "id": picture_id(picture.pixels),
        "pixels": pack_pixels(picture.pixels),
        "image_size": picture.pixels.shape[-1],
        "caption": picture.caption,
        "signs": pack_signs(picture.signs),
        "size": len(picture.signs),
        "usual": picture.usual,
        "source": "paper" if picture.pixels.shape[-1] in paper.EPSILON else "usual",
        "most": picture.most,
        "step": picture.usual / 20,
        "strip": tiles_json(picture.strip, picture.selected, "Bundled pictures", STRIP),
    }


def _read_frequency(value: Any, limit: int) -> Frequency | None:
    match value:
        case [int(i), int(j)] if max(abs(i), abs(j)) <= limit:
            return int(i), int(j)
    return None


def _pack(drawn: DrawnMap) -> dict[str, Any]:
    """Encode values and interval ends as float32, rounded to the last displayed decimal; NaN where not computed."""
    unit = 10**drawn.unit.decimals
    layers = np.rint(drawn.unit.scale * unit * np.asarray([drawn.values, *(drawn.interval or ())[1:]])) / unit
    return {
        "title": drawn.title,
        "note": drawn.note,
        "colour": drawn.colour,
        "subtitle": drawn.subtitle,
        "label": drawn.value_label,
        "reading": drawn.reading or drawn.value_label,
        "size": len(drawn.values),
        "layers": pack_bytes(layers.astype("<f4")),
    }
