"""Charts of networks side by side: colours, dashes, legends, and the fast way into the page."""

from __future__ import annotations

import html
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import streamlit as st

from core.shared.numbers import Interval

_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
_SHAPES = ["circle", "diamond", "square", "triangle-up"]  # of points
_NUMBER = ".1f"  # d3 format
Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Frame:
    """Surroundings of the marks of a chart.

    key: unique on its page. alt_text: its text alternative. height: CSS pixels of the plot with its axes. mark: where
    on the horizontal axis a dashed line stands, if any. title, note: before and after the legend's names.
    """

    key: str
    alt_text: str
    height: int
    mark: float | None = None
    title: str = ""
    note: str = ""


@dataclass(frozen=True)
class Chart:
    """Chart for Vega-Lite, with its legend as HTML."""

    spec: dict[str, Any]
    legend: str
    frame: Frame

    def draw(self) -> None:
        """Draw the chart in the page."""
        st.html(self.legend)
        st.vega_lite_chart(self.spec, width="stretch", key=self.frame.key, alt=self.frame.alt_text)


def percents(field: str, measured: Interval) -> dict[str, float]:
    """Return a number and its interval, in per cent, as fields of a chart's row."""
    return dict(zip((field, "low", "high"), (100 * float(part) for part in measured), strict=True))


def line_chart(rows: Rows, colours: Mapping[str, str], x: alt.X, y: alt.Y, frame: Frame) -> Chart:
    """Return a chart with a line per network.

    Args:
        rows: fields "network" and those of the axes; with "low" and "high", intervals are drawn as bands; points whose
            "hollow" is true are not filled.
        colours: of each network, in the legend's order.
    """
    band = any("low" in row for row in rows)
    dashes = [_DASHES[k % len(_DASHES)] for k in range(len(colours))]
    colour = _network_colours(colours)
    dash = alt.StrokeDash("network:N", scale=alt.Scale(domain=list(colours), range=dashes), legend=None)
    across, up = _field_of(x), _field_of(y)
    # A point's description, for screen readers.
    description = f"'{across} ' + datum.{across} + ', ' + datum.network + ': ' + format(datum.{up}, '{_NUMBER}')"
    base = alt.Chart().transform_calculate(description=description).encode(x, color=colour)
    ends = base.encode(alt.Y("low:Q", title=y["title"]), alt.Y2("high:Q"))
    tooltip = ["network:N", x.shorthand, *_tooltips(y, ends=band)]
    line = base.encode(y, dash, tooltip=tooltip).mark_line()
    filled = alt.Fill("network:N", scale=colour["scale"], legend=None)
    fill = alt.condition("datum.hollow", alt.value("transparent"), filled)
    points = base.encode(y, alt.Description("description:N"), fill=fill, tooltip=tooltip).mark_point(size=20, opacity=1)
    legend = _legend(colours, dashes, frame)
    return _chart(rows, [*([ends.mark_area(opacity=0.2)] if band else []), line, points], x, legend, frame)


def interval_chart(rows: Rows, colours: Mapping[str, str], category: str, x: alt.X, frame: Frame) -> Chart:
    """Return a chart with a point and its interval per network and category, in the order of the rows.

    Args:
        rows: fields "network", "low", "high", the category's and the axis'; those whose "faded" is true are pale.
        colours: of each network, in the legend's order. category: field of the categories.
    """
    names = list(colours)
    order = list(dict.fromkeys(row[category] for row in rows))
    base = alt.Chart().encode(
        alt.Y(f"{category}:N", sort=order, title=None, axis=alt.Axis(labelOverlap=False)),
        _network_colours(colours),
        yOffset=alt.YOffset("network:N", sort=names),
        opacity=alt.condition("datum.faded", alt.value(0.45), alt.value(1)),
        tooltip=["network:N", f"{category}:N", *_tooltips(x)],
    )
    spans = base.encode(alt.X("low:Q"), alt.X2("high:Q")).mark_rule(strokeWidth=2)
    shape = alt.Shape("network:N", scale=alt.Scale(domain=names, range=_SHAPES), legend=None)
    points = base.encode(x, shape).mark_point(filled=True, size=45)
    return _chart(rows, [spans, points], x, _legend(colours, [_DASHES[0]] * len(colours), frame), frame)


def _network_colours(colours: Mapping[str, str]) -> alt.Color:
    """Return the encoding of networks by colour."""
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    return alt.Color("network:N", scale=scale, legend=None)


def _tooltips(axis: alt.X | alt.Y, *, ends: bool = True) -> list[alt.Tooltip]:
    """Return tooltips for an axis' number and, if `ends`, for both ends of its interval."""
    parts = ((_field_of(axis), axis["title"]), ("low", "95 % from"), ("high", "to"))[: 3 if ends else 1]
    return [alt.Tooltip(f"{name}:Q", format=_NUMBER, title=title) for name, title in parts]


def _field_of(axis: alt.X | alt.Y) -> str:
    """Return the field that an axis shows."""
    return str(axis.shorthand).partition(":")[0]


def _legend(colours: Mapping[str, str], dashes: Sequence[Sequence[int]], frame: Frame) -> str:
    """Return the legend above a plot as HTML: a stroke per network, dashed like its line, and a note about points."""
    strokes = [
        f'<span style="display:inline-block;width:1.7rem;height:3px;vertical-align:middle;margin-right:.3rem;'
        f'background:{_stroke(colour, dash)}"></span>{html.escape(name)}'
        for (name, colour), dash in zip(colours.items(), dashes, strict=True)
    ]
    parts = [f'<span style="white-space:nowrap">{part}</span>' for part in [*strokes, html.escape(frame.note)]]
    head = f"<b>{html.escape(frame.title)}</b> &ensp; " if frame.title else ""
    return f'<div style="font-size:13px;line-height:1.5">{head}{" &ensp; ".join(parts)}</div>'


def _stroke(colour: str, dash: Sequence[int]) -> str:
    """Return a dashed line as a CSS background."""
    ends = list(itertools.accumulate(dash, initial=0))
    parts = (f"{'transparent' if k % 2 else colour} {ends[k]}px {ends[k + 1]}px" for k in range(len(dash)))
    return f"repeating-linear-gradient(90deg,{','.join(parts)})"


def _chart(rows: Rows, layers: Sequence[alt.Chart], x: alt.X, legend: str, frame: Frame) -> Chart:
    """Return a chart of layers, back to front, without data of their own, and its dashed line."""
    rule = alt.Chart().mark_rule(strokeDash=[4, 4], color="#888888").encode(x)
    # Validation against Vega-Lite's schema would take longer than everything else. The rows are added last because
    # Altair would scan and copy them several times per layer.
    marks = [] if frame.mark is None else [rule]
    spec = alt.layer(*layers, *marks).properties(height=frame.height).to_dict(validate=False)
    spec.pop("datasets", None)  # Altair's placeholder for missing data
    for k, layer in enumerate(spec["layer"]):
        layer["data"] = {"values": rows if k < len(layers) else [{_field_of(x): frame.mark}]}
    return Chart(spec, legend, frame)
