"""Tab *Strength*: error against the size v of the wave in view and of its ring, from maps that differ in v alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import streamlit as st

from core.fourier.basis import rounded_radius
from core.fourier.maps.heatmap import Heatmap
from core.fourier.maps.wave_sizes import SizePoint, families, ring_curve, wave_curve
from core.numbers import wave_name
from core.shared import paper
from ui.maps.catalogue import dataset_title
from ui.maps.models import model_colour
from ui.maps.predictions.probability_curve import STRENGTH
from ui.shared.charts import line_chart, percents
from ui.shared.told import say
from ui.tabs.sentences import harmful_strengths, strengths_apart
from ui.tabs.shown import Shown

MAX_LINES = 4

Family = tuple[Heatmap, ...]


def strength_panel(shown: Shown) -> None:
    """Draw it, for up to four networks that have maps of several strengths."""
    available, frequency = shown.available, shown.frequency
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
    where = f"The wave {wave_name(frequency)} on {data['n']:,} images of {dataset_title(data['name'])}: "
    left, right = st.columns(2, gap="large")
    with left:
        say(where + " ".join(filter(None, told)))
    right.caption(
        "v is the L2 norm of the wave per channel; at 0 there is none. Dashed: the paper’s v. Bars: Wilson’s 95 % "
        "intervals, of a ring as if all its waves misled the same images, which is wider than need be. The maps stand "
        "under Maps; one of your own on the same images, from `python -m core.sweep --epsilon`, joins its line."
    )
    radius = int(rounded_radius([frequency])[0])
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**The wave {wave_name(frequency)}**")
        _chart(found, lambda family: wave_curve(family, frequency), "wave", "under the wave in view")
    with right:
        st.markdown(f"**Mean over its ring**, radius {radius}")
        _chart(found, lambda family: ring_curve(family, radius), "ring", f"over the waves of radius {radius}")


def _chart(
    found: Sequence[tuple[str, Family]], curve: Callable[[Family], tuple[SizePoint, ...]], key: str, where: str
) -> None:
    rows: list[dict[str, Any]] = [
        {"network": name, "v": point.epsilon} | percents("error", point.error)
        for name, family in found
        for point in curve(family)
    ]
    words = "; ".join(f"{row['network']}, v = {row['v']:g}: {row['error']:.0f} %" for row in rows)
    line_chart(
        rows,
        [name for name, _ in found],
        [model_colour(family[0].metadata["classifier"]["name"]) for _, family in found],
        alt.X("v:Q", title=STRENGTH, axis=alt.Axis(values=sorted({row["v"] for row in rows}))),
        alt.Y("error:Q", title="top-1 error (%)", scale=alt.Scale(domain=[0, 100])),
        paper.EPSILON.get(found[0][1][0].metadata["image_size"], 0.0),
        spread="bars",
        height=280,
        key=f"strengths.{key}",
        alt_text=f"Error {where} against its strength v, a line for each network, with 95 % intervals. {words}",
    ).draw()
