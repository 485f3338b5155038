"""Fourier sweeps: errors of a classifier under every wave. `python -m core.sweep` is the batch script."""

from core.sweep.cells import CellResult, SweepConfig, sweep_cells
from core.sweep.maps import growing_heatmaps

__all__ = ["CellResult", "SweepConfig", "growing_heatmaps", "sweep_cells"]
