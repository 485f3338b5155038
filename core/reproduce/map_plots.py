"""Plots of a map for the report: maps side by side if most waves are computed, and wave against wave."""

from __future__ import annotations

import numpy as np

from core.fourier.basis import rounded_radius, wave_values
from core.fourier.maps.export import figure_file, heatmap_png
from core.fourier.maps.metrics import TOP1
from core.reproduce.parts.maps import MapResult

MAX_BARS = 100  # more intervals would hide the points


def map_plots(result: MapResult) -> dict[str, bytes]:
    """Return the plots of a map, as PNG by description."""
    plots: dict[str, bytes] = {}
    name, kind, heatmap, reference = result.name, result.kind, result.heatmap, result.reference
    if 2 * (heatmap.count > 0).sum() > heatmap.side**2:
        plots["Computed here."] = heatmap_png(heatmap.error_rate, TOP1, title=f"{name}, computed here")
        if reference is not None:
            known = np.where(heatmap.count > 0, reference.error_rate, np.nan)
            plots[f"The {kind} map."] = heatmap_png(known, TOP1, title=f"{name}, {kind}")
    if result.agreement is not None:
        plots["Each dot is a wave; on the line both errors are the same."] = _waves(result)
    return plots


def _waves(result: MapResult) -> bytes:
    from matplotlib.figure import Figure

    assert result.agreement is not None
    rows = result.agreement.rows
    waves = [row.wave for row in rows]
    here, there = (100 * np.array([getattr(row, side) for row in rows]) for side in ("error", "reference"))
    figure = Figure(figsize=(5.2, 4.6), layout="constrained")
    axes = figure.add_subplot()
    axes.axline((0, 0), slope=1, color="#888888", linewidth=1)
    if len(rows) <= MAX_BARS:
        low, high = (100 * wave_values(end, waves) for end in result.heatmap.interval()[1:])
        axes.vlines(there, low, high, color="#bbbbbb", linewidth=1.5)
    points = axes.scatter(there, here, c=rounded_radius(waves), cmap="viridis", s=16, zorder=3)
    axes.set(xlim=(0, 100), ylim=(0, 100), aspect="equal", xlabel=f"{result.kind} error (%)", ylabel="error here (%)")
    axes.set_title(result.name, fontsize=10, parse_math=False)
    figure.colorbar(points, ax=axes, label="radius (cycles per image)")
    return figure_file(figure, format="png", dpi=150)
