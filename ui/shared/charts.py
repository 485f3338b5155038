"""How this app draws charts: colours, dashes, and the fast way into the page."""

from __future__ import annotations

import html
import itertools
from collections.abc import Sequence
from typing import Any

import altair as alt
import streamlit as st

# Okabe & Ito 2008: told apart with every common form of colour blindness. Black is left out for the dark theme.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
# Of points with an error and its interval, in per cent.
ERROR_TOOLTIP = (
    alt.Tooltip("error:Q", format=".1f", title="error (%)"),
    alt.Tooltip("low:Q", format=".1f", title="95 % from"),
    alt.Tooltip("high:Q", format=".1f", title="to"),
)


def line_styles(field: str, names: Sequence[str], colours: Sequence[str]) -> tuple[alt.Color, alt.StrokeDash]:
    """A colour and a dash for each value of a nominal field; their legend is `chart_legend`."""
    dashes = [DASHES[k % len(DASHES)] for k in range(len(names))]
    scales = (alt.Scale(domain=list(names), range=list(styles)) for styles in (colours, dashes))
    colour, dash = scales
    return alt.Color(field, scale=colour, title=None, legend=None), alt.StrokeDash(field, scale=dash, legend=None)


def chart_legend(title: str, names: Sequence[str], colours: Sequence[str], note: str = "") -> None:
    """One line above a plot, which wraps: a stroke for each line of `line_styles`, and a note about its points."""
    strokes = [
        f'<span style="display:inline-block;width:1.7rem;height:3px;vertical-align:middle;margin-right:.3rem;'
        f'background:{_stroke(colour, DASHES[k % len(DASHES)])}"></span>{html.escape(name)}'
        for k, (name, colour) in enumerate(zip(names, colours, strict=True))
    ]
    parts = " &ensp; ".join(f'<span style="white-space:nowrap">{part}</span>' for part in [*strokes, html.escape(note)])
    head = f"<b>{html.escape(title)}</b> &ensp; " if title else ""
    st.html(f'<div style="font-size:.8rem;line-height:1.5">{head}{parts}</div>')


def _stroke(colour: str, dash: Sequence[int]) -> str:
    """A dashed line as a CSS background."""
    ends = list(itertools.accumulate(dash, initial=0))
    parts = (f"{'transparent' if k % 2 else colour} {ends[k]}px {ends[k + 1]}px" for k in range(len(dash)))
    return f"repeating-linear-gradient(90deg,{','.join(parts)})"


def show_chart(
    rows: Sequence[dict[str, Any]],
    layers: Sequence[alt.Chart],
    mark: alt.X,
    value: float,
    *,
    height: int,
    lines: int,
    key: str,
    alt_text: str,
) -> None:
    """Draw a chart with a dashed upright line.

    Args:
        rows: what the layers draw.
        layers: from the back to the front, without data of their own.
        mark, value: axis and place of the upright line.
        height: pixels of the plot with its axis; the legend's `lines` rows stand above it.
    """
    rule = alt.Chart(alt.Data(values=[{str(mark.shorthand).partition(":")[0]: value}]))
    layers = [*layers, rule.mark_rule(strokeDash=[4, 4], color="#888888").encode(mark)]
    chart = alt.layer(*layers).resolve_legend(color="independent").properties(height=height + 32 * lines)
    # Without a check against Vega-Lite's schema, which takes longer than the rest. Rows come last: Altair would look
    # through them and copy them several times for each layer.
    spec = chart.to_dict(validate=False)
    spec.pop("datasets", None)  # Altair's stand-in for what is missing
    for layer in spec["layer"][:-1]:
        layer["data"] = {"values": rows}
    st.vega_lite_chart(spec, width="stretch", key=key, alt=alt_text)
