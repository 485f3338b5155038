"""Tab *Classes*: which class becomes which under the wave in view, and the errors class by class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import streamlit as st

from core.data.classes import CLASS_SETS, ClassSet
from core.fourier.maps.outcomes import class_errors, class_errors_of
from core.numbers import wave_name
from core.shared.sentences import Paragraph
from core.sweep.predictions import mistakes
from ui.maps.catalogue import dataset_title, shipped
from ui.maps.models import model_colour
from ui.maps.predictions.cell_panel import strength
from ui.maps.predictions.cell_predictions import SamplePredictions
from ui.shared.sentences import write_sentence
from ui.shared.table import scrolling_table
from ui.tabs.class_charts import ClassErrors, class_error_chart, confusion_chart
from ui.tabs.sentences import hardest_class, most_frequent_mistake
from ui.tabs.shown import Shown

MAX_CLASSES = 20  # a matrix of more is no picture
SHOWN, LISTED = 2, 6  # networks side by side; rows of the table in place of a matrix


def class_panel(shown: Shown) -> None:
    """Draw it: counts how the wave flips the bundled samples first."""
    counted, picture = shown.count(), shown.picture
    classes = CLASS_SETS["cifar10" if picture is None else picture.class_set]()
    mine = counted[:SHOWN]
    if len(classes.names) > MAX_CLASSES:
        _table(mine, classes)
        return
    series = list(_series(shown, classes, counted))[:SHOWN]
    if not series and not counted:
        st.markdown("No map in view says which images are misclassified, and no classifier is there to predict.")
        return
    left, right = st.columns(2, gap="large")
    if mine:
        few = int(np.unique(mine[0].labels, return_counts=True)[1].min())
        sentences = [most_frequent_mistake(one, classes.names) for one in mine]
        with left:
            write_sentence(
                Paragraph(
                    f"Under the wave {wave_name(shown.frequency)}:",
                    *sentences,
                    f"The most frequent of all confusions is named, and {few} pictures a class are few: a hint. Grey "
                    "is right, colour is wrong.",
                )
            )
    if series:
        with right if mine else left:
            write_sentence(
                Paragraph(*(hardest_class(one.title, one.errors, classes.names, one.source) for one in series))
            )
    columns = st.columns(len(mine) + bool(series), gap="medium")
    for place, one in zip(columns, mine, strict=False):
        with place:
            confusion_chart(one, classes.names)
    if series:
        with columns[-1]:
            class_error_chart(series, classes.names)


def _series(shown: Shown, classes: ClassSet, counted: Sequence[SamplePredictions]) -> Iterator[ClassErrors]:
    """For each classifier that predicts a map of its own, of that size of the wave, before the few samples.

    Shown maps come first; a map counts only where it says which images are misclassified.
    """
    told, epsilon = set(), None if shown.picture is None else strength(shown.picture.size)
    mine = {one.name: one for one in counted}
    others = [one for one in shipped().values() if one.classifier in mine]
    for entry in dict.fromkeys([*shown.chosen, *others]):
        facts = entry.heatmap.metadata
        name, size = facts["classifier"]["name"], facts["epsilon"]
        if name in told or epsilon not in (None, size):
            continue
        if tuple(facts["class_names"]) == classes.names and (errors := class_errors(entry.heatmap, shown.frequency)):
            told.add(name)
            source = f"{facts['dataset']['n']:,} images of {dataset_title(facts['dataset']['name'])}, v = {size:g}"
            yield ClassErrors(entry.name, source, model_colour(name), errors)
    for name, one in mine.items():
        if name not in told:
            errors = class_errors_of(one.labels, one.after)
            yield ClassErrors(one.title, f"the {len(one.labels)} bundled samples", model_colour(name), errors)


def _table(counted: Sequence[SamplePredictions], classes: ClassSet) -> None:
    """The most frequent confusions in place of a matrix that would be almost empty."""
    if not counted:
        st.markdown("No classifier is there to predict.")
        return
    labels = counted[0].labels
    st.markdown(
        f"The {len(labels)} bundled photographs show {len(set(labels.tolist()))} of {len(classes.names):,} classes: "
        "too few for a matrix. What the wave makes of them:"
    )
    rows = [
        (one.title, classes.names[found.label], classes.names[found.prediction], f"{found.count} of {found.images}")
        for one in counted
        for found in mistakes(one.labels, one.after)[:LISTED]
    ]
    if rows:
        scrolling_table(("Model", "Class", "Taken for", "Pictures"), rows, "Most frequent confusions")
    else:
        st.markdown("Every photograph keeps its class.")
