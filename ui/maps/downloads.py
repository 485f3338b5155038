"""Downloads of a heat map: file, table, figure."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import streamlit as st

from core.fourier.maps.export import heatmap_csv, heatmap_png
from core.fourier.maps.metrics import TOP1
from ui.maps.catalogue import Entry


def file_stem(label: str) -> str:
    """Turn a label into a file name."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[-100:]


def map_downloads(entry: Entry) -> None:
    """Draw a row of download buttons; files are created on click."""
    stem, heatmap = file_stem(entry.label), entry.heatmap
    title = entry.label.replace(" · ", ", ")
    made: dict[str, Callable[[], bytes | str]] = {
        "npz": heatmap.to_bytes,
        "csv": partial(heatmap_csv, heatmap),
        "png": partial(heatmap_png, heatmap.rate(), TOP1, title=title, footnote=entry.subtitle),
    }
    with st.container(horizontal=True):
        for kind, make in made.items():
            st.download_button(kind.upper(), make, f"{stem}.{kind}", key=f"{kind} {stem}", on_click="ignore")
