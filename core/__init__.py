"""The engine: Fourier sweeps, heat maps and classifiers. Importing it costs no torch and never Streamlit.

The public names below are imported when they are first used.
"""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "Heatmap": "core.fourier.heatmap",
    "HeatmapError": "core.fourier.heatmap",
    "SweepConfig": "core.sweep.cells",
    "CellResult": "core.sweep.cells",
    "sweep_cells": "core.sweep.cells",
    "growing_heatmaps": "core.sweep.maps",
    "fourier_basis": "core.fourier.basis",
    "add_basis": "core.fourier.basis",
    "radial_profile": "core.fourier.analysis",
    "difference": "core.fourier.analysis",
    "ClassSet": "core.data.classes",
    "list_classifiers": "core.classifiers.registry",
    "classifier_state": "core.classifiers.registry",
    "load_classifier": "core.classifiers.registry",
    "load_dataset": "core.data.datasets",
    "load_samples": "core.data.samples",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'core' has no attribute {name!r}")
