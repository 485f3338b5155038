"""Error against radius: the heat maps' rings, with intervals."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import altair as alt
import streamlit as st

from core.fourier.analysis import RadialProfile, radial_profile
from core.fourier.basis import Frequency
from core.fourier.heatmap import Heatmap
from ui.maps.catalogue import Entry
from ui.shared.charts import line_styles, show_chart

FIELDS = ("radius", "error", "low", "high", "waves")  # of a ring, errors in per cent


@functools.lru_cache(maxsize=64)
def _profile(heatmap: Heatmap, top: int) -> RadialProfile:
    """Profiles by the map's identity: a map never changes, and a click must not compute them anew."""
    return radial_profile(heatmap, top)


def radial_chart(chosen: Sequence[Entry], *, top: int, selected: Frequency) -> None:
    """Mean error over each ring of waves, one line per map, with 95 % intervals and the selected radius."""
    rows = []
    for entry in chosen:
        profile = _profile(entry.heatmap, top)
        columns = (profile.radius, 100 * profile.rate, 100 * profile.low, 100 * profile.high, profile.waves)
        for ring in zip(*(column.tolist() for column in columns), strict=True):
            rows.append({"map": entry.label} | dict(zip(FIELDS, ring, strict=True)))
    radius = alt.X("radius:Q", title="radius √(i² + j²), cycles per image")
    colour, dash = line_styles("map:N", [entry.label for entry in chosen])
    error = alt.Y("low:Q", title=f"top-{top} error (%)", scale=alt.Scale(domain=[0, 100]))
    base = alt.Chart(alt.Data(values=rows))
    band = base.mark_area(opacity=0.2).encode(radius, error, alt.Y2("high:Q"), colour.legend(None))
    line = base.mark_line(point=alt.OverlayMarkDef(size=22)).encode(
        radius,
        alt.Y("error:Q"),
        colour,
        dash,
        tooltip=[
            alt.Tooltip("map:N"),
            alt.Tooltip("radius:Q"),
            alt.Tooltip("error:Q", format=".1f", title="error (%)"),
            alt.Tooltip("low:Q", format=".1f", title="95 % from"),
            alt.Tooltip("high:Q", format=".1f", title="to"),
            alt.Tooltip("waves:Q", title="waves in the ring"),
        ],
    )
    st.markdown("##### Error against radius")
    show_chart(
        [band, line],
        radius,
        round(math.hypot(*selected)),
        height=290,
        lines=len(chosen),
        key="frequency.radial",
        alt_text=f"Mean top-{top} error over rings of waves of equal radius, a line for each map, with 95 % intervals",
    )
    st.caption(
        "Mean over each whole ring of waves. Bands: Wilson 95 % intervals for n images; all waves of a ring were added "
        "to the same images, so more waves do not make them narrower."
    )
