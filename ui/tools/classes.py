"""Tool *Classes*: confusions of classes under the selected wave, and errors by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import streamlit as st

from core.data.classes import CLASS_SETS, ClassSet
from core.fourier.maps.outcomes import ClassError, class_errors, class_errors_of
from core.numbers import wave_name
from core.shared.sentences import Paragraph, count_of, filled
from core.sweep.predictions import mistakes
from ui.maps.catalogue import Entry, dataset_title, shipped_maps
from ui.maps.models import model_colour
from ui.maps.predictions.cell_panel import strength
from ui.maps.predictions.cell_predictions import SamplePredictions
from ui.shared.charts import Chart, chart, interval_chart, percents
from ui.shared.sentences import write_sentence
from ui.shared.table import scrolling_table
from ui.tools.page_state import PageState
from ui.tools.sentences import CLASSES, hardest_class, most_frequent_mistake

MAX_CLASSES = 20  # a larger matrix is illegible
SHOWN, LISTED = 2, 6  # networks side by side; rows per network of the table that replaces the matrix
HEIGHT = 255  # CSS pixels with axes
RIGHT = "#d0d0d0"  # the diagonal; black text is legible on it in both themes


def class_panel(page: PageState) -> None:
    """Draw the tool; first count how the wave flips the bundled samples."""
    counted, picture = page.count(), page.picture
    classes = CLASS_SETS["cifar10" if picture is None else picture.class_set]()
    side_by_side = counted[:SHOWN]
    if len(classes.names) > MAX_CLASSES:
        _table(side_by_side, classes)
        return
    series = list(_series(page, classes, counted))[:SHOWN]
    if not series and not counted:
        st.markdown(CLASSES["none"])
        return
    left, right = st.columns(2, gap="large")
    if side_by_side:
        few = int(np.unique(side_by_side[0].labels, return_counts=True)[1].min())
        sentences = [most_frequent_mistake(predictions, classes.names) for predictions in side_by_side]
        with left:
            write_sentence(
                Paragraph(
                    filled(CLASSES["wave"], wave=wave_name(page.frequency)),
                    *sentences,
                    filled(CLASSES["hint"], few=count_of(few, "picture")),
                )
            )
    if series:
        with right if side_by_side else left:
            write_sentence(
                Paragraph(*(hardest_class(row.title, row.errors, classes.names, row.source) for row in series))
            )
    columns = st.columns(len(side_by_side) + bool(series), gap="medium")
    for column, predictions in zip(columns, side_by_side, strict=False):
        with column:
            head = filled(CLASSES["matrix"], title=f"**{predictions.title}**", n=str(len(predictions.labels)))
            st.markdown(head)
            confusion_chart(predictions, classes.names).draw()
    if series:
        with columns[-1]:
            st.markdown(CLASSES["errors"].replace("Error by class", "**Error by class**"))
            class_error_chart(series, classes.names).draw()


def _series(page: PageState, classes: ClassSet, counted: Sequence[SamplePredictions]) -> Iterator[ClassErrors]:
    """Yield each classifier's errors: from its own map at this strength if there is one, else from the few samples.

    The page's maps come first; a map counts only if it stores which images are misclassified.
    """
    named, epsilon = set(), None if page.picture is None else strength(page.picture.size)
    predictions = {row.name: row for row in counted}
    own_maps = [entry for entry in shipped_maps().values() if entry.classifier in predictions]
    for entry in dict.fromkeys([*page.chosen, *own_maps]):
        facts = entry.heatmap.metadata
        name, size = facts["classifier"]["name"], facts["epsilon"]
        if name in named or epsilon not in (None, size):
            continue
        if tuple(facts["class_names"]) == classes.names and (errors := class_errors(entry.heatmap, page.frequency)):
            named.add(name)
            yield ClassErrors(entry.name, source_of(entry), model_colour(name), errors)
    for name, sample in predictions.items():
        if name not in named:
            errors = class_errors_of(sample.labels, sample.after)
            source = filled(CLASSES["samples"], n=count_of(len(sample.labels), "bundled sample"))
            yield ClassErrors(sample.title, source, model_colour(name), errors)


def source_of(entry: Entry) -> str:
    """Return the images and the strength of a map."""
    dataset, size = entry.heatmap.metadata["dataset"], entry.heatmap.metadata["epsilon"]
    images, title = f"{dataset['n']:,}", dataset_title(dataset["name"])
    return filled(CLASSES["map"], n=images, dataset=title, size=f"{size:g}")


def _table(counted: Sequence[SamplePredictions], classes: ClassSet) -> None:
    """Draw the most frequent confusions in place of an almost empty matrix."""
    if not counted:
        st.markdown(CLASSES["unknown"])
        return
    labels = counted[0].labels
    st.markdown(
        f"The {len(labels)} bundled photographs show {len(set(labels.tolist()))} of {len(classes.names):,} classes, "
        "too few for a matrix. The wave changes these predictions:"
    )
    rows = [
        (
            predictions.title,
            classes.names[mistake.label],
            classes.names[mistake.prediction],
            f"{mistake.count} of {mistake.images}",
        )
        for predictions in counted
        for mistake in mistakes(predictions.labels, predictions.after)[:LISTED]
    ]
    if rows:
        scrolling_table(("Model", "Class", "Taken for", "Pictures"), rows, "Most frequent confusions")
    else:
        st.markdown("Every photograph keeps its class.")


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
        {network.title: network.colour for network in series},
        "class",
        alt.X("error:Q", title="error (%)", scale=alt.Scale(domain=[0, 100])),
        None,
        height=HEIGHT,
        key="classes.errors",
        alt_text=f"Error under the wave class by class, with 95 % intervals. {summary}",
    )
