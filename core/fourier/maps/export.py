"""Export of heat maps: a table and a figure."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from core.fourier.maps.heatmap import Heatmap
from core.fourier.maps.metrics import METRICS, Metric
from core.images.colormaps import colormap_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def heatmap_csv(heatmap: Heatmap) -> str:
    """Return a CSV with a header and one row per cell; empty if not computed or not published."""
    waves = np.indices(heatmap.count.shape) - heatmap.side // 2
    counts = {"images": heatmap.images, "top1_errors": heatmap.top1_errors, "top5_errors": heatmap.top5_errors}
    columns: dict[str, Iterable[Any]] = dict(zip("ij", waves.reshape(2, -1).tolist(), strict=True))
    columns |= {name: _texts(count, lambda n: "" if n < 0 else str(n)) for name, count in counts.items()}
    for metric in METRICS.values():
        measured = metric.interval(heatmap)
        names = [metric.key] if measured is None else [f"{metric.key}_{part}" for part in ("rate", "low", "high")]
        for name, array in zip(names, measured or (metric.array(heatmap),), strict=True):
            if array is not None:
                columns[name] = _texts(array, lambda x: "" if math.isnan(x) else f"{x:.6f}")
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return stream.getvalue()


def _texts(array: np.ndarray, text: Callable[[Any], str]) -> np.ndarray:
    """Format each element, once per distinct value: an error of n images has at most n + 1."""
    values, where = np.unique(array, return_inverse=True)
    return np.array([text(value) for value in values.tolist()], dtype=object)[where.ravel()]


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
