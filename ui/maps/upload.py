"""Upload of a heat map file."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.fourier.maps.heatmap import MAX_SIDE, Heatmap, HeatmapError
from core.shared.errors import sentence
from ui.maps.catalogue import add_map
from ui.server.limits import check_upload, limits
from ui.shared.text import as_markdown

UPLOADED, _LAST = "frequency.uploaded_map", "frequency.last_upload"


def add_a_file(on_new_map: Callable[[str], None]) -> None:
    """Draw the upload of a file; `on_new_map` gets the label of each new map."""
    most = limits().map_mb
    st.markdown(
        f"Upload a heat map (`.npz`) by `python -m core.sweep`, up to {most} MB and {MAX_SIDE} × {MAX_SIDE} cells."
    )
    file = st.file_uploader("Heat map file", type="npz", key=UPLOADED, max_upload_size=most)
    if file is None or st.session_state.get(_LAST) == file.file_id:
        return
    st.session_state[_LAST] = file.file_id
    try:
        check_upload(file.getvalue(), most)
        heatmap = Heatmap.from_bytes(file.getvalue(), name=file.name)
    except (HeatmapError, ValueError) as error:
        st.error(as_markdown(sentence(str(error))))
        return
    on_new_map(add_map(heatmap, origin="uploaded"))
