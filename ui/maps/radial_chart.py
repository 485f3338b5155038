"""Error against radius: the heat maps' rings, with intervals."""

from __future__ import annotations

import html
import itertools
import math
from collections.abc import Sequence

import altair as alt
import streamlit as st

from core.fourier.basis import Frequency
from core.fourier.rings import radial_profile
from ui.maps.catalogue import Entry
from ui.maps.models import model_colour
from ui.shared.charts import DASHES, ERROR_TOOLTIP, show_chart

FIELDS = ("radius", "error", "low", "high", "waves", "whole")  # of a ring, errors in per cent
HEIGHT = 190  # CSS pixels of plot and axes together


def radial_chart(chosen: Sequence[Entry], *, top: int, selected: Frequency, height: int = HEIGHT) -> None:
    """Mean error over each ring of waves, one line per map, with 95 % intervals and the selected radius.

    Rings that the map's square cuts, so that only waves near the diagonals are left, have hollow points. height: of
    plot and axes, in CSS pixels.
    """
    rows, cut = [], []
    for entry in chosen:
        profile = radial_profile(entry.heatmap, top, corners=True)
        columns = (profile.radius, *(100 * part for part in (profile.rate, profile.low, profile.high)))
        for ring in zip(*(column.tolist() for column in (*columns, profile.waves, profile.whole)), strict=True):
            rows.append({"map": entry.label} | dict(zip(FIELDS, ring, strict=True)))
        if not profile.whole.all():
            cut.append(int(profile.radius[~profile.whole][0]))
    labels = [entry.label for entry in chosen]
    colours = [model_colour(entry.heatmap.metadata["classifier"]["name"]) for entry in chosen]
    colour = alt.Color("map:N", scale=alt.Scale(domain=labels, range=colours), title=None, legend=None)
    dashes = alt.Scale(domain=labels, range=[DASHES[k % 4] for k in range(len(labels))])
    radius = alt.X("radius:Q", title="radius √(i² + j²), cycles per image", axis=alt.Axis(titlePadding=2))
    error = alt.Y("low:Q", title=f"top-{top} error (%)", scale=alt.Scale(domain=[0, 100]))
    # Of each point, for readers of screens and for `heatmap.js`, which marks the ring that is pointed at.
    spoken = alt.Description("spoken:N")
    base = alt.Chart().transform_calculate(
        spoken="'radius ' + datum.radius + ', ' + datum.map + ': ' + format(datum.error, '.1f') + ' %'"
    )
    band = base.mark_area(opacity=0.2).encode(radius, error, alt.Y2("high:Q"), colour)
    mean = base.encode(radius, alt.Y("error:Q"), colour)
    line = mean.mark_line().encode(alt.StrokeDash("map:N", scale=dashes, legend=None))
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
    hollow = f"hollow: cut by the square, from radius {min(cut)}" if cut else ""
    _legend([entry.name for entry in chosen], colours, hollow)
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


def _legend(names: Sequence[str], colours: Sequence[str], note: str) -> None:
    """One line above the plot: a stroke for each map; `note` about the points."""
    strokes = [
        f'<span style="display:inline-block;width:1.7rem;height:3px;vertical-align:middle;margin-right:.3rem;'
        f'background:{_stroke(colour, DASHES[k % 4])}"></span>{html.escape(name)}'
        for k, (name, colour) in enumerate(zip(names, colours, strict=True))
    ]
    parts = " &ensp; ".join(f'<span style="white-space:nowrap">{part}</span>' for part in [*strokes, note])
    st.html(f'<div style="font-size:.8rem;line-height:1.5"><b>Error by radius</b> &ensp; {parts}</div>')


def _stroke(colour: str, dash: Sequence[int]) -> str:
    """A dashed line as a CSS background."""
    ends = list(itertools.accumulate(dash, initial=0))
    parts = (f"{'transparent' if k % 2 else colour} {ends[k]}px {ends[k + 1]}px" for k in range(len(dash)))
    return f"repeating-linear-gradient(90deg,{','.join(parts)})"
