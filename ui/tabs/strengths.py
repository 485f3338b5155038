"""Tab *Strength*: error against the size v of the wave in view and of its ring, from maps that differ in v alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import streamlit as st

from core import paper
from core.fourier.basis import Frequency, rounded_radius
from core.fourier.heatmap import Heatmap
from core.fourier.wave_sizes import SizePoint, families, ring_curve, wave_curve
from core.numbers import wave_name
from ui.maps.catalogue import Entry, dataset_title
from ui.maps.models import model_colour
from ui.shared.charts import ERROR_TOOLTIP, chart_legend, line_styles, show_chart
from ui.shared.text import as_markdown
from ui.tabs.sentences import harmful_strengths, strengths_apart

MAX_LINES = 4

Family = tuple[Heatmap, ...]


def strength_panel(available: Sequence[Entry], frequency: Frequency) -> None:
    """Draw it, for up to four networks that have maps of several strengths."""
    names = {id(entry.heatmap): entry.name for entry in available}
    found = [(names[id(family[0])], family) for family in families(entry.heatmap for entry in available)][:MAX_LINES]
    found = [(name, family) for name, family in found if len(wave_curve(family, frequency)) > 1]
    if not found:
        st.markdown("No network here has maps of several strengths v that hold this wave, on the same images.")
        return
    data = found[0][1][0].metadata["dataset"]
    told = [harmful_strengths(name, family, frequency) for name, family in found]
    if len(found) > 1:
        told.append(strengths_apart(found[0], found[1], frequency))
    st.markdown(
        as_markdown(f"The wave {wave_name(frequency)} on {data['n']:,} images of {dataset_title(data['name'])}: ")
        + as_markdown(" ".join(filter(None, told)))
    )
    radius = int(rounded_radius([frequency])[0])
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**The wave {wave_name(frequency)}**")
        _chart(found, lambda family: wave_curve(family, frequency), "wave", "under the wave in view")
    with right:
        st.markdown(f"**Mean over its ring**, radius {radius}")
        _chart(found, lambda family: ring_curve(family, radius), "ring", f"over the waves of radius {radius}")
    st.caption(
        "v is the L2 norm of the wave per channel; at 0 there is none. Dashed: the paper’s v. Bars: Wilson’s 95 % "
        "intervals, of a ring as if all its waves misled the same images, which is wider than need be. The maps stand "
        "under Maps; one of your own on the same images, from `python -m core.sweep --epsilon`, joins its line."
    )


def _chart(
    found: Sequence[tuple[str, Family]], curve: Callable[[Family], tuple[SizePoint, ...]], key: str, where: str
) -> None:
    titles = [name for name, _ in found]
    rows: list[dict[str, Any]] = [
        {
            "network": name,
            "v": point.epsilon,
            "error": 100 * point.error.value,
            "low": 100 * point.error.low,
            "high": 100 * point.error.high,
        }
        for name, family in found
        for point in curve(family)
    ]
    ticks = alt.Axis(values=sorted({row["v"] for row in rows}))
    size = alt.X("v:Q", title="strength v of the wave (L2 norm per channel)", axis=ticks)
    error = alt.Y("error:Q", title="top-1 error (%)", scale=alt.Scale(domain=[0, 100]))
    colours = [model_colour(family[0].metadata["classifier"]["name"]) for _, family in found]
    colour, dash = line_styles("network:N", titles, colours)
    chart_legend("", titles, colours)
    tooltip = [
        "network:N",
        "v:Q",
        *ERROR_TOOLTIP,
    ]
    bars = alt.Chart().mark_rule(strokeWidth=2).encode(size, alt.Y("low:Q"), alt.Y2("high:Q"), colour)
    line = alt.Chart().mark_line().encode(size, error, colour, dash)
    points = alt.Chart().mark_point(filled=True, size=18, opacity=1).encode(size, error, colour, tooltip=tooltip)
    words = "; ".join(f"{row['network']}, v = {row['v']:g}: {row['error']:.0f} %" for row in rows)
    show_chart(
        rows,
        [bars, line, points],
        size,
        paper.EPSILON.get(found[0][1][0].metadata["image_size"], 0.0),
        height=280,
        lines=0,
        key=f"strengths.{key}",
        alt_text=f"Error {where} against its strength v, a line for each network, with 95 % intervals. {words}",
    )
