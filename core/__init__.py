"""The engine: Fourier sweeps, heat maps and classifiers. Importing it costs no torch and never Streamlit.

The public names below are imported when they are first used.
"""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "Heatmap": "core.heatmap",
    "HeatmapError": "core.heatmap",
    "SweepConfig": "core.sweep",
    "CellResult": "core.sweep",
    "sweep_cells": "core.sweep",
    "growing_heatmaps": "core.sweep_result",
    "fourier_basis": "core.fourier",
    "add_basis": "core.fourier",
    "radial_profile": "core.comparison",
    "difference": "core.comparison",
    "ClassSet": "core.classes",
    "list_classifiers": "core.classifiers",
    "classifier_state": "core.classifiers",
    "load_classifier": "core.classifiers",
    "load_dataset": "core.datasets",
    "load_samples": "core.samples",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'core' has no attribute {name!r}")
