"""The engine: Fourier sweeps, PGD runs, heat maps and classifiers. Importing it imports neither torch nor Streamlit.

The public names below are imported on first use.
"""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "core.classifiers.registry": "classifier_state list_classifiers load_classifier",
    "core.data.classes": "ClassSet",
    "core.data.datasets": "load_dataset",
    "core.data.samples": "load_samples",
    "core.fourier.maps.contrasts": "difference",
    "core.fourier.basis": "add_basis fourier_basis",
    "core.fourier.maps.heatmap": "Heatmap HeatmapError",
    "core.fourier.maps.rings": "radial_profile",
    "core.pgd.config": "PGDConfig paper_generation paper_inpainting",
    "core.pgd.natural": "NaturalSteps",
    "core.pgd.objectives": "Generation Inpainting",
    "core.pgd.settings": "usual_settings",
    "core.pgd.steps": "PGDState pgd_steps run_pgd",
    "core.pgd.view_settings": "Views",
    "core.pgd.views": "ViewDraws draw_view",
    "core.runs.file": "PGDRun RunFileError",
    "core.runs.plan": "RunPlan inpainting_plan",
    "core.runs.run": "Run",
    "core.sweep.loop.cells": "CellResult sweep_cells",
    "core.sweep.loop.config": "SweepConfig",
    "core.sweep.maps": "growing_heatmaps",
}
_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names.split()}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(_MODULE_OF[name]), name)
    raise AttributeError(f"module 'core' has no attribute {name!r}")
