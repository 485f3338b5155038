"""Tab *Classes*: which class becomes which under the wave in view, and the errors class by class."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import streamlit as st

from core.data.classes import CLASS_SETS, ClassSet
from core.fourier.basis import Frequency
from core.fourier.outcomes import ClassError, class_errors, class_errors_of
from core.numbers import wave_name
from core.sweep.predictions import mistakes
from ui.maps.catalogue import Entry, dataset_title
from ui.maps.cell_predictions import SamplePredictions
from ui.maps.models import model_colour
from ui.shared.text import as_markdown
from ui.tabs.class_charts import class_error_chart, confusion_chart
from ui.tabs.sentences import hardest_class, most_frequent_mistake

MAX_CLASSES = 20  # a matrix of more is no picture
SHOWN, LISTED = 2, 6  # networks side by side; rows of the table in place of a matrix


@dataclass(frozen=True)
class ClassErrors:
    """One network's errors class by class. source: over which images they are counted."""

    title: str
    source: str
    colour: str
    errors: Sequence[ClassError]


def class_panel(
    chosen: Sequence[Entry],
    available: Sequence[Entry],
    frequency: Frequency,
    epsilon: float | None,
    class_set: str | None,
    counted: Sequence[SamplePredictions],
) -> None:
    """Draw it.

    Args:
        chosen, available: the maps in view, and all that there are.
        epsilon, class_set: size of the wave on the picture in view, and the set of its classes; None without one.
        counted: what classifiers predict for the bundled samples.
    """
    classes = CLASS_SETS[class_set or "cifar10"]()
    if len(classes.names) > MAX_CLASSES:
        _table(counted[:SHOWN], classes)
        return
    series = list(_series(chosen, available, frequency, epsilon, classes, counted))[:SHOWN]
    if not series and not counted:
        st.markdown("No map in view says which images are misclassified, and no classifier is there to predict.")
        return
    sentences = [most_frequent_mistake(one, classes.names) for one in counted[:SHOWN]]
    if sentences:
        few = int(min(sum(counted[0].labels == label) for label in set(counted[0].labels.tolist())))
        st.markdown(
            f"Under the wave {wave_name(frequency)}: {as_markdown(' '.join(sentences))} The most frequent "
            f"of all confusions is named, and {few} pictures a class are few: a hint. Grey is right, colour is wrong."
        )
    columns = st.columns(max(1, len(counted[:SHOWN]) + bool(series)), gap="medium")
    for place, one in zip(columns, counted[:SHOWN], strict=False):
        with place:
            confusion_chart(one, classes.names)
    if series:
        with columns[-1]:
            class_error_chart([(one.title, one.colour, one.errors) for one in series], classes.names)
            told = [hardest_class(one.title, one.errors, classes.names, one.source) for one in series]
            st.caption(as_markdown(" ".join(told)))


def _series(
    chosen: Sequence[Entry],
    available: Sequence[Entry],
    frequency: Frequency,
    epsilon: float | None,
    classes: ClassSet,
    counted: Sequence[SamplePredictions],
) -> Iterator[ClassErrors]:
    """For each classifier that predicts a map of its own, of that size of the wave, before the few samples.

    Shown maps come first; a map counts only where it says which images are misclassified.
    """
    told = set()
    mine = {one.name: one for one in counted}
    shipped = [entry for entry in available if entry.shipped and entry.heatmap.metadata["classifier"]["name"] in mine]
    for entry in dict.fromkeys([*chosen, *shipped]):
        facts = entry.heatmap.metadata
        name, size = facts["classifier"]["name"], facts["epsilon"]
        if name in told or size != (size if epsilon is None else epsilon):
            continue
        if tuple(facts["class_names"]) == classes.names and (errors := class_errors(entry.heatmap, frequency)):
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
        f"<tr><td>{html.escape(one.title)}</td><td>{html.escape(classes.names[found.label])}</td>"
        f"<td>{html.escape(classes.names[found.prediction])}</td><td>{found.count} of {found.images}</td></tr>"
        for one in counted
        for found in mistakes(one.labels, one.after)[:LISTED]
    ]
    if not rows:
        st.markdown("Every photograph keeps its class.")
        return
    st.html(
        "<table class='confusions' style='border-spacing:1.2rem .15rem;margin-left:-1.2rem;font-size:.9rem'><thead><tr>"
        "<th align='left'>model</th><th align='left'>class</th><th align='left'>taken for</th>"
        f"<th align='left'>pictures</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
