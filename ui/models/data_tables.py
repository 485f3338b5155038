"""What is shipped besides classifiers: heat maps and sample pictures, with their provenance and licences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.data.samples import load_samples, sample_credits
from core.fourier.heatmap import Heatmap, HeatmapError
from core.images.square import png_data_uri, square_image
from ui.maps.catalogue import HEATMAPS, classifier_title, dataset_title

_PICTURE = 64  # pixels, of a photograph in the table
_ROW = 56  # pixels
_DOMAIN = r"https?://(?:www\.)?([^/]+)"  # what a link shows of its address
OURS = "MIT"  # of maps that this project computed


def maps_table() -> None:
    """Every file in `precomputed/heatmaps`; one that cannot be read is named, and hides no other."""
    rows = []
    for path in sorted(HEATMAPS.glob("*.npz")):
        try:
            rows.append(_map_row(path, path.stat().st_mtime_ns))
        except (HeatmapError, FileNotFoundError) as error:
            st.error(str(error), icon=":material/broken_image:")
    if not rows:
        st.info("There are none in this copy. `python -m core.sweep` computes them, see below.")
        return
    rows.sort(key=lambda row: row["Origin"] != "published")
    st.dataframe(
        rows,
        hide_index=True,
        height="content",
        column_config={
            "Classifier": st.column_config.TextColumn(pinned=True),
            "Images": st.column_config.NumberColumn(format="localized", help="images behind every cell"),
            "Size": st.column_config.TextColumn(help="waves down and across, zero frequency in the middle"),
            "v": st.column_config.NumberColumn(
                format="%.1f", help="L2 size of the wave per channel, pixels from 0 to 1"
            ),
            "Citation": st.column_config.TextColumn(width="large"),
            "Link": st.column_config.LinkColumn(display_text=_DOMAIN),
            "Notes": None,  # too long for a cell
        },
    )
    for row in rows:
        if row["Notes"]:
            st.caption(f"{row['Classifier']}, {row['Data set']}: {row['Notes']}")


@st.cache_data(show_spinner=False)
def _map_row(path: Path, changed_ns: int) -> dict[str, Any]:
    """One line of the table. `changed_ns`, the time of the file's last change, makes a new file count as new."""
    heatmap = Heatmap.load(path)
    facts, source = heatmap.metadata, heatmap.metadata["source"]
    made = (
        f"computed with this project, {str(source.get('date', 'undated'))[:10]}, on {source.get('device', 'unknown')}"
    )
    url = source.get("url", "")
    return {
        "Classifier": classifier_title(facts["classifier"]["name"]),
        "Data set": dataset_title(facts["dataset"]["name"]),
        "Images": facts["dataset"]["n"],
        "Size": f"{heatmap.side} × {heatmap.side}",
        "v": float(facts["epsilon"]),
        "Origin": source["type"],
        "Licence": source.get("licence", OURS),
        "Citation": source.get("citation", made),
        "Link": f"{url}/tree/{source['commit']}" if url and source.get("commit") else url,
        "Notes": source.get("note", ""),
    }


def samples_tables() -> None:
    """The bundled photographs and CIFAR-10 images, each with its credit."""
    photographs, cifar10 = sample_credits("photographs"), sample_credits("cifar10-samples")
    first, second = st.tabs([f"{len(photographs)} photographs", f"{len(cifar10)} CIFAR-10 images"])
    classes = _photograph_classes()
    with first:
        st.dataframe(
            [
                {
                    "Picture": uri,
                    "Class": name,
                    "Title": credit.title,
                    "Author": credit.author,
                    "Licence": credit.licence,
                    "Source": credit.source,
                }
                for credit, uri, name in zip(photographs, _thumbnails(), classes, strict=True)
            ],
            hide_index=True,
            height="content",
            row_height=_ROW,
            column_config={
                "Picture": st.column_config.ImageColumn(width="small"),
                "Source": st.column_config.LinkColumn(display_text=_DOMAIN),
            },
        )
    with second:
        credit = cifar10[0]
        st.markdown(
            f"Test images by {credit.author}, ten for each class, unchanged; {credit.licence}. "
            f"[Source]({credit.source})"
        )
        st.html(
            f'<img src="{_montage()}" alt="All {len(cifar10)} images" '
            'style="width: 100%; max-width: 960px; image-rendering: pixelated">'
        )


@st.cache_data(show_spinner=False)
def _photograph_classes() -> list[str]:
    samples = load_samples("photographs")
    return [samples.classes.names[label] for label in samples.labels]


@st.cache_data(show_spinner=False)
def _thumbnails() -> list[str]:
    images = load_samples("photographs").images.transpose(0, 2, 3, 1)
    return [png_data_uri(square_image(image, _PICTURE, resize_to=_PICTURE)) for image in images]


@st.cache_data(show_spinner=False)
def _montage() -> str:
    """All CIFAR-10 samples as one picture: 20 to a row."""
    images = load_samples("cifar10-samples").images.transpose(0, 2, 3, 1)
    rows = [np.concatenate(list(images[first : first + 20]), axis=1) for first in range(0, len(images), 20)]
    return png_data_uri(np.concatenate(rows))
