"""How this app draws charts: colours, dashes, and the fast way into the page."""

from __future__ import annotations

import html
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import streamlit as st

from core.shared.numbers import Interval

DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
SHAPES = ["circle", "diamond", "square", "triangle-up"]  # shapes of points
Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Chart:
    """Chart for Vega-Lite. key: unique on its page. alt_text: its text alternative. legend: HTML above it, if any."""

    spec: dict[str, Any]
    key: str
    alt_text: str
    legend: str = ""

    def draw(self) -> None:
        """Draw the chart in the page."""
        if self.legend:
            st.html(self.legend)
        st.vega_lite_chart(self.spec, width="stretch", key=self.key, alt=self.alt_text)


def percents(field: str, measured: Interval) -> dict[str, float]:
    """Return a number and its interval, in per cent, as fields of a chart's row."""
    return dict(zip((field, "low", "high"), (100 * float(part) for part in measured), strict=True))


def network_colours(colours: Mapping[str, str]) -> alt.Color:
    """Return the encoding of networks by colour. colours: of each name in the field "network"."""
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    return alt.Color("network:N", scale=scale, legend=None)


def line_chart(
    rows: Rows,
    colours: Mapping[str, str],
    x: alt.X,
    y: alt.Y,
    value: float,
    *,
    band: bool = False,
    hollow: str = "false",
    thin: tuple[str, str] | None = None,
    number: str = ".1f",
    title: str = "",
    legend_names: Sequence[str] = (),
    note: str = "",
    height: int,
    key: str,
    alt_text: str,
) -> Chart:
    """Return a chart with a line per network, a legend, and a dashed vertical line at `value`.

    Args:
        rows: fields "network", those of the axes, and "low" and "high" with a band.
        colours: of each network, in the legend's order.
        band: whether to draw intervals. hollow: Vega expression, true for points drawn hollow.
        thin: the field that distinguishes a network's two lines, and its value for the thin one.
        number: d3 format of values.
        title, legend_names, note: the legend's title, its names if shorter, and its note about points.
        height: CSS pixels of the plot with its axes.
    """
    legend = chart_legend(title, legend_names or list(colours), list(colours.values()), note)
    dashes = [DASHES[k % len(DASHES)] for k in range(len(colours))]
    colour = network_colours(colours)
    dash = alt.StrokeDash("network:N", scale=alt.Scale(domain=list(colours), range=dashes), legend=None)
    across, up = field_of(x), field_of(y)
    # A point's description, for screen readers.
    description = f"'{across} ' + datum.{across} + ', ' + datum.network + ': ' + format(datum.{up}, '{number}')"
    base = alt.Chart().transform_calculate(description=description).encode(x, color=colour)
    ends = base.encode(alt.Y("low:Q", title=y["title"]), alt.Y2("high:Q"))
    tooltip = ["network:N", x.shorthand, *tooltips(y, number, ends=band)]
    line = base.encode(y, dash, tooltip=tooltip).mark_line()
    if thin:
        weak = f"datum.{thin[0]} == '{thin[1]}'"
        line = line.encode(
            detail=f"{thin[0]}:N",
            opacity=alt.condition(weak, alt.value(0.5), alt.value(1)),
            strokeWidth=alt.condition(weak, alt.value(1), alt.value(2.5)),
        )
    filled = alt.Fill("network:N", scale=colour["scale"], legend=None)
    fill = alt.condition(hollow, alt.value("transparent"), filled)
    points = base.encode(y, alt.Description("description:N"), fill=fill, tooltip=tooltip).mark_point(size=20, opacity=1)
    layers = [*([ends.mark_area(opacity=0.2)] if band else []), line, *([] if thin else [points])]
    return chart(rows, layers, x, value, height=height, key=key, alt_text=alt_text, legend=legend)


def interval_chart(
    rows: Rows,
    colours: Mapping[str, str],
    category: str,
    x: alt.X,
    value: float | None,
    *,
    weak: str = "false",
    height: int,
    key: str,
    alt_text: str,
) -> Chart:
    """Return a chart with a point and its interval per network and category, in the order of the rows.

    Args:
        rows, colours, height: as in `line_chart`.
        category: field of the categories. value: position of a dashed vertical line, if any. weak: Vega expression,
            true for faded rows.
    """
    names = list(colours)
    legend = chart_legend("", names, list(colours.values()), dashed=False)
    order = list(dict.fromkeys(row[category] for row in rows))
    base = alt.Chart().encode(
        alt.Y(f"{category}:N", sort=order, title=None, axis=alt.Axis(labelOverlap=False)),
        network_colours(colours),
        yOffset=alt.YOffset("network:N", sort=names),
        opacity=alt.condition(weak, alt.value(0.45), alt.value(1)),
        tooltip=["network:N", f"{category}:N", *tooltips(x)],
    )
    spans = base.encode(alt.X("low:Q"), alt.X2("high:Q")).mark_rule(strokeWidth=2)
    shape = alt.Shape("network:N", scale=alt.Scale(domain=names, range=SHAPES), legend=None)
    points = base.encode(x, shape).mark_point(filled=True, size=45)
    return chart(rows, [spans, points], x, value, height=height, key=key, alt_text=alt_text, legend=legend)


def tooltips(axis: alt.X | alt.Y, number: str = ".1f", *, ends: bool = True) -> list[alt.Tooltip]:
    """Return tooltips for an axis' number and, if `ends`, for both ends of its interval."""
    parts = ((field_of(axis), axis["title"]), ("low", "95 % from"), ("high", "to"))[: 3 if ends else 1]
    return [alt.Tooltip(f"{name}:Q", format=number, title=title) for name, title in parts]


def field_of(axis: alt.X | alt.Y) -> str:
    """Return the field that an axis shows."""
    return str(axis.shorthand).partition(":")[0]


def chart_legend(
    title: str, names: Sequence[str], colours: Sequence[str], note: str = "", *, dashed: bool = True
) -> str:
    """Return the legend above a plot as HTML: a stroke per network, dashed like its line, and a note about points."""
    strokes = [
        f'<span style="display:inline-block;width:1.7rem;height:3px;vertical-align:middle;margin-right:.3rem;'
        f'background:{_stroke(colour, DASHES[k % len(DASHES) if dashed else 0])}"></span>{html.escape(name)}'
        for k, (name, colour) in enumerate(zip(names, colours, strict=True))
    ]
    parts = " &ensp; ".join(f'<span style="white-space:nowrap">{part}</span>' for part in [*strokes, html.escape(note)])
    head = f"<b>{html.escape(title)}</b> &ensp; " if title else ""
    return f'<div style="font-size:13px;line-height:1.5">{head}{parts}</div>'


def _stroke(colour: str, dash: Sequence[int]) -> str:
    """Return a dashed line as a CSS background."""
    ends = list(itertools.accumulate(dash, initial=0))
    parts = (f"{'transparent' if k % 2 else colour} {ends[k]}px {ends[k + 1]}px" for k in range(len(dash)))
    return f"repeating-linear-gradient(90deg,{','.join(parts)})"


def chart(
    rows: Rows,
    layers: Sequence[alt.Chart],
    mark: alt.X,
    value: float | None,
    *,
    height: int,
    key: str,
    alt_text: str,
    legend: str = "",
) -> Chart:
    """Return a chart, with a dashed vertical line unless `value` is None.

    Args:
        rows: data of the layers.
        layers: back to front, without data of their own.
        mark, value: axis and position of the vertical line.
        height: CSS pixels of the plot with its axes.
    """
    marks = [] if value is None else [alt.Chart().mark_rule(strokeDash=[4, 4], color="#888888").encode(mark)]
    # Validation against Vega-Lite's schema would take longer than everything else. The rows are added last because
    # Altair would scan and copy them several times per layer.
    spec = alt.layer(*layers, *marks).properties(height=height).to_dict(validate=False)
    spec.pop("datasets", None)  # Altair's placeholder for missing data
    for k, layer in enumerate(spec["layer"]):
        layer["data"] = {"values": rows if k < len(layers) else [{field_of(mark): value}]}
    return Chart(spec, key, alt_text, legend)
