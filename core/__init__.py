"""The engine: Fourier sweeps, PGD runs, heat maps and classifiers. Importing it imports neither torch nor Streamlit.

The public names below are imported on first use.
"""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "core.classifiers.own": "classifier",
    "core.api": "draw fill heatmap",
    "core.classifiers.registry": "classifier_state list_classifiers load_classifier",
    "core.data.sample_sets": "ClassSet",
    "core.data.datasets": "load_dataset load_samples",
    "core.fourier.contrasts": "difference radial_profile",
    "core.fourier.waves": "add_basis fourier_basis",
    "core.fourier.heatmap": "Heatmap HeatmapError",
    "core.pgd.settings": "PGDConfig paper_generation paper_inpainting usual_settings",
    "core.pgd.steps": "Generation Inpainting PGDState pgd_steps run_pgd",
    "core.pgd.search": "NaturalSteps ViewDraws Views draw_view",
    "core.pgd.plan": "RunPlan inpainting_plan",
    "core.pgd.record": "PGDRun RunFileError",
    "core.pgd.live": "Run",
    "core.sweep.waves": "SweepConfig",
    "core.sweep.grow": "grow",
}
_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names.split()}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(_MODULE_OF[name]), name)
    raise AttributeError(f"module 'core' has no attribute {name!r}")
