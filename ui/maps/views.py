"""Views of the chosen heat maps: a stored metric, the error minus the clean or another map's error, or an estimate."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.fourier.contrasts import difference, minus_clean
from core.fourier.estimate import MapEstimate, estimate_map
from core.fourier.heatmap import METRICS, PERCENT, POINTS, Heatmap, Metric, Unit
from core.shared.numbers import Interval, displayed_difference
from core.shared.roles import FEWER_OR_MORE_ERRORS
from ui.components.heatmap import MapView, ShownMaps
from ui.maps.catalogue import Entry, named_apart
from ui.maps.models import map_note, model_colour

SHOWS = ("Error", "Minus clean", "Difference", "Estimate")
SHOWN_SIDE = 63  # the middle of larger maps, as in the paper
# From this many images per wave on, a count is as good as an estimate. More cells than in a 31 x 31 map take minutes.
ENOUGH_IMAGES, MAX_ESTIMATED_SIDE = 1000, 31


def shown_maps(chosen: Sequence[Entry], metric: str, show: str, side: int = SHOWN_SIDE) -> ShownMaps:
    """Return a view of each map, or of the first two maps' difference.

    Args:
        chosen: at least one.
        metric: one of `offered_metrics`.
        show: one of `offered_shows`.
        side: larger maps are cropped to this many cells.
    """
    maps = [(entry, entry.heatmap.crop(side)) for entry in named_apart(chosen)]
    row, top = METRICS[metric], METRICS[metric].top or 1
    if show == "Difference":
        first, second = (model_colour(entry.classifier) for entry, _ in maps[:2])
        # Each end has the colour of the network with more errors there.
        return _signed(
            [_difference(maps[0], maps[1], top)], f"{second}{first}" if first != second else FEWER_OR_MORE_ERRORS
        )
    if show == "Estimate":
        return ShownMaps([_estimate(*pair, top) for pair in maps])
    if show == "Minus clean":
        return _signed([_minus_clean(*pair, top) for pair in maps])
    return ShownMaps([_value(*pair, row) for pair in maps], row.colormap, row.value_range)


def offered_metrics(chosen: Sequence[Entry]) -> list[str]:
    """Return the names in `METRICS` that all chosen maps have."""
    return [name for name, row in METRICS.items() if all(row.array(entry.heatmap) is not None for entry in chosen)]


def offered_shows(chosen: Sequence[Entry], metric: str) -> list[str]:
    """Return the `SHOWS` that all chosen maps have, so that no view is empty."""
    top = METRICS[metric].top
    if top is None:
        return ["Error"]
    maps = [entry.heatmap.crop(SHOWN_SIDE) for entry in chosen]
    there = {
        "Error": True,
        "Minus clean": all(heatmap.clean_rate(top) is not None for heatmap in maps),
        "Difference": len(maps) > 1,
        "Estimate": not all(map(has_enough_images, maps)) and all(can_be_estimated(heatmap, top) for heatmap in maps),
    }
    return [show for show in SHOWS if there[show]]


def _signed(views: list[MapView], colormap: str = FEWER_OR_MORE_ERRORS) -> ShownMaps:
    """Return the maps with a symmetric range, rounded up to ten points, that contains all values."""
    largest = max(float(np.abs(view.values[np.isfinite(view.values)]).max(initial=0)) for view in views)
    end = max(1, math.ceil(10 * largest)) / 10
    return ShownMaps(views, colormap, (-end, end))


def _view(
    entry: Entry,
    values: np.ndarray | None,
    interval: Interval | None,
    label: str,
    unit: Unit = PERCENT,
    title: str = "",
    subtitle: str = "",
) -> MapView:
    """Return a map's view; `title` and `subtitle` replace the map's own."""
    if values is None:
        raise ValueError(f"the map {entry.label!r} has no {label}; it should not have been offered")
    look = map_note(entry), model_colour(entry.classifier)
    return MapView(title or entry.name, subtitle or entry.subtitle, values, interval, label, *look, unit)


def _value(entry: Entry, heatmap: Heatmap, metric: Metric) -> MapView:
    return _view(entry, metric.array(heatmap), metric.interval(heatmap), metric.label, metric.unit)


def _minus_clean(entry: Entry, heatmap: Heatmap, top: int) -> MapView:
    rise, clean = minus_clean(heatmap, top), heatmap.clean_rate(top)
    rise = rise and displayed_difference(rise, heatmap.rate(top), clean)
    return _view(entry, rise and rise.value, rise, f"rise of top-{top} error", POINTS)


def has_enough_images(heatmap: Heatmap) -> bool:
    """Return whether a map's counts are as good as an estimate."""
    images = heatmap.images[heatmap.images > 0]
    return len(images) > 1 and bool(images.min() >= ENOUGH_IMAGES)


def can_be_estimated(heatmap: Heatmap, top: int) -> bool:
    """Return whether a map has an estimate, can be estimated in seconds, or needs no estimate."""
    if has_enough_images(heatmap) or (top == 1 and heatmap.estimate is not None):
        return True
    own_samples = heatmap.images_per_wave is not None and heatmap.printed_rates is None  # else chance shifts all cells
    return own_samples and bool(np.count_nonzero(heatmap.images) > 1) and heatmap.side <= MAX_ESTIMATED_SIDE


def _estimate(entry: Entry, heatmap: Heatmap, top: int) -> MapView:
    """Return a view of the error over all images, estimated from the counts unless these suffice."""
    if has_enough_images(heatmap):
        return _value(entry, heatmap, next(row for row in METRICS.values() if row.top == top))
    if top == 1 and heatmap.estimate is not None:  # what the sweep stored
        error = Interval(*heatmap.estimate)
    else:
        errors, share = (heatmap.top1_errors, heatmap.variance_share) if top == 1 else (heatmap.top5_errors, 1.0)
        error = _estimated(errors, heatmap.count, heatmap.metadata["image_size"], share).error
    return _view(
        entry,
        error.value,
        error,
        f"estimated top-{top} error",
        title=f"{entry.name}, estimate",
        subtitle=f"{entry.subtitle} · estimate, not counts",
    )


@st.cache_data(max_entries=64, show_spinner="Estimating the map from few images per wave…")
def _estimated(errors: np.ndarray, count: np.ndarray, image_size: int, share: float) -> MapEstimate:
    estimate = estimate_map(errors, count, image_size=image_size, variance_share=share)
    assert estimate is not None  # `can_be_estimated` has said so
    return estimate


def _difference(first: tuple[Entry, Heatmap], second: tuple[Entry, Heatmap], top: int) -> MapView:
    side = min(first[1].side, second[1].side)
    a, b = (heatmap.crop(side).rate(top) for _, heatmap in (first, second))
    contrast = displayed_difference(difference(first[1], second[1], top), a, b)
    return MapView(
        f"{first[0].name} minus {second[0].name}",
        f"right end of the colour bar: more errors by {first[0].name}; left end: by {second[0].name}",
        contrast.value,
        contrast,
        f"difference of top-{top} error",
        unit=POINTS,
    )
