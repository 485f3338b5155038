"""Tab *Low and high pass*: the chosen picture without its fast and without its slow waves, and what is predicted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import altair as alt
import numpy as np
import streamlit as st

from core.images.radial_filter import MAX_STEPS, filter_radii, high_pass, low_pass
from core.images.square import to_uint8
from core.sweep.predictions import FilteredPredictions, predict_filtered
from ui.maps.cell_predictions import ask, torch_starts
from ui.maps.models import Predictor, model_colour, short_title
from ui.runs.figures import Figure, picture_row
from ui.shared.charts import DASHES, show_chart
from ui.shared.model_cache import classifier_for
from ui.shared.pictures import Picture
from ui.shared.server_jobs import job_manager
from ui.shared.text import as_markdown
from ui.tabs.sentences import filter_limits

MAX_LINES = 4  # networks in the chart


def filter_panel(picture: Picture | None, who: Sequence[Predictor]) -> None:
    """Draw it; `who` predicts, nobody where no classifier may be used in this run."""
    if picture is None:
        st.info("Open **Picture** above and choose a file of your own, or a bundled picture.")
        return
    radii = filter_radii(picture.size)
    found = _found(picture, radii, who) if who and torch_starts() else {}
    left, right = st.columns([4, 3], gap="large")
    with left:
        radius = st.select_slider(
            "Radius of the filter, cycles per image",
            radii,
            min(radii, key=lambda radius: abs(radius - picture.size // 6)),
            key=f"radius{picture.size}",  # in the URL
            bind="query-params",
            persist_state="session",
            help="Low-pass keeps the waves up to this radius, high-pass those beyond it and the mean of each channel; "
            "what then leaves the range of pixel values is clipped. The wave of the maps above is not added.",
        )
        _pictures(picture, radius, radii.index(radius), found)
    if found:
        with right:
            told = filter_limits(
                [(short_title(who.spec.title), one) for who, one in found.items()], picture.classes.names
            )
            gaps = "" if len(radii) > radii[-1] else f" Radii tried: {', '.join(map(str, radii))}."
            st.markdown(as_markdown(f"{told} This is one picture.{gaps}"))
            st.caption("Solid lines: low-pass. Dashed: high-pass.")
            _chart(found, picture, radius)


def _pictures(picture: Picture, radius: int, place: int, found: dict[Predictor, FilteredPredictions]) -> None:
    """Both pictures beside each other, with what each network predicts."""
    figures = []
    for title, keep, part in (("Low-pass", low_pass, "low"), ("High-pass", high_pass, "high")):
        waves = f"radius up to {radius}" if part == "low" else f"radius above {radius}, and the mean"
        notes = [_prediction(who, getattr(one, part)[place], picture) for who, one in found.items()]
        pixels = to_uint8(keep(picture.image, radius))
        figures.append(Figure(f"{title}: {waves}", " · ".join(notes), pixels))
    st.html(picture_row(figures, tile=220))


def _prediction(who: Predictor, probabilities: np.ndarray, picture: Picture) -> str:
    top = int(probabilities.argmax())
    mark = "" if picture.label is None else " ✓" if top == picture.label else " ✗"
    return f"{short_title(who.spec.title)}: {picture.classes.names[top]}{mark} {100 * probabilities[top]:.0f} %"


def _found(picture: Picture, radii: tuple[int, ...], who: Sequence[Predictor]) -> dict[Predictor, FilteredPredictions]:
    """What each classifier predicts at every radius; the page says why one does not."""
    found = {}
    for one in who[:MAX_LINES]:
        answer = ask(one.spec, partial(_predictions, one.spec.name, picture, radii))
        if answer is not None:
            found[one] = answer
    return found


@st.cache_data(show_spinner=False, max_entries=200)
def _predictions(name: str, picture: Picture, radii: tuple[int, ...]) -> FilteredPredictions:
    with job_manager().before_runs():
        return predict_filtered(classifier_for(name, picture.class_set), picture.image, radii)


def _chart(found: dict[Predictor, FilteredPredictions], picture: Picture, radius: int) -> None:
    """Probability against the radius of both filters, a line for each network and filter."""
    rows: list[dict[str, Any]] = []
    for who, one in found.items():
        column = int(one.clean.argmax()) if picture.label is None else picture.label
        for kind, probabilities in (("low-pass", one.low), ("high-pass", one.high)):
            rows += [
                {
                    "network": short_title(who.spec.title),
                    "filter": kind,
                    "radius": at,
                    "probability": 100 * float(value),
                }
                for at, value in zip(one.radii, probabilities[:, column], strict=True)
            ]
    titles = [short_title(who.spec.title) for who in found]
    what = "probability of the clean prediction"
    if picture.label is not None:
        what = f"probability of “{picture.classes.names[picture.label]}”"
    last = rows[-1]["radius"]
    scale, axis = alt.Scale(), alt.Axis()
    if last > MAX_STEPS:
        scale, axis = alt.Scale(type="symlog"), alt.Axis(values=[0, *(2**k for k in range(last.bit_length()))])
    radii = alt.X("radius:Q", title="radius of the filter, cycles per image", scale=scale, axis=axis)
    legend = alt.Legend(orient="top", columns=2, title=None, labelLimit=200)
    colours = alt.Scale(domain=titles, range=[model_colour(who.spec.name) for who in found])
    dashes = alt.Scale(domain=["low-pass", "high-pass"], range=DASHES[:2])
    line = (
        alt.Chart()
        .mark_line(point=True)
        .encode(
            radii,
            alt.Y("probability:Q", title=f"{what} (%)", scale=alt.Scale(domain=[0, 100])),
            alt.Color("network:N", scale=colours, legend=legend),
            alt.StrokeDash("filter:N", scale=dashes, legend=None),
            tooltip=["network:N", "filter:N", "radius:Q", alt.Tooltip("probability:Q", format=".1f")],
        )
    )
    show_chart(
        rows,
        [line],
        radii,
        radius,
        height=240,
        lines=math.ceil(len(titles) / 2),
        key="filters.curve",
        alt_text=f"Line chart: {what} against the radius of the low-pass and the high-pass filter, a line for each "
        "network and filter",
    )
