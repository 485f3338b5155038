"""Chart of the error by strength v, for the selected wave and its ring, from maps that differ only in v."""

from __future__ import annotations

from typing import Any

import altair as alt
import streamlit as st

from core.data.sample_sets import usual_epsilon
from core.fourier.basis import Frequency, rounded_radius
from core.fourier.maps.wave_sizes import families, ring_curve, wave_curve
from core.numbers import wave_name
from ui.maps.catalogue import dataset_title, entries
from ui.maps.line_charts import HEIGHT, STRENGTH
from ui.maps.models import model_colour
from ui.shared.charts import line_chart, percents
from ui.shared.text import as_markdown
from ui.tools.sentences import harmful_strengths, strengths_apart

MAX_LINES = 4


def strength_chart(frequency: Frequency) -> None:
    """Draw the chart and its sentences for up to four networks with maps at several strengths."""
    names = {id(entry.heatmap): entry.name for entry in entries().values()}
    series = [(names[id(family[0])], family) for family in families(entry.heatmap for entry in entries().values())]
    series = [(name, family) for name, family in series[:MAX_LINES] if len(wave_curve(family, frequency)) > 1]
    if not series:
        st.markdown("No network here has maps at several strengths v with this wave on the same images.")
        return
    radius = int(rounded_radius([frequency])[0])
    wave, ring = f"the wave {wave_name(frequency)}", f"its ring, radius {radius}"
    rows: list[dict[str, Any]] = [
        {"network": name, "of": of, "v": point.epsilon} | percents("error", point.error)
        for name, family in series
        for of, curve in ((wave, wave_curve(family, frequency)), (ring, ring_curve(family, radius)))
        for point in curve
    ]
    errors = "; ".join(f"{row['network']}, {row['of']}, v = {row['v']:g}: {row['error']:.0f} %" for row in rows)
    facts = series[0][1][0].metadata
    line_chart(
        rows,
        {name: model_colour(family[0].metadata["classifier"]["name"]) for name, family in series},
        alt.X("v:Q", title=STRENGTH, axis=alt.Axis(values=sorted({row["v"] for row in rows}), titlePadding=2)),
        alt.Y("error:Q", title="top-1 error (%)", scale=alt.Scale(domain=[0, 100])),
        usual_epsilon(facts["image_size"]),
        spread="bars",
        thin=("of", ring),
        title="Error by strength",
        note=f"thin: {ring}",
        height=HEIGHT,
        key="frequency.strengths",
        alt_text=f"Error against the strength v, two lines per network, with 95 % intervals. {errors}",
    ).draw()
    sentences = [harmful_strengths(name, family, frequency) for name, family in series]
    if len(series) > 1:
        sentences.append(strengths_apart(series[0], series[1], frequency))
    where = f"{facts['dataset']['n']:,} images of {dataset_title(facts['dataset']['name'])}"
    sentences.insert(0, f"The wave {wave_name(frequency)} on {where}:")
    st.caption(
        f"{as_markdown(' '.join(filter(None, sentences)))} The dashed line is the paper’s v. Bars are 95 % intervals "
        "(Wilson), too wide for a ring. A map by `core.sweep --epsilon` joins its network’s line."
    )
