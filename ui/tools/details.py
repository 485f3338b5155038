"""*Details* of the page *Frequencies*: predictions, and each map's rings, source and downloads."""

from __future__ import annotations

import streamlit as st

from ui.maps.catalogue import map_downloads, source_text
from ui.maps.chosen_wave import download_picture
from ui.maps.predictions import PageState, draw_predictions
from ui.maps.rings import ring_chart
from ui.shared.url import as_markdown


def draw_details(page: PageState) -> None:
    """Draw them."""
    if page.perturbed is not None:
        draw_predictions(page.predictors, page.perturbed)
        download_picture(page.perturbed)
    for k in range(0, len(page.chosen), 2):
        for entry, column in zip(page.chosen[k : k + 2], st.columns(2, gap="large"), strict=False):
            with column:
                st.html(ring_chart((entry,)))
                st.caption(f"**{as_markdown(entry.label)}**  \n{as_markdown(entry.subtitle)}  \n{source_text(entry)}")
                map_downloads(entry)
