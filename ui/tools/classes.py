"""Tool *Classes*: the most frequent confusions of classes under the selected wave, and errors by class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import altair as alt
import streamlit as st

from core.data.sample_sets import CLASS_SETS, ClassSet
from core.fourier.outcomes import ClassError, class_errors, class_errors_of
from core.shared.numbers import wave_name
from core.sweep.predict import mistakes
from ui.maps.catalogue import Entry, dataset_title, shipped_maps
from ui.maps.predictions import PageState, SamplePredictions
from ui.maps.wave import strength
from ui.shared.charts import Chart, Frame, interval_chart, percents
from ui.shared.colours import model_colour
from ui.shared.tables import scrolling_table
from ui.shared.url import as_markdown

CHARTED_CLASSES = 20  # more have too few images each
_SIDE_BY_SIDE, LISTED = 2, 6  # networks side by side; confusions listed of each


def class_panel(page: PageState) -> None:
    """Draw the tool; first count how the wave flips the bundled samples."""
    counted, picture = page.count(), page.picture
    classes = CLASS_SETS["cifar10" if picture is None else picture.class_set]()
    series = list(_series(page, classes, counted))[:_SIDE_BY_SIDE] if len(classes.names) <= CHARTED_CLASSES else []
    if not series and not counted:
        st.markdown("No map in view says which images are misclassified, and no installed classifier predicts.")
        return
    left, right = st.columns(2, gap="large")
    with left:
        _confusions(counted[:_SIDE_BY_SIDE], classes, wave_name(page.frequency))
    if series:
        with right:
            st.markdown("**Error by class** under the wave, with 95 % intervals")
            class_error_chart(series, classes.names).draw()
            st.caption(as_markdown("; ".join(f"{row.title}: {row.source}" for row in series)))


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
            yield ClassErrors(entry.name, _source(entry), model_colour(name), errors)
    for name, sample in predictions.items():
        if name not in named:
            errors = class_errors_of(sample.labels, sample.after)
            source = f"the {len(sample.labels)} bundled samples"
            yield ClassErrors(sample.title, source, model_colour(name), errors)


def _source(entry: Entry) -> str:
    """Return the images and the strength of a map."""
    dataset, size = entry.heatmap.metadata["dataset"], entry.heatmap.metadata["epsilon"]
    return f"{dataset['n']:,} images of {dataset_title(dataset['name'])}, v = {size:g}"


def _confusions(counted: Sequence[SamplePredictions], classes: ClassSet, wave: str) -> None:
    """Draw a table of each network's most frequent confusions among the bundled samples."""
    rows = [
        (
            predictions.title,
            classes.names[mistake.label],
            classes.names[mistake.prediction],
            f"{mistake.count} of {mistake.images}",
            str(((predictions.labels == mistake.label) & (predictions.before == mistake.prediction)).sum()),
        )
        for predictions in counted
        for mistake in mistakes(predictions.labels, predictions.after)[:LISTED]
    ]
    if rows:
        total = len(counted[0].labels)
        st.markdown(f"**Most frequent confusions** of the {total} bundled samples under the wave {wave}")
        heads = ("Model", "Class", "Taken for", "Pictures", "Without the wave")
        scrolling_table(heads, rows, "Most frequent confusions")
    elif counted:
        st.markdown("Every bundled sample keeps its class.")
    else:
        st.markdown("No installed classifier predicts these classes.")


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
        Frame("classes.errors", f"Error under the wave class by class, with 95 % intervals. {summary}", height=255),
    )
