"""Error against radius: the heat maps' rings, with intervals."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import altair as alt
import streamlit as st

from core.fourier.analysis import RadialProfile, radial_profile
from core.fourier.heatmap import Heatmap
from ui.maps.catalogue import Entry
from ui.shared.charts import DASHES, PALETTE, height_with_legend, show_chart


@functools.lru_cache(maxsize=64)
def _profile(heatmap: Heatmap, top: int) -> RadialProfile:
    """Profiles by the map's identity: a map never changes, and a click must not compute them anew."""
    return radial_profile(heatmap, top)


def radial_chart(chosen: Sequence[Entry], *, top: int, selected: tuple[int, int]) -> None:
    """Mean error over each ring of waves, one line per map, with 95 % intervals and the selected radius."""
    rows = []
    for entry in chosen:
        profile = _profile(entry.heatmap, top)
        rows += [
            {"map": entry.label, "radius": int(r), "error": e, "low": low, "high": high, "waves": int(waves)}
            for r, e, low, high, waves in zip(
                profile.radius, profile.rate, profile.low, profile.high, profile.waves, strict=True
            )
        ]
    labels = [entry.label for entry in chosen]
    x = alt.X("radius:Q", title="radius √(i² + j²), cycles per image")
    colour = alt.Color("map:N", scale=alt.Scale(domain=labels, range=list(PALETTE[: len(labels)])), title=None)
    named = colour.legend(orient="top", direction="vertical", labelLimit=400)
    base = alt.Chart(alt.Data(values=rows))
    band = base.mark_area(opacity=0.2).encode(
        x,
        alt.Y("low:Q", title=f"top-{top} error", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
        alt.Y2("high:Q"),
        colour.legend(None),
    )
    line = base.mark_line(point=alt.OverlayMarkDef(size=22)).encode(
        x,
        alt.Y("error:Q"),
        named,
        alt.StrokeDash("map:N", scale=alt.Scale(domain=labels, range=list(DASHES[: len(labels)])), legend=None),
        tooltip=[
            alt.Tooltip("map:N"),
            alt.Tooltip("radius:Q"),
            alt.Tooltip("error:Q", format=".1%"),
            alt.Tooltip("low:Q", format=".1%", title="95 % from"),
            alt.Tooltip("high:Q", format=".1%", title="to"),
            alt.Tooltip("waves:Q", title="waves in the ring"),
        ],
    )
    mark = {"radius": round(math.hypot(*selected))}
    rule = alt.Chart(alt.Data(values=[mark])).mark_rule(strokeDash=[4, 4], color="#888888").encode(x)
    st.markdown("##### Error against radius")
    show_chart(
        alt.layer(band, line, rule)
        .resolve_legend(color="independent")
        .properties(height=height_with_legend(290, len(chosen))),
        key="frequency.radial",
        alt_text=f"Mean top-{top} error over rings of waves of equal radius, a line for each map, with 95 % intervals",
    )
    st.caption(
        "Mean over each whole ring of waves. Bands: Wilson 95 % intervals for n images; all waves of a ring were added "
        "to the same images, so more waves do not make them narrower."
    )
