"""Fourier basis waves, heat maps, and what is computed from heat maps. Does not import torch."""

from core.fourier.analysis import difference, minus_clean, mismatches, radial_profile
from core.fourier.basis import (
    Frequency,
    add_basis,
    all_random_signs,
    fourier_basis,
    half_plane,
    largest_side,
    random_signs,
)
from core.fourier.export import heatmap_csv, heatmap_png
from core.fourier.heatmap import Heatmap, HeatmapError
from core.fourier.intervals import Interval, newcombe, wilson

__all__ = [
    "Frequency",
    "Heatmap",
    "HeatmapError",
    "Interval",
    "add_basis",
    "all_random_signs",
    "difference",
    "fourier_basis",
    "half_plane",
    "heatmap_csv",
    "heatmap_png",
    "largest_side",
    "minus_clean",
    "mismatches",
    "newcombe",
    "radial_profile",
    "random_signs",
    "wilson",
]
