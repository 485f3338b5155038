"""Heat maps side by side, with one linked cursor: pointing at a frequency in one map shows it in all of them.

The browser's half is `heatmap.js`: it draws, follows the pointer and the arrow keys without any rerun, and reports a
chosen frequency once. This half packs the maps and says which frequency is selected.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.fourier.basis import Frequency, check_side
from core.fourier.intervals import Interval
from ui.components.mount import mount_synchronised, register
from ui.shared.colormaps import DIVERGING, colormap_table

_NOT_COMPUTED = -32768  # int16 in the packed cells
_DECIMALS = 1  # of the per cent shown

_component = register("heatmap")


@dataclass(frozen=True)
class MapView:
    """One heat map as it is shown.

    Attributes:
        title: plain text above the map, e.g. the classifier's name.
        subtitle: plain text below the title, e.g. the data set and the clean error; may be empty.
        values: (R, R) float in [-1, 1], R odd, zero frequency in the middle; NaN where not computed. Frequency (i, j)
            is at row i + R // 2, column j + R // 2. Shown in per cent.
        interval: both ends of each value's interval, in the same unit, or None.
        value_label: what the values are, e.g. "error".
    Raises:
        ValueError: another shape.
    """

    title: str
    subtitle: str
    values: np.ndarray
    interval: Interval | None = None
    value_label: str = "error"

    def __post_init__(self) -> None:
        side = len(self.values)
        check_side(side)
        for values in (self.values, *(self.interval or ())):
            if values.shape != (side, side):
                raise ValueError(f"map {self.title!r}: wanted a square shape ({side}, {side}), got {values.shape}")


def format_frequency(frequency: Frequency) -> str:
    """`(3, -4)` with a true minus sign, as the component writes it."""
    return "({}, {})".format(*frequency).replace("-", "\N{MINUS SIGN}")


def heatmap_view(
    maps: Sequence[MapView],
    *,
    selected: Frequency,
    value_range: tuple[float, float],
    colormap: str,
    key: str,
    on_select: Callable[[Frequency], None],
) -> None:
    """Show heat maps with one colour bar and one linked cursor.

    Args:
        maps: at least one; their sides may differ.
        selected: the chosen frequency (i, j); drawn in every map that contains it.
        value_range: values at the two ends of the colour bar; values beyond take the end's colour.
        colormap: a name in `ui.shared.colormaps.COLORMAPS`. A diverging one is for differences: every value gets its
            sign, and the unit is points instead of per cent.
        key: unique on the page.
        on_select: called with the frequency that the visitor chose, before the rerun. It should store it, and
            the next run should pass it back as `selected`.
    Raises:
        ValueError: no maps, an empty range or an unknown colour map.
    """
    if not maps:
        raise ValueError("heatmap_view wants at least one map, got none")
    if not value_range[0] < value_range[1]:
        raise ValueError(f"value_range wants low < high, got {value_range}")
    limit = max(len(view.values) // 2 for view in maps)
    signed = colormap in DIVERGING
    mount_synchronised(
        _component,
        key,
        selected,
        read=lambda value: _read_frequency(value, limit),
        on_choice=on_select,
        data={
            "range": [100 * end for end in value_range],
            "table": base64.b64encode(colormap_table(colormap).tobytes()).decode(),
            "signed": signed,
            "unit": "points" if signed else "%",
            "decimals": _DECIMALS,
            "maps": [_pack(view) for view in maps],
        },
    )


def _read_frequency(value: Any, limit: int) -> Frequency | None:
    match value:
        case [int(i), int(j)] if max(abs(i), abs(j)) <= limit:
            return int(i), int(j)
    return None


def _pack(view: MapView) -> dict[str, Any]:
    """Values and interval ends as rounded int16: what the visitor reads is exactly what is sent."""
    scaled = np.rint(100 * 10**_DECIMALS * np.asarray([view.values, *(view.interval or ())]))
    cells = np.where(np.isnan(scaled), _NOT_COMPUTED, scaled).astype("<i2")
    return {
        "title": view.title,
        "subtitle": view.subtitle,
        "label": view.value_label,
        "side": len(view.values),
        "cells": base64.b64encode(cells.tobytes()).decode(),
    }
