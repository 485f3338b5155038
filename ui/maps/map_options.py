"""Views of the chosen heat maps: a stored metric, or the difference of two maps' errors."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.fourier.contrasts import difference
from core.fourier.heatmap import METRICS, PERCENT, POINTS, Heatmap, Metric, Unit
from core.shared.numbers import Interval
from core.shared.text import capitalised
from ui.components.maps.maps import DrawnMap, ShownMaps
from ui.maps.catalogue import Entry, named_apart
from ui.shared.colours import FEWER_OR_MORE_ERRORS, colour_name, model_colour

SHOWN_SIZE = 63  # the middle of larger maps, as in the paper
PUBLISHED = "(the paper’s)"


def shown_maps(chosen: Sequence[Entry], metric: str, show: str, size: int = SHOWN_SIZE) -> ShownMaps:
    """Return a drawn map of each, or of the first two maps' difference.

    If a map's sweep stored an estimate, because it had few images per wave, its error is that estimate.

    Args:
        chosen: at least one.
        metric: one of `offered_metrics`.
        show: one of `offered_shows`.
        size: larger maps are cropped to this many cells.
    """
    maps = [(entry, entry.heatmap.crop(size)) for entry in named_apart(chosen)]
    row, top = METRICS[metric], METRICS[metric].top or 1
    if show == "Difference":
        first, second = (model_colour(entry.classifier) for entry, _ in maps[:2])
        # Each end has the colour of the network with more errors there.
        ends = (second, first) if first != second else FEWER_OR_MORE_ERRORS
        drawn = _difference(maps[0], maps[1], top, *map(colour_name, ends))
        largest = float(np.abs(drawn.values[np.isfinite(drawn.values)]).max(initial=0))
        end = max(1, math.ceil(10 * largest)) / 10  # rounded up to ten points
        return ShownMaps([drawn], "".join(ends), (-end, end))
    every = [_value(*pair, row) for pair in maps]
    return ShownMaps(every, row.colormap, row.ends(*(drawn.values for drawn in every)))


def offered_metrics(chosen: Sequence[Entry]) -> list[str]:
    """Return the names in `METRICS` that all chosen maps have."""
    return [name for name, row in METRICS.items() if all(row.array(entry.heatmap) is not None for entry in chosen)]


def offered_shows(chosen: Sequence[Entry], metric: str) -> list[str]:
    """Return what chosen maps can show of a metric: itself, and of two errors the difference."""
    return ["Error", "Difference"] if METRICS[metric].top is not None and len(chosen) > 1 else ["Error"]


def _view(
    entry: Entry,
    values: np.ndarray | None,
    interval: Interval | None,
    label: str,
    unit: Unit = PERCENT,
    reading: str = "",
) -> DrawnMap:
    """Return a map to draw."""
    assert values is not None  # else it is not offered
    note = PUBLISHED if entry.heatmap.metadata["source"]["type"] == "published" else ""
    colour = model_colour(entry.classifier)
    return DrawnMap(entry.name, entry.subtitle, values, interval, label, reading, note, colour, unit)


def _value(entry: Entry, heatmap: Heatmap, metric: Metric) -> DrawnMap:
    if metric.top == 1 and heatmap.estimate is not None:
        error = Interval(*heatmap.estimate)
        return _view(entry, error.value, error, "estimated error", reading="wrong on about")
    label, reading = ("error", "wrong on") if metric.top == 1 else (metric.label, "")
    return _view(entry, metric.array(heatmap), metric.interval(heatmap), label, metric.unit, reading)


def _difference(
    first: tuple[Entry, Heatmap], second: tuple[Entry, Heatmap], top: int, fewer: str, more: str
) -> DrawnMap:
    """Return a difference to draw; fewer, more: names of the colours of its low and its high end."""
    contrast = difference(first[1], second[1], top)
    return DrawnMap(
        f"{first[0].name} minus {second[0].name}",
        f"{capitalised(more)}: {first[0].name} is wrong more often. "
        f"{capitalised(fewer)}: {second[0].name} is wrong more often.",
        contrast.value,
        contrast,
        "difference of error" if top == 1 else f"difference of top-{top} error",
        "difference",
        unit=POINTS,
    )
