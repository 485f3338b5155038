"""Charts of the tab *Classes*: a confusion matrix, and errors class by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import streamlit as st

from core.fourier.outcomes import ClassError
from core.sweep.predictions import mistakes
from ui.maps.cell_predictions import SamplePredictions
from ui.shared.charts import ERROR_TOOLTIP

HEIGHT = 255  # CSS pixels with axes
RIGHT = "#d0d0d0"  # of the diagonal; black text stands out on it in both themes


def confusion_chart(found: SamplePredictions, names: Sequence[str]) -> None:
    """True classes in rows, predictions under the wave in columns; what is wrong has a colour, by its share."""
    rows = _cells(found, names)
    order = alt.Scale(domain=list(names))
    base = alt.Chart().encode(
        alt.X("prediction:N", scale=order, title=None, axis=alt.Axis(labelAngle=-45, labelOverlap=False, grid=False)),
        alt.Y("class:N", scale=order, title=None, axis=alt.Axis(labelOverlap=False, grid=False)),
    )
    share = alt.Color("share:Q", scale=alt.Scale(scheme="viridis", domain=[0, 100]), legend=None)
    cells = base.mark_rect().encode(
        color=alt.condition("datum.wrong", share, alt.value(RIGHT)),
        tooltip=["class:N", "prediction:N", "pictures:N", alt.Tooltip("share:Q", format=".0f", title="share (%)")],
    )
    light = alt.condition("datum.wrong && datum.share < 60", alt.value("#ffffff"), alt.value("#000000"))
    counts = base.mark_text(fontSize=11).encode(text="count:Q", color=light)
    st.markdown(f"**{found.title}**, n = {len(found.labels)}; rows: true class")
    _draw(rows, cells + counts, f"classes.{found.name}", _in_words(found, names))


def _cells(found: SamplePredictions, names: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each cell that is not zero."""
    rows = []
    for label in sorted(set(found.labels.tolist())):
        mine = found.after[found.labels == label]
        for prediction in sorted(set(mine.tolist())):
            count = int((mine == prediction).sum())
            rows.append(
                {
                    "class": names[label],
                    "prediction": names[prediction],
                    "count": count,
                    "pictures": f"{count} of {len(mine)}",
                    "share": 100 * count / len(mine),
                    "wrong": label != prediction,
                }
            )
    return rows


def _in_words(found: SamplePredictions, names: Sequence[str]) -> str:
    """The matrix for those who cannot see it: what is right, and the leading confusions."""
    right = int((found.labels == found.after).sum())
    leading = "; ".join(
        f"{names[one.label]} taken for {names[one.prediction]}: {one.count} of {one.images}"
        for one in mistakes(found.labels, found.after)[:5]
    )
    return (
        f"Confusion matrix of {found.title} under the wave, true classes in rows, predictions in columns. "
        f"{right} of {len(found.labels)} are right. {leading}"
    )


def class_error_chart(series: Sequence[tuple[str, str, Sequence[ClassError]]], names: Sequence[str]) -> None:
    """Error class by class with 95 % intervals; `series`: title, colour and errors of each network."""
    rows = [
        {
            "network": title,
            "class": names[one.label],
            "error": 100 * one.error.value,
            "low": 100 * one.error.low,
            "high": 100 * one.error.high,
            "images": one.images,
        }
        for title, _, errors in series
        for one in errors
    ]
    titles = [title for title, _, _ in series]
    colour = alt.Color(
        "network:N",
        scale=alt.Scale(domain=titles, range=[colour for _, colour, _ in series]),
        legend=alt.Legend(orient="top", title=None, labelLimit=300),
    )
    base = alt.Chart().encode(
        alt.Y("class:N", sort=list(names), title=None, axis=alt.Axis(labelOverlap=False)),
        yOffset=alt.YOffset("network:N", sort=titles),
        color=colour,
        tooltip=[
            "network:N",
            "class:N",
            *ERROR_TOOLTIP,
            "images:Q",
        ],
    )
    percent = alt.Scale(domain=[0, 100])
    spans = base.mark_rule(strokeWidth=2).encode(alt.X("low:Q", title="error (%)", scale=percent), alt.X2("high:Q"))
    shapes = alt.Shape("network:N", scale=alt.Scale(domain=titles, range=["circle", "diamond"]), legend=None)
    points = base.mark_point(filled=True, size=45, opacity=1).encode(alt.X("error:Q", scale=percent), shape=shapes)
    st.markdown("**Error by class** under the wave, with 95 % intervals")
    words = "; ".join(f"{row['network']}, {row['class']}: {row['error']:.0f} % of {row['images']}" for row in rows)
    _draw(rows, spans + points, "classes.errors", f"Error under the wave class by class, with 95 % intervals. {words}")


def _draw(rows: list[dict[str, Any]], chart: alt.LayerChart, key: str, alt_text: str) -> None:
    """As `show_chart` does, for charts without an upright line."""
    spec = chart.properties(height=HEIGHT, padding={"bottom": 0}).to_dict(validate=False)
    spec.pop("datasets", None)
    for layer in spec["layer"]:
        layer["data"] = {"values": rows}
    st.vega_lite_chart(spec, width="stretch", key=key, alt=alt_text)
