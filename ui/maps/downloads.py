"""A heat map to take away: file, table, figure."""

from __future__ import annotations

import re
from functools import partial

import streamlit as st

from core.fourier.export import heatmap_csv, heatmap_png
from core.fourier.metrics import TOP1
from ui.components.colormaps import colormap_table
from ui.maps.catalogue import Entry


def file_stem(label: str) -> str:
    """A label as a file name."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[-100:]


def map_downloads(entry: Entry) -> None:
    """A row of buttons; files are made when asked for."""
    stem, heatmap = file_stem(entry.label), entry.heatmap
    with st.container(horizontal=True):
        for kind, made in (
            ("npz", heatmap.to_bytes),
            ("csv", partial(heatmap_csv, heatmap)),
            ("png", partial(_figure, entry)),
        ):
            st.download_button(kind.upper(), made, f"{stem}.{kind}", key=f"{kind} {stem}", on_click="ignore")


def _figure(entry: Entry) -> bytes:
    return heatmap_png(
        entry.heatmap.rate(),
        TOP1,
        title=entry.label.replace(" · ", ", "),
        colours=colormap_table(TOP1.colormap),
        footnote=entry.subtitle,
    )
