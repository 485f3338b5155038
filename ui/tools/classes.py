"""Tool *Classes*: confusions of classes under the selected wave, and errors by class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import streamlit as st

from core.data.classes import CLASS_SETS, ClassSet
from core.fourier.maps.outcomes import class_errors, class_errors_of
from core.numbers import wave_name
from core.shared.sentences import Paragraph, filled
from core.sweep.predictions import mistakes
from ui.maps.catalogue import Entry, dataset_title, shipped
from ui.maps.models import model_colour
from ui.maps.predictions.cell_panel import strength
from ui.maps.predictions.cell_predictions import SamplePredictions
from ui.shared.sentences import write_sentence
from ui.shared.table import scrolling_table
from ui.tools.class_charts import ClassErrors, class_error_chart, confusion_chart
from ui.tools.page_state import PageState
from ui.tools.sentences import CLASSES, hardest_class, most_frequent_mistake

MAX_CLASSES = 20  # a larger matrix is illegible
SHOWN, LISTED = 2, 6  # networks side by side; rows per network of the table that replaces the matrix


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
                    filled(CLASSES["hint"], few=str(few)),
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
    own_maps = [entry for entry in shipped().values() if entry.classifier in predictions]
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
            source = filled(CLASSES["samples"], n=str(len(sample.labels)))
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
