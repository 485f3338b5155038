"""How this app draws charts: colours, dashes, and the fast way into the page."""

from __future__ import annotations

from typing import Any

import streamlit as st

# Okabe & Ito 2008: told apart with every common form of colour blindness. Black is left out for the dark theme.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])


def show_chart(chart: Any, *, key: str, alt_text: str) -> None:
    """Draw an Altair chart without checking it against Vega-Lite's schema first, which takes longer than the rest."""
    st.vega_lite_chart(chart.to_dict(validate=False), width="stretch", key=key, alt=alt_text)


def height_with_legend(plot: int, lines: int) -> int:
    """Pixels for a chart whose legend, a row for each line, stands above a plot of `plot` pixels with its axis."""
    return plot + 32 * lines
