"""The numbers of a heat map, a row for each: menu, drawn maps, table and figure read them here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.fourier.intervals import Measured
from core.fourier.maps.heatmap import Heatmap


@dataclass(frozen=True)
class Unit:
    """How a value is written: `scale` times it, with so many decimals, the sign always or only a minus, and a name."""

    name: str = ""
    scale: float = 1.0
    decimals: int = 1
    signed: bool = False


PERCENT, POINTS = Unit("%", 100.0), Unit("points", 100.0, signed=True)


@dataclass(frozen=True)
class Metric:
    """A number that a map may hold for each wave.

    key: of columns and files, e.g. "top1". name: in the menu and in links. label: beside numbers and colour bars.
    array: of a map, (R, R), NaN where not computed; None where the map lacks it. interval: the same with its 95 %
    interval. value_range: values at the ends of the colour bar. top: 1 or 5 for an error rate, of which there are also
    differences and estimates; None for any other number.
    """

    key: str
    name: str
    label: str
    array: Callable[[Heatmap], np.ndarray | None]
    unit: Unit = PERCENT
    value_range: tuple[float, float] = (0.0, 1.0)
    colormap: str = "viridis"
    interval: Callable[[Heatmap], Measured | None] = lambda heatmap: None
    top: int | None = None


def _error(top: int) -> Metric:
    array, interval = partial(Heatmap.rate, top=top), partial(Heatmap.interval, top=top)
    return Metric(f"top{top}", f"Top-{top}", f"top-{top} error", array, interval=interval, top=top)


_ROWS = (
    _error(1),
    _error(5),
    Metric(  # whose low end is yellow, as a high error is
        "true_probability",
        "Probability",
        "probability of the true class",
        lambda heatmap: heatmap.true_probability,
        colormap="viridis_r",
    ),
)
METRICS = {row.name: row for row in _ROWS}
TOP1 = METRICS["Top-1"]
