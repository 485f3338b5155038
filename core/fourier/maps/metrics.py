"""Table of a heat map's metrics, read by menus, drawn maps, tables and figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.fourier.intervals import Interval
from core.fourier.maps.heatmap import Heatmap


@dataclass(frozen=True)
class Unit:
    """Format of a value: its scale, number of decimals, whether a plus is shown, and the unit's name."""

    name: str = ""
    scale: float = 1.0
    decimals: int = 1
    signed: bool = False


PERCENT, POINTS = Unit("%", 100.0), Unit("points", 100.0, signed=True)


@dataclass(frozen=True)
class Metric:
    """A number that a map may have for each wave.

    key: of columns and files, e.g. "top1". name: in the menu and in links. label: beside numbers and colour bars.
    array: of a map, (R, R), NaN if not computed; None if the map lacks it. interval: the same with its 95 % interval.
    value_range: ends of the colour bar. top: 1 or 5 for an error rate, which also has differences and estimates; None
    for others.
    """

    key: str
    name: str
    label: str
    array: Callable[[Heatmap], np.ndarray | None]
    unit: Unit = PERCENT
    value_range: tuple[float, float] = (0.0, 1.0)
    colormap: str = "viridis"
    interval: Callable[[Heatmap], Interval | None] = lambda heatmap: None
    top: int | None = None


def _error(top: int) -> Metric:
    array, interval = partial(Heatmap.rate, top=top), partial(Heatmap.interval, top=top)
    return Metric(f"top{top}", f"Top-{top}", f"top-{top} error", array, interval=interval, top=top)


_ROWS = (
    _error(1),
    _error(5),
    Metric(  # its low end is yellow, like a high error
        "true_probability",
        "Probability",
        "probability of the true class",
        lambda heatmap: heatmap.true_probability,
        colormap="viridis_r",
    ),
)
METRICS = {row.name: row for row in _ROWS}
TOP1 = METRICS["Top-1"]
