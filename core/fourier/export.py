"""Heat maps for other programs and for papers: a table and a figure."""

from __future__ import annotations

import csv
import io
import math

import numpy as np

from core.fourier.heatmap import Heatmap


def heatmap_csv(heatmap: Heatmap) -> str:
    """One row per cell, first row the column names; empty where not computed or not published."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    columns = "i,j,images,top1_errors,top5_errors,top1_rate,top1_low,top1_high,top5_rate,top5_low,top5_high"
    writer.writerow(columns.split(","))
    waves = (np.indices(heatmap.count.shape) - heatmap.side // 2).reshape(2, -1).tolist()
    counts = [heatmap.images, heatmap.top1_errors, heatmap.top5_errors]
    rates = [array for top in (1, 5) for array in heatmap.interval(top)]
    numbers = [["" if number < 0 else number for number in count.ravel().tolist()] for count in counts]
    shares = [["" if math.isnan(share) else f"{share:.6f}" for share in rate.ravel().tolist()] for rate in rates]
    writer.writerows(zip(*waves, *numbers, *shares, strict=True))
    return stream.getvalue()


def heatmap_png(
    values: np.ndarray,
    *,
    title: str,
    label: str,
    value_range: tuple[float, float],
    colours: np.ndarray,
    footnote: str = "",
) -> bytes:
    """A figure of one map with axes and a colour bar, as PNG at 200 dots per inch.

    Args:
        values: (R, R), NaN where not computed (drawn grey).
        title: above the map; label: beside the colour bar, with the unit; footnote: below, small.
        value_range: values at the ends of the colour bar.
        colours: (256, 3) uint8, the colour map.
    """
    # The figure is built without pyplot, whose global state is not safe between a server's threads.
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure

    colormap = ListedColormap(colours / 255).with_extremes(bad="#b0b0b0")
    half = len(values) / 2
    figure = Figure(figsize=(5.2, 4.6), layout="constrained")
    axes = figure.add_subplot()
    picture = axes.imshow(
        np.ma.masked_invalid(values),
        cmap=colormap,
        vmin=value_range[0],
        vmax=value_range[1],
        extent=(-half, half, half, -half),
        interpolation="nearest",
    )
    axes.plot(0, 0, "+", color="white", markersize=6, markeredgewidth=1)
    axes.set(xlabel="horizontal frequency j (cycles per image)", ylabel="vertical frequency i")
    # Names may come from a visitor's file: a dollar sign in them begins no formula.
    axes.set_title(title, fontsize=10, parse_math=False)
    figure.colorbar(picture, ax=axes, label=label)
    if footnote:
        figure.supxlabel(footnote, fontsize=6, color="#555555", parse_math=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=200)
    return buffer.getvalue()
