"""Error against radius: the heat maps' rings, with intervals."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import altair as alt
import numpy as np
import streamlit as st

from core.fourier.analysis import RadialProfile, radial_profile
from core.fourier.basis import Frequency
from core.fourier.heatmap import Heatmap
from ui.maps.catalogue import Entry
from ui.maps.models import model_colour
from ui.shared.charts import DASHES

FIELDS = ("radius", "error", "low", "high", "waves", "whole")  # of a ring, errors in per cent
HEIGHT = 200  # CSS pixels of plot, axis and legend together


@functools.lru_cache(maxsize=64)
def _profile(heatmap: Heatmap, top: int) -> RadialProfile:
    """Profiles by the map's identity: a map never changes, and a click must not compute them anew."""
    return radial_profile(heatmap, top, corners=True)


def radial_chart(chosen: Sequence[Entry], *, top: int, selected: Frequency) -> None:
    """Mean error over each ring of waves, one line per map, with 95 % intervals and the selected radius.

    Rings that the map's square cuts, so that only waves near the diagonals are left, have hollow points.
    """
    rows, cut = [], []
    for entry in chosen:
        profile = _profile(entry.heatmap, top)
        columns = (profile.radius, *(100 * part for part in (profile.rate, profile.low, profile.high)))
        for ring in zip(*(column.tolist() for column in (*columns, profile.waves, profile.whole)), strict=True):
            rows.append({"map": entry.label} | dict(zip(FIELDS, ring, strict=True)))
        if not profile.whole.all():
            cut.append(int(profile.radius[~profile.whole][0]))
    labels = [entry.label for entry in chosen]
    colours = [model_colour(entry.heatmap.metadata["classifier"]["name"]) for entry in chosen]
    legend = alt.Legend(orient="top", columns=2, labelLimit=240, symbolType="stroke", symbolSize=300, rowPadding=0)
    colour = alt.Color("map:N", scale=alt.Scale(domain=labels, range=colours), title=None, legend=None)
    dashes = alt.Scale(domain=labels, range=[DASHES[k % 4] for k in range(len(labels))])
    radius = alt.X("radius:Q", title="radius √(i² + j²), cycles per image", axis=alt.Axis(titlePadding=2))
    error = alt.Y("low:Q", title=f"top-{top} error (%)", scale=alt.Scale(domain=[0, 100]))
    base = alt.Chart(alt.Data(values=rows))
    band = base.mark_area(opacity=0.2).encode(radius, error, alt.Y2("high:Q"), colour)
    mean = base.encode(radius, alt.Y("error:Q"), colour)
    line = mean.mark_line().encode(
        colour.legend(legend), alt.StrokeDash("map:N", scale=dashes, legend=legend, title=None)
    )
    tooltip = [
        alt.Tooltip("map:N"),
        alt.Tooltip("radius:Q"),
        alt.Tooltip("error:Q", format=".1f", title="error (%)"),
        alt.Tooltip("low:Q", format=".1f", title="95 % from"),
        alt.Tooltip("high:Q", format=".1f", title="to"),
        alt.Tooltip("waves:Q", title="waves in the ring"),
        alt.Tooltip("whole:N", title="whole ring"),
    ]
    rings = mean.transform_filter("datum.whole").mark_point(size=22, filled=True, opacity=1).encode(tooltip=tooltip)
    parts = mean.transform_filter("!datum.whole").mark_point(size=26, filled=False).encode(tooltip=tooltip)
    ring = int(np.rint(math.hypot(*selected)))
    rule = alt.Chart(alt.Data(values=[{"radius": ring}])).mark_rule(strokeDash=[4, 4], color="#888888").encode(radius)
    chart = alt.layer(band, line, rings, parts, rule).resolve_legend(color="independent").properties(height=HEIGHT)
    # Without a check against Vega-Lite's schema, which takes longer than the rest.
    st.vega_lite_chart(
        chart.to_dict(validate=False),
        width="stretch",
        key="frequency.radial",
        alt=f"Mean top-{top} error over rings of waves of equal radius, a line for each map, with 95 % intervals",
    )
    hollow = f" Hollow points, from {min(cut)} on: rings cut by the square." if cut else ""
    st.markdown(
        f"Radius of the wave in view: {ring} (dashed).{hollow}",
        help="Mean over each ring of waves. Bands: Wilson 95 % intervals for n images; all waves of a ring were added "
        "to the same images, so more waves do not make them narrower.",
    )
