"""*Details* of the page *Frequencies*: every number of the selected wave as a table, rings, sources and downloads."""

from __future__ import annotations

import streamlit as st

from core.shared.numbers import wave_name
from ui.maps.catalogue import map_downloads, source_text
from ui.maps.predictions import PageState, draw_predictions
from ui.maps.rings import ring_chart
from ui.maps.wave import WAVE_COLUMNS, download_picture, wave_table
from ui.shared.tables import scrolling_table
from ui.shared.url import as_markdown


def draw_details(page: PageState, top: int) -> None:
    """Draw them, with each map's errors ring by ring above its source."""
    st.markdown(f"**Top-{top} error under the wave {wave_name(page.frequency)}**, with 95 % intervals")
    scrolling_table(WAVE_COLUMNS, wave_table(page.chosen, page.frequency, top), "Error under the wave")
    if page.perturbed is not None:
        draw_predictions(page.predictors, page.perturbed)
        download_picture(page.perturbed)
    for k in range(0, len(page.chosen), 2):
        for entry, column in zip(page.chosen[k : k + 2], st.columns(2, gap="large"), strict=False):
            with column:
                st.html(ring_chart((entry,)))
                st.caption(f"**{as_markdown(entry.label)}**  \n{source_text(entry)}")
                map_downloads(entry)
