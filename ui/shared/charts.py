"""How this app draws charts: colours, dashes, and the fast way into the page."""

from __future__ import annotations

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


def line_styles(field: str, names: Sequence[str]) -> tuple[alt.Color, alt.StrokeDash]:
    """A colour and a dash for each value of a nominal field, and the colours' legend above the plot, a row for each."""
    ranges = ([styles[k % 4] for k in range(len(names))] for styles in (PALETTE, DASHES))
    colours, dashes = (alt.Scale(domain=list(names), range=chosen) for chosen in ranges)
    legend = alt.Legend(orient="top", direction="vertical", labelLimit=400)
    return alt.Color(field, scale=colours, title=None, legend=legend), alt.StrokeDash(field, scale=dashes, legend=None)


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
