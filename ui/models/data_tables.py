"""Tables of the shipped heat maps and sample pictures with their provenance and licences."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_title
from core.data.datasets import load_samples, sample_credits
from core.data.pixels import png_data_uri, square_image
from core.data.stored import device_text, stored_files
from core.fourier.heatmap import Heatmap, HeatmapError
from ui.maps.catalogue import dataset_title
from ui.shared.text import one_line

_PICTURE = 64  # pixels, of a photograph in the table
_ROW = 40  # pixels
_DENSE_ROW = 28
_DOMAIN = r"https?://(?:www\.)?([^/]+)"  # what a link shows of its URL
_MONTAGE_COLUMNS = 20
OURS = "MIT"  # of maps that this project computed


def maps_table() -> None:
    """Draw a row per stored map, including profiles; name unreadable files."""
    rows = []
    for path in stored_files("heatmaps"):
        try:
            rows.append(_map_row(path, path.stat().st_mtime_ns))
        except (HeatmapError, FileNotFoundError) as error:
            st.error(str(error), icon=":material/broken_image:")
    if not rows:
        st.info("This copy has no heat maps. `python -m core.sweep` computes them.")
        return
    rows.sort(key=lambda row: (row["Origin"] != "published", row["Classifier"], -row["Images"], row["v"]))
    column = st.column_config
    st.dataframe(
        rows,
        hide_index=True,
        height="content",
        row_height=_DENSE_ROW,
        column_config={
            "Images": column.NumberColumn(format="localized", help="images behind every cell"),
            "Size": column.TextColumn(help="waves down and across, zero frequency in the middle"),
            "v": column.NumberColumn(format="%.1f", help="L2 size of the wave per channel, pixels from 0 to 1"),
            "Citation": column.TextColumn(width="large"),
            "Link": column.LinkColumn(display_text=_DOMAIN),
            "Notes": None,  # too long for a cell
        },
    )
    for row in rows:
        if row["Notes"]:
            st.caption(f"{row['Classifier']}, {row['Data set']}: {row['Notes']}")


@st.cache_data(show_spinner=False)
def _map_row(path: Path, changed_ns: int) -> dict[str, Any]:
    """Return a row of the table; `changed_ns`, the file's modification time, is part of the cache key."""
    heatmap = Heatmap.load(path)
    facts, source = heatmap.metadata, heatmap.metadata["source"]
    date = str(source.get("date", "undated"))[:10]
    url = source.get("url", "")
    return {
        "Classifier": one_line(classifier_title(facts["classifier"]["name"])),
        "Data set": dataset_title(facts["dataset"]["name"]),
        "Images": facts["dataset"]["n"],
        "Size": f"{heatmap.side} × {heatmap.side}",
        "v": float(facts["epsilon"]),
        "Origin": source["type"],
        "Licence": source.get("licence", OURS),
        "Citation": source.get("citation", f"computed with this project, {date}, on {device_text(source)}"),
        "Link": f"{url}/tree/{source['commit']}" if url and source.get("commit") else url,
        "Notes": re.sub(r"(\d) x (\d)", r"\1 × \2", source.get("note", "")),
    }


def samples_tables() -> None:
    """Draw the bundled photographs and CIFAR-10 images with their credits."""
    photographs, cifar10 = sample_credits("photographs"), sample_credits("cifar10-samples")
    first, second = st.tabs([f"{len(photographs)} photographs", f"{len(cifar10)} CIFAR-10 images"])
    first.dataframe(
        _photograph_rows(),
        hide_index=True,
        height="content",
        row_height=_ROW,
        column_config={
            "Picture": st.column_config.ImageColumn(width="small"),
            "Source": st.column_config.LinkColumn(display_text=_DOMAIN),
        },
    )
    credit = cifar10[0]
    second.markdown(
        f"Test images by {credit.author}, ten for each class, unchanged; {credit.licence}. [Source]({credit.source})"
    )
    second.html(
        f'<img src="{_montage()}" alt="All {len(cifar10)} images" '
        'style="width: 100%; max-width: 960px; image-rendering: pixelated">'
    )


@st.cache_data(show_spinner=False)
def _photograph_rows() -> list[dict[str, str]]:
    data = load_samples("photographs")
    rows = []
    for image, label, credit in zip(data.images, data.labels, sample_credits("photographs"), strict=True):
        small = square_image(image.transpose(1, 2, 0), _PICTURE, resize_to=_PICTURE)
        named = {field.capitalize(): text for field, text in asdict(credit).items()}
        rows.append({"Picture": png_data_uri(small), "Class": data.classes.names[label]} | named)
    return rows


@st.cache_data(show_spinner=False)
def _montage() -> str:
    """Return all CIFAR-10 samples as one picture."""
    images = load_samples("cifar10-samples").images.transpose(0, 2, 3, 1)
    rows = images.reshape(-1, _MONTAGE_COLUMNS, *images.shape[1:])
    return png_data_uri(np.concatenate(np.concatenate(rows, axis=1), axis=1))
