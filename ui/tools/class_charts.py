"""Charts of the tool *Classes*: a confusion matrix, and errors class by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from core.fourier.maps.outcomes import ClassError
from core.sweep.predictions import mistakes
from ui.maps.predictions.cell_predictions import SamplePredictions
from ui.shared.charts import Chart, chart, interval_chart, percents

HEIGHT = 255  # CSS pixels with axes
RIGHT = "#d0d0d0"  # the diagonal; black text is legible on it in both themes


def confusion_chart(predictions: SamplePredictions, names: Sequence[str]) -> Chart:
    """Return true classes in rows, predictions under the wave in columns; colour is the share of each mistake."""
    rows = _cells(predictions, names)
    order = alt.Scale(domain=list(names))
    base = alt.Chart().encode(
        alt.X("prediction:N", scale=order, title=None, axis=alt.Axis(labelAngle=-45, labelOverlap=False, grid=False)),
        alt.Y("class:N", scale=order, title=None, axis=alt.Axis(labelOverlap=False, grid=False)),
    )
    share = alt.Color("share:Q", scale=alt.Scale(scheme="viridis", domain=[0, 100]), legend=None)
    cells = base.mark_rect().encode(
        color=alt.condition("datum.wrong", share, alt.value(RIGHT)),
        tooltip=["class:N", "prediction:N", "pictures:N", alt.Tooltip("share:Q", format=".0f", title="share (%)")],
    )
    light = alt.condition("datum.wrong && datum.share < 60", alt.value("#ffffff"), alt.value("#000000"))
    counts = base.mark_text(fontSize=11).encode(text="count:Q", color=light)
    key, alt_text = f"classes.{predictions.name}", _in_words(predictions, names)
    return chart(rows, [cells, counts], alt.X("prediction:N"), None, height=HEIGHT, key=key, alt_text=alt_text)


def _cells(predictions: SamplePredictions, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return a row of data per non-zero cell."""
    labels = predictions.labels.tolist()
    of, counts = Counter(labels), Counter(zip(labels, predictions.after.tolist(), strict=True))
    return [
        {
            "class": names[label],
            "prediction": names[prediction],
            "count": count,
            "pictures": f"{count} of {of[label]}",
            "share": 100 * count / of[label],
            "wrong": label != prediction,
        }
        for (label, prediction), count in sorted(counts.items())
    ]


def _in_words(predictions: SamplePredictions, names: Sequence[str]) -> str:
    """Describe the matrix as alternative text: correct predictions and the leading confusions."""
    right = int((predictions.labels == predictions.after).sum())
    leading = "; ".join(
        f"{names[mistake.label]} taken for {names[mistake.prediction]}: {mistake.count} of {mistake.images}"
        for mistake in mistakes(predictions.labels, predictions.after)[:5]
    )
    return (
        f"Confusion matrix of {predictions.title} under the wave, true classes in rows, predictions in columns. "
        f"{right} of {len(predictions.labels)} are right. {leading}"
    )


@dataclass(frozen=True)
class ClassErrors:
    """One network's errors by class. source: the images they are counted on."""

    title: str
    source: str
    colour: str
    errors: Sequence[ClassError]


def class_error_chart(series: Sequence[ClassErrors], names: Sequence[str]) -> Chart:
    """Return each network's error by class with 95 % intervals."""
    rows = [
        {"network": network.title, "class": names[error.label], "images": error.images} | percents("error", error.error)
        for network in series
        for error in network.errors
    ]
    summary = "; ".join(f"{row['network']}, {row['class']}: {row['error']:.0f} % of {row['images']}" for row in rows)
    return interval_chart(
        rows,
        [network.title for network in series],
        [network.colour for network in series],
        "class",
        alt.X("error:Q", title="error (%)", scale=alt.Scale(domain=[0, 100])),
        None,
        height=HEIGHT,
        key="classes.errors",
        alt_text=f"Error under the wave class by class, with 95 % intervals. {summary}",
    )
