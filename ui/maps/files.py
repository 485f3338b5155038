"""Heat maps as files: their provenance, downloads, and the upload of one's own."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from core.data.stored import device_text
from core.fourier.heatmap import MAX_SIDE, TOP1, Heatmap, HeatmapError, heatmap_csv, heatmap_png
from core.shared.text import sentence
from ui.maps.catalogue import Entry, add_map
from ui.server.limits import check_upload
from ui.shared.downloads import download_button
from ui.shared.text import as_markdown, one_line

MAP_MB = 10  # of an uploaded heat map
UPLOADED, _LAST = "frequency.uploaded_map", "frequency.last_upload"


def source_text(entry: Entry) -> str:
    """Return Markdown about a map's origin."""
    published = entry.shipped and entry.heatmap.metadata["source"]["type"] == "published"
    return published_text(entry.heatmap) if published else computed_text(entry.heatmap)


def published_text(heatmap: Heatmap) -> str:
    """Return Markdown about one of the paper's maps shipped with this project."""
    source = heatmap.metadata["source"]
    note = f" {source['note']}" if source.get("note") else ""
    return (
        f"{source['citation']}. Run of {source['run']}; log in [{source['url'].removeprefix('https://')}]"
        f"({source['url']}) at commit {source['commit']}, licence {source['licence']}; n = "
        f"{heatmap.metadata['dataset']['n']:,}, {source['rounding']}; {source['repeated']}.{note}"
    )


def computed_text(heatmap: Heatmap) -> str:
    """Return Markdown about any other map; its untrusted metadata are shown as plain text."""
    facts, source = heatmap.metadata, heatmap.metadata["source"]
    classifier = facts["classifier"]
    text = (
        f"Computed {one_line(source.get('date', 'some day'))[:10]} with version "
        f"{one_line(source.get('version', '?'), 20)} on {device_text(source)} in "
        f"{_number(source.get('wall_seconds'))} s ({_number(source.get('images_per_second'))} images/s); weights "
        f"{one_line(classifier.get('weights_id', '?'))}, sha256 {one_line(classifier.get('sha256') or 'unknown', 13)}; "
        f"seed {one_line(facts.get('seed'), 20)}, {one_line(facts.get('dtype', 'float32'), 20)}."
    )
    estimate = facts.get("estimate")
    if heatmap.estimate is not None and isinstance(estimate, Mapping):
        text += (
            f" The estimate was made by {one_line(estimate.get('estimator', '?'), 60)}, version "
            f"{one_line(estimate.get('version', '?'), 10)}."
        )
    return as_markdown(text)


def _number(value: object) -> str:
    return f"{value:,.0f}" if isinstance(value, int | float) and math.isfinite(value) else "?"


def file_stem(label: str) -> str:
    """Turn a label into a file name."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[-100:]


def map_files(entry: Entry) -> dict[str, Callable[[], bytes | str]]:
    """Return a function for each kind of file, by its suffix."""
    title = entry.label.replace(" · ", ", ")
    return {
        "npz": entry.heatmap.to_bytes,
        "csv": partial(heatmap_csv, entry.heatmap),
        "png": partial(heatmap_png, entry.heatmap.rate(), TOP1, title=title, footnote=entry.subtitle),
    }


def map_downloads(entry: Entry) -> None:
    """Draw a row of download buttons; files are created on click."""
    stem = file_stem(entry.label)
    with st.container(horizontal=True):
        for kind, make in map_files(entry).items():
            download_button(kind.upper(), make, f"{stem}.{kind}", key=f"{kind} {stem}")


def add_a_file(on_new_map: Callable[[str], None]) -> None:
    """Draw the upload of a file; `on_new_map` gets the label of each new map."""
    st.markdown(
        f"Upload a heat map (`.npz`) of `python -m core.sweep`, up to {MAP_MB} MB and {MAX_SIDE} × {MAX_SIDE} cells."
    )
    file = st.file_uploader("Heat map file", type="npz", key=UPLOADED, max_upload_size=MAP_MB)
    if file is None or st.session_state.get(_LAST) == file.file_id:
        return
    st.session_state[_LAST] = file.file_id
    try:
        check_upload(file.getvalue(), MAP_MB)
        heatmap = Heatmap.from_bytes(file.getvalue(), name=f"“{file.name}”")
    except (HeatmapError, ValueError) as error:
        st.error(as_markdown(sentence(str(error))))
        return
    on_new_map(add_map(heatmap, origin="uploaded"))
