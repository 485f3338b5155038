"""Chart of the error against radius, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from core.fourier.basis import Frequency, rounded_radius
from core.fourier.intervals import Measured
from core.fourier.maps.heatmap import MAX_SIDE
from core.fourier.maps.rings import radial_profile
from ui.maps.catalogue import Entry
from ui.maps.models import model_colour
from ui.shared.charts import Chart, line_chart, percents

HEIGHT = 190  # CSS pixels of plot and axes together


def radius_axis() -> alt.X:
    """Return the horizontal axis of charts by radius."""
    return alt.X("radius:Q", title="radius √(i² + j²), cycles per image", axis=alt.Axis(titlePadding=2))


def radial_chart(
    chosen: Sequence[Entry], *, top: int, selected: Frequency, side: int = MAX_SIDE, height: int = HEIGHT
) -> Chart:
    """Plot the mean error over each ring of waves, one line per map, with 95 % intervals and the selected radius.

    Points of rings cut by the map's square, which contain only waves near the diagonals, are hollow. side: larger maps
    are cropped to this many cells, as in the display. height: height of plot and axes in CSS pixels.
    """
    rows: list[dict[str, Any]] = []
    for entry in chosen:
        profile = radial_profile(entry.heatmap.crop(side), top, corners=True)
        error = profile.rate, profile.low, profile.high
        for radius, whole, *ring in zip(profile.radius.tolist(), profile.whole.tolist(), *error, strict=True):
            row = {"network": entry.label, "radius": radius, "whole": whole}
            rows.append(row | percents("error", Measured(*ring)))
    return line_chart(
        rows,
        {entry.label: model_colour(entry.classifier) for entry in chosen},
        radius_axis(),
        alt.Y("error:Q", title=f"top-{top} error (%)", scale=alt.Scale(domain=[0, 100])),
        int(rounded_radius([selected])[0]),
        spread="band",
        hollow="!datum.whole",
        title="Error by radius",
        legend_names=[entry.name for entry in chosen],
        note="" if all(row["whole"] for row in rows) else "○ ring cut by the map’s edges",
        height=height,
        key="frequency.radial",
        alt_text=f"Mean top-{top} error over rings of waves of equal radius, one line per map, with 95 % intervals",
    )
