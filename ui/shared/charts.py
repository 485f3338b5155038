"""How this app draws charts: colours, dashes, and the fast way into the page."""

from __future__ import annotations

import html
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import streamlit as st

from core.fourier.intervals import Measured

DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
SHAPES = ["circle", "diamond", "square", "triangle-up"]  # of points
Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Chart:
    """A chart for Vega-Lite. key: unique on its page. alt_text: in its place. legend: HTML above it, may be empty."""

    spec: dict[str, Any]
    key: str
    alt_text: str
    legend: str = ""

    def draw(self) -> None:
        """Draw the chart in the page."""
        if self.legend:
            st.html(self.legend)
        st.vega_lite_chart(self.spec, width="stretch", key=self.key, alt=self.alt_text)


def percents(field: str, measured: Measured) -> dict[str, float]:
    """A number with its interval, in per cent, as charts read it from a row."""
    return dict(zip((field, "low", "high"), (100 * float(part) for part in measured), strict=True))


def line_chart(
    rows: Rows,
    names: Sequence[str],
    colours: Sequence[str],
    x: alt.X,
    y: alt.Y,
    value: float,
    *,
    spread: Literal["", "band", "bars"] = "",
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
    """A line for each network, with its legend, and a dashed upright line at `value`.

    Args:
        rows: with a field "network", one of `names`; those of the axes; "low" and "high" where there is a spread.
        spread: how intervals are drawn. hollow: of which points, as a Vega expression.
        thin: the field that tells a network's two lines apart, and what it says of the thin one.
        number: how values are written, by d3's format.
        title, legend_names, note: of the legend, which may have shorter names, and says what points are.
        height: of the plot with its axes, in CSS pixels.
    """
    legend = chart_legend(title, legend_names or names, colours, note)
    dashes = [DASHES[k % len(DASHES)] for k in range(len(names))]
    colour = alt.Color("network:N", scale=alt.Scale(domain=list(names), range=list(colours)), legend=None)
    dash = alt.StrokeDash("network:N", scale=alt.Scale(domain=list(names), range=dashes), legend=None)
    across, up = field_of(x), field_of(y)
    # Of each point, for readers of screens and for `wave_answers.js`, which marks the ring that is pointed at.
    spoken = f"'{across} ' + datum.{across} + ', ' + datum.network + ': ' + format(datum.{up}, '{number}')"
    base = alt.Chart().transform_calculate(spoken=spoken).encode(x, color=colour)
    ends = base.encode(alt.Y("low:Q", title=y["title"]), alt.Y2("high:Q"))
    spreads = {"": [], "band": [ends.mark_area(opacity=0.2)], "bars": [ends.mark_rule(strokeWidth=2)]}
    tooltip = ["network:N", x.shorthand, *tooltips(y, number, ends=spread != "")]
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
    points = base.encode(y, alt.Description("spoken:N"), fill=fill, tooltip=tooltip).mark_point(size=20, opacity=1)
    layers = [*spreads[spread], line, *([] if thin else [points])]
    return chart(rows, layers, x, value, height=height, key=key, alt_text=alt_text, legend=legend)


def interval_chart(
    rows: Rows,
    names: Sequence[str],
    colours: Sequence[str],
    category: str,
    x: alt.X,
    value: float | None,
    *,
    weak: str = "false",
    height: int,
    key: str,
    alt_text: str,
) -> Chart:
    """A point with its interval for each network in each category, in the rows' order.

    Args:
        rows, names, colours, height: as `line_chart` takes them.
        category: a field. value: of the dashed upright line, if any. weak: of which rows, as a Vega expression.
    """
    legend = chart_legend("", names, colours, dashed=False)
    colour = alt.Color("network:N", scale=alt.Scale(domain=list(names), range=list(colours)), legend=None)
    order = list(dict.fromkeys(row[category] for row in rows))
    base = alt.Chart().encode(
        alt.Y(f"{category}:N", sort=order, title=None, axis=alt.Axis(labelOverlap=False)),
        colour,
        yOffset=alt.YOffset("network:N", sort=list(names)),
        opacity=alt.condition(weak, alt.value(0.45), alt.value(1)),
        tooltip=["network:N", f"{category}:N", *tooltips(x)],
    )
    spans = base.encode(alt.X("low:Q"), alt.X2("high:Q")).mark_rule(strokeWidth=2)
    shape = alt.Shape("network:N", scale=alt.Scale(domain=list(names), range=SHAPES), legend=None)
    points = base.encode(x, shape).mark_point(filled=True, size=45)
    return chart(rows, [spans, points], x, value, height=height, key=key, alt_text=alt_text, legend=legend)


def tooltips(axis: alt.X | alt.Y, number: str = ".1f", *, ends: bool = True) -> list[alt.Tooltip]:
    """Return tooltips of an axis' number, and of the ends of its interval where it has one."""
    parts = ((field_of(axis), axis["title"]), ("low", "95 % from"), ("high", "to"))[: 3 if ends else 1]
    return [alt.Tooltip(f"{name}:Q", format=number, title=title) for name, title in parts]


def field_of(axis: alt.X | alt.Y) -> str:
    """The field that an axis shows."""
    return str(axis.shorthand).partition(":")[0]


def chart_legend(
    title: str, names: Sequence[str], colours: Sequence[str], note: str = "", *, dashed: bool = True
) -> str:
    """One line above a plot, which wraps: a stroke for each network, dashed as its line, and a note about points."""
    strokes = [
        f'<span style="display:inline-block;width:1.7rem;height:3px;vertical-align:middle;margin-right:.3rem;'
        f'background:{_stroke(colour, DASHES[k % len(DASHES) if dashed else 0])}"></span>{html.escape(name)}'
        for k, (name, colour) in enumerate(zip(names, colours, strict=True))
    ]
    parts = " &ensp; ".join(f'<span style="white-space:nowrap">{part}</span>' for part in [*strokes, html.escape(note)])
    head = f"<b>{html.escape(title)}</b> &ensp; " if title else ""
    return f'<div style="font-size:13px;line-height:1.5">{head}{parts}</div>'


def _stroke(colour: str, dash: Sequence[int]) -> str:
    """A dashed line as a CSS background."""
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
    """A chart, maybe with a dashed upright line.

    Args:
        rows: what the layers draw.
        layers: from the back to the front, without data of their own.
        mark, value: axis and place of the upright line.
        height: CSS pixels of the plot with its axes.
    """
    marks = [] if value is None else [alt.Chart().mark_rule(strokeDash=[4, 4], color="#888888").encode(mark)]
    # Without a check against Vega-Lite's schema, which takes longer than the rest. Rows come last: Altair would look
    # through them and copy them several times for each layer.
    spec = alt.layer(*layers, *marks).properties(height=height).to_dict(validate=False)
    spec.pop("datasets", None)  # Altair's stand-in for what is missing
    for k, layer in enumerate(spec["layer"]):
        layer["data"] = {"values": rows if k < len(layers) else [{field_of(mark): value}]}
    return Chart(spec, key, alt_text, legend)
