"""Charts of the error against radius, and of a class's probability against the size of the wave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from core.classifiers.families import ClassifierSpec
from core.fourier.contrasts import radial_profile
from core.fourier.waves import rounded_radius
from core.shared.numbers import Frequency, Interval
from core.sweep.predict import Predictions
from ui.maps.catalogue import Entry, named_apart
from ui.maps.models import model_colour
from ui.maps.views import SHOWN_SIDE
from ui.shared.charts import Chart, line_chart, percents

HEIGHT = 190  # CSS pixels of plot and axes together
STRENGTH = "strength v of the wave (L2 norm per channel)"


def radius_axis() -> alt.X:
    """Return the horizontal axis of charts by radius."""
    return alt.X("radius:Q", title="radius √(i² + j²), cycles per image", axis=alt.Axis(titlePadding=2))


def radial_chart(chosen: Sequence[Entry], *, top: int, selected: Frequency) -> Chart:
    """Plot the mean error over each ring of waves, one line per map, with 95 % intervals and the selected radius.

    Points of rings cut by the map's square, which contain only waves near the diagonals, are hollow. Larger maps are
    cropped, as in the display.
    """
    rows: list[dict[str, Any]] = []
    for entry in chosen:
        profile = radial_profile(entry.heatmap.crop(SHOWN_SIDE), top, corners=True)
        error = profile.rate, profile.low, profile.high
        for radius, whole, *ring in zip(profile.radius.tolist(), profile.whole.tolist(), *error, strict=True):
            row = {"network": entry.label, "radius": radius, "whole": whole}
            rows.append(row | percents("error", Interval(*ring)))
    return line_chart(
        rows,
        {entry.label: model_colour(entry.classifier) for entry in chosen},
        radius_axis(),
        alt.Y("error:Q", title=f"top-{top} error (%)", scale=alt.Scale(domain=[0, 100])),
        int(rounded_radius([selected])[0]),
        band=True,
        hollow="!datum.whole",
        title="Error by radius",
        legend_names=[entry.name for entry in named_apart(chosen)],
        note="" if all(row["whole"] for row in rows) else "○ ring cut by the map’s edges",
        height=HEIGHT,
        key="frequency.radial",
        alt_text=f"Mean top-{top} error over rings of waves of equal radius, one line per map, with 95 % intervals",
    )


def probability_curve(
    by_classifier: Mapping[ClassifierSpec, Predictions], names: Sequence[str], label: int | None, epsilon: float
) -> None:
    """Plot the probability of the true class, or else of each clean top-1 prediction, against the size v."""
    rows, colours = [], {}
    for spec, predictions in by_classifier.items():
        column = int(predictions.clean.argmax()) if label is None else label
        line = spec.title if label is not None else f"{spec.title}: {names[column]}"
        colours[line] = model_colour(spec.name)
        rows += [
            {"network": line, "v": size, "probability": 100 * float(value)}
            for size, value in zip(predictions.epsilons, predictions.curve[:, column], strict=True)
        ]
    what = f"probability of “{names[label]}”" if label is not None else "probability of the clean prediction"
    line_chart(
        rows,
        colours,
        alt.X("v:Q", title=STRENGTH, axis=alt.Axis(tickCount=8)),
        alt.Y("probability:Q", title="probability (%)", scale=alt.Scale(domain=[0, 100])),
        epsilon,
        title=f"P{what[1:]}",
        height=200,
        key="cell.curve",
        alt_text=f"Line chart: {what} against the size of the wave, one line for each classifier",
    ).draw()
