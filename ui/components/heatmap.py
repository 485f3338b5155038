"""Heat maps side by side, with one linked cursor: pointing at a frequency in one map shows it in all of them.

The browser's half is `components/heatmap.js`: it draws, follows the pointer and the arrow keys without any rerun,
and reports a chosen frequency once. This half packs the maps and says which frequency is selected.
"""

import base64
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from ui.shared.colormaps import DIVERGING, colormap_table

Frequency = tuple[int, int]

_NOT_COMPUTED = -32768  # int16 in the packed cells
_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "heatmap_view",
    css=(_HERE / "heatmap.css").read_text(encoding="utf-8"),
    js=(_HERE / "heatmap.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class MapView:
    """One heat map as it is shown.

    Attributes:
        title: plain text above the map, e.g. the classifier's name.
        subtitle: plain text below the title, e.g. the data set and the clean error; may be empty.
        values: (R, R) float, R odd, zero frequency in the middle, in the unit shown (per cent, not a fraction);
            NaN where not computed. Frequency (i, j) is at row i + R // 2, column j + R // 2.
        low, high: (R, R) float, ends of each value's interval, in the same unit, or None for no interval.
        value_label: what the values are, e.g. "error".
    """

    title: str
    subtitle: str
    values: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    value_label: str = "error"

    def __post_init__(self) -> None:
        shape = np.shape(self.values)
        if len(shape) != 2 or shape[0] != shape[1] or shape[0] % 2 == 0:
            raise ValueError(f"map {self.title!r}: values want an odd square shape (R, R), got {shape}")
        if (self.low is None) != (self.high is None):
            raise ValueError(f"map {self.title!r}: give both ends of the intervals, low and high, or neither")
        for name, ends in (("low", self.low), ("high", self.high)):
            if ends is not None and np.shape(ends) != shape:
                raise ValueError(f"map {self.title!r}: {name} wants the values' shape {shape}, got {np.shape(ends)}")


@dataclass
class _Shown:
    """What the browser shows, as far as this session knows."""

    token: str  # changes when, and only when, Python moves the selection
    pushed: Frequency  # the selection that went out with the token
    frequency: Frequency  # that, or what the visitor has chosen since


def format_frequency(frequency: Frequency) -> str:
    """`(3, -4)` with a true minus sign, as the component writes it."""
    return "({}, {})".format(*frequency).replace("-", "\N{MINUS SIGN}")


def heatmap_view(
    maps: Sequence[MapView],
    *,
    selected: Frequency,
    value_range: tuple[float, float],
    colormap: str,
    unit: str,
    key: str,
    on_select: Callable[[Frequency], None],
    decimals: int = 1,
) -> None:
    """Show heat maps with one colour bar and one linked cursor.

    Args:
        maps: at least one; their sides may differ.
        selected: the chosen frequency (i, j); drawn in every map that contains it.
        value_range: values at the two ends of the colour bar; values beyond take the end's colour.
        colormap: a name in `ui.shared.colormaps.COLORMAPS`. A diverging one also gives every value its sign.
        unit: written after values, e.g. "%"; may be empty.
        key: unique on the page.
        on_select: called with the frequency that the visitor chose, before the rerun. It should store it, and
            the next run should pass it back as `selected`.
        decimals: digits after the point.
    Raises:
        ValueError: no maps, an empty range, an unknown colour map, or values too large to be packed.
    """
    if not maps:
        raise ValueError("heatmap_view wants at least one map, got none")
    if not value_range[0] < value_range[1]:
        raise ValueError(f"value_range wants low < high, got {value_range}")
    limit = max(len(view.values) // 2 for view in maps)
    shown = _synchronise(key, (int(selected[0]), int(selected[1])))
    _component(
        key=key,
        # The data change only when the maps do, or when Python moves the selection: not at a click. Otherwise
        # every click would send all maps again, and an answer to an old click would take back a newer one.
        data={
            "key": key,
            "token": shown.token,
            "selected": shown.pushed,
            "range": [float(end) for end in value_range],
            "table": base64.b64encode(colormap_table(colormap).tobytes()).decode(),
            "signed": colormap in DIVERGING,
            "unit": unit,
            "decimals": decimals,
            "maps": [_pack(view, decimals) for view in maps],
        },
        on_choice_change=lambda: _chosen(key, limit, on_select),
    )


def _synchronise(key: str, selected: Frequency) -> _Shown:
    name = f"{key}.shown"
    shown: _Shown | None = st.session_state.get(name)
    if shown is None or shown.frequency != selected:
        shown = st.session_state[name] = _Shown(uuid.uuid4().hex, selected, selected)
    return shown


def _chosen(key: str, limit: int, on_select: Callable[[Frequency], None]) -> None:
    frequency, token = _read_choice(st.session_state[key].get("choice"), limit)
    if frequency is None:
        return
    shown: _Shown | None = st.session_state.get(f"{key}.shown")
    # A choice made before the browser heard of Python's last move was overwritten there: it goes out again.
    if shown is not None and shown.token == token:
        shown.frequency = frequency
    on_select(frequency)


def _read_choice(choice: Any, limit: int) -> tuple[Frequency | None, str]:
    """The frequency and token that the browser sent; None for the frequency if they make no sense."""
    match choice:
        case {"frequency": [int(i), int(j)], "token": str(token)} if max(abs(i), abs(j)) <= limit:
            return (int(i), int(j)), token
    return None, ""


def _pack(view: MapView, decimals: int) -> dict[str, Any]:
    """Values and interval ends as rounded int16: what the visitor reads is exactly what is sent."""
    layers = [view.values] if view.low is None or view.high is None else [view.values, view.low, view.high]
    scaled = np.rint(np.asarray(layers, dtype=np.float64) * 10.0**decimals)
    if np.any(np.abs(scaled[np.isfinite(scaled)]) > 32767) or np.any(np.isinf(scaled)):
        raise ValueError(
            f"map {view.title!r}: with {decimals} decimals, values want to be between "
            f"+-{32767 / 10**decimals:g}; use fewer decimals or another unit"
        )
    cells = np.where(np.isnan(scaled), _NOT_COMPUTED, scaled).astype("<i2")
    return {
        "title": view.title,
        "subtitle": view.subtitle,
        "label": view.value_label,
        "side": len(view.values),
        "cells": base64.b64encode(cells.tobytes()).decode(),
    }
