"""Error against radius: the heat maps' rings, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt

from core.fourier.basis import Frequency
from core.fourier.heatmap import MAX_SIDE
from core.fourier.rings import radial_profile
from ui.maps.catalogue import Entry
from ui.maps.models import model_colour
from ui.shared.charts import ERROR_TOOLTIP, chart_legend, line_styles, show_chart

FIELDS = ("radius", "error", "low", "high", "waves", "whole")  # of a ring, errors in per cent
HEIGHT = 190  # CSS pixels of plot and axes together


def radial_chart(
    chosen: Sequence[Entry], *, top: int, selected: Frequency, side: int = MAX_SIDE, height: int = HEIGHT
) -> None:
    """Mean error over each ring of waves, one line per map, with 95 % intervals and the selected radius.

    Rings that the map's square cuts, so that only waves near the diagonals are left, have hollow points. side: larger
    maps are cropped to so many cells, as where they are shown. height: of plot and axes, in CSS pixels.
    """
    rows, cut = [], []
    for entry in chosen:
        profile = radial_profile(entry.heatmap.crop(side), top, corners=True)
        columns = (profile.radius, *(100 * part for part in (profile.rate, profile.low, profile.high)))
        for ring in zip(*(column.tolist() for column in (*columns, profile.waves, profile.whole)), strict=True):
            rows.append({"map": entry.label} | dict(zip(FIELDS, ring, strict=True)))
        if not profile.whole.all():
            cut.append(int(profile.radius[~profile.whole][0]))
    labels = [entry.label for entry in chosen]
    colours = [model_colour(entry.heatmap.metadata["classifier"]["name"]) for entry in chosen]
    colour, dash = line_styles("map:N", labels, colours)
    radius = alt.X("radius:Q", title="radius √(i² + j²), cycles per image", axis=alt.Axis(titlePadding=2))
    error = alt.Y("low:Q", title=f"top-{top} error (%)", scale=alt.Scale(domain=[0, 100]))
    # Of each point, for readers of screens and for `heatmap.js`, which marks the ring that is pointed at.
    spoken = alt.Description("spoken:N")
    base = alt.Chart().transform_calculate(
        spoken="'radius ' + datum.radius + ', ' + datum.map + ': ' + format(datum.error, '.1f') + ' %'"
    )
    band = base.mark_area(opacity=0.2).encode(radius, error, alt.Y2("high:Q"), colour)
    mean = base.encode(radius, alt.Y("error:Q"), colour)
    line = mean.mark_line().encode(dash)
    tooltip = [
        alt.Tooltip("map:N"),
        alt.Tooltip("radius:Q"),
        *ERROR_TOOLTIP,
        alt.Tooltip("waves:Q", title="waves in the ring"),
        alt.Tooltip("whole:N", title="whole ring"),
    ]
    rings = (
        mean.transform_filter("datum.whole").mark_point(size=22, filled=True, opacity=1).encode(spoken, tooltip=tooltip)
    )
    parts = mean.transform_filter("!datum.whole").mark_point(size=26, filled=False).encode(spoken, tooltip=tooltip)
    hollow = "○ cut by the edges of the map" if cut else ""
    chart_legend("Error by radius", [entry.name for entry in chosen], colours, hollow)
    show_chart(
        rows,
        [band, line, rings, parts],
        radius,
        round(math.hypot(*selected)),
        height=height,
        lines=0,
        key="frequency.radial",
        alt_text=f"Mean top-{top} error over rings of waves of equal radius, a line for each map, with 95 % intervals",
    )
