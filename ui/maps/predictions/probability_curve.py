"""Chart of a class's probability against the size of the wave, a line for each classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt

from core.classifiers.registry import ClassifierSpec
from core.sweep.predictions import Predictions
from ui.maps.models import model_colour
from ui.shared.charts import line_chart

STRENGTH = "strength v of the wave (L2 norm per channel)"


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
