"""Export of heat maps: a table and a figure."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from core.fourier.maps.heatmap import Heatmap
from core.fourier.maps.metrics import METRICS, Metric
from core.images.colormaps import colormap_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def heatmap_csv(heatmap: Heatmap) -> str:
    """Return a CSV with a header and one row per cell; empty if not computed or not published."""
    import pandas as pd

    waves = np.indices(heatmap.count.shape) - heatmap.side // 2
    table = pd.DataFrame(waves.reshape(2, -1).T, columns=["i", "j"])
    for name in ("images", "top1_errors", "top5_errors"):
        count = pd.Series(getattr(heatmap, name).ravel(), dtype="Int64")
        table[name] = count.where(count >= 0)
    for metric in METRICS.values():
        measured = metric.interval(heatmap)
        names = [metric.key] if measured is None else [f"{metric.key}_{part}" for part in ("rate", "low", "high")]
        for name, array in zip(names, measured or (metric.array(heatmap),), strict=True):
            if array is not None:
                table[name] = array.ravel()
    return str(table.to_csv(index=False, float_format="%.6f", lineterminator="\n"))


def heatmap_png(values: np.ndarray, metric: Metric, *, title: str, footnote: str = "") -> bytes:
    """Return a figure of one map with axes and a colour bar, as PNG at 200 dots per inch.

    Args:
        values: (R, R), NaN if not computed (drawn grey).
        metric: of the values.
        title: above the map; footnote: below, small.
    """
    # Without pyplot, whose global state is not thread-safe.
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure

    colormap = ListedColormap(colormap_table(metric.colormap) / 255).with_extremes(bad="#b0b0b0")
    unit, (low, high), half = metric.unit, metric.value_range, len(values) / 2
    figure = Figure(figsize=(5.2, 4.6), layout="constrained")
    axes = figure.add_subplot()
    picture = axes.imshow(
        np.ma.masked_invalid(unit.scale * values),
        cmap=colormap,
        vmin=unit.scale * low,
        vmax=unit.scale * high,
        extent=(-half, half, half, -half),
        interpolation="nearest",
    )
    axes.plot(0, 0, "+", color="white", markersize=6, markeredgewidth=1)
    axes.set(xlabel="horizontal frequency j (cycles per image)", ylabel="vertical frequency i")
    # Names may come from a visitor's file: a dollar sign in them must not start a formula.
    axes.set_title(title, fontsize=10, parse_math=False)
    figure.colorbar(picture, ax=axes, label=f"{metric.label} ({unit.name})" if unit.name else metric.label)
    if footnote:
        figure.supxlabel(footnote, fontsize=6, color="#555555", parse_math=False)
    return figure_file(figure, format="png", dpi=200)


def figure_file(figure: Figure, **options: Any) -> bytes:
    """Return a figure as the bytes of a file. options: of matplotlib's `savefig`."""
    buffer = io.BytesIO()
    figure.savefig(buffer, **options)
    return buffer.getvalue()
