"""Sentences about the cell in view, computed from the maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.classifiers.predictions import Predictions
from core.fourier.basis import Frequency, frequency_to_cell
from ui.components.heatmap import format_frequency
from ui.maps.catalogue import Entry


def cell_verdict(
    shown: Sequence[Entry], frequency: Frequency, top: int, predictions: Mapping[str, Predictions] | None = None
) -> str:
    """Plain text: the error of each shown map under the wave in view."""
    told = []
    for entry in shown:
        heatmap = entry.heatmap
        if max(map(abs, frequency)) > heatmap.side // 2:
            continue
        rate = heatmap.rate(top)[frequency_to_cell(*frequency, heatmap.side)]
        if np.isfinite(rate):
            told.append(f"{entry.label.split(' · ')[0]} {100 * rate:.1f} %")
    return f"Top-{top} error under the wave {format_frequency(frequency)}: {', '.join(told) or 'not computed'}."
