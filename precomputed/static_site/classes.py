"""The tool *Classes*: texts and charts for the browser, and stored errors by class of each map with outcomes."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from core.data.classes import CIFAR10
from core.fourier.intervals import wilson
from core.fourier.maps.outcomes import ClassError, class_errors, outcomes
from precomputed.static_site.charts import vega
from precomputed.static_site.maps import usual_maps
from ui.maps.catalogue import Entry
from ui.maps.models import model_colour
from ui.maps.predictions.cell_predictions import SamplePredictions
from ui.shared.charts import Chart
from ui.tools.classes import SHOWN, ClassErrors, class_error_chart, confusion_chart, source_of
from ui.tools.sentences import CLASSES


def class_facts() -> dict[str, Any]:
    """Return the tool's texts, charts and stored errors."""
    maps: dict[str, Entry] = {}
    for entry in usual_maps().values():
        facts = entry.heatmap.metadata
        # All waves on the same images: outcomes exist, and none is missing.
        whole = outcomes(entry.heatmap) is not None and (entry.heatmap.count == facts["dataset"]["n"]).all()
        if whole and tuple(facts["class_names"]) == CIFAR10.names:
            maps.setdefault(entry.classifier, entry)
    return {
        "texts": CLASSES,
        "names": CIFAR10.names,
        "errors": {name: _errors(entry) for name, entry in maps.items()},
        "charts": {"errors": [vega(_error_chart(count)) for count in range(1, SHOWN + 1)], "matrix": vega(_matrix())},
    }


def _errors(entry: Entry) -> dict[str, Any]:
    """Return the errors under each wave of a half plane by class, as 16-bit counts."""
    half = entry.heatmap.side // 2
    # In the order of `halfPlane` in page/picture_map.js.
    places = [(i, j) for i in range(half + 1) for j in range(-half if i else 0, half + 1)]
    waves = [class_errors(entry.heatmap, wave) for wave in places]
    counts = np.array([[round(row.error.value * row.images) for row in wave] for wave in waves], "<u2")
    return {
        "title": entry.name,
        "colour": model_colour(entry.classifier),
        "source": source_of(entry),
        "epsilon": entry.heatmap.metadata["epsilon"],
        "half": half,
        "images": [row.images for row in waves[0]],
        "counts": base64.b64encode(counts.tobytes()).decode(),
    }


# The browser replaces titles and colours of the charts' networks, and the rows.
def _error_chart(count: int) -> Chart:
    errors = [ClassError(label, wilson(0.5, 2).item(), 2) for label in range(len(CIFAR10.names))]
    series = [ClassErrors(f"network {k}", "", f"#00000{k}", errors) for k in range(count)]
    return class_error_chart(series, CIFAR10.names)


def _matrix() -> Chart:
    labels = np.arange(len(CIFAR10.names))
    return confusion_chart(SamplePredictions("network 0", "", "", labels, labels, labels), CIFAR10.names)
