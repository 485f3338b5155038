"""Provenance of a heat map in one sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping

import streamlit as st

from core.fourier.maps.heatmap import Heatmap
from ui.maps.catalogue import Entry
from ui.shared.text import as_markdown, one_line


def provenance(entry: Entry) -> None:
    """Draw the sentence."""
    st.markdown(f"**{as_markdown(entry.label)}**  \n{source_text(entry)}")


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
        f"{one_line(source.get('version', '?'), 20)} on {one_line(source.get('device', '?'))} in "
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
