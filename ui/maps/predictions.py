"""Predictions of classifiers for the picture, without and with the wave, and how often the wave flips the samples."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.classifiers.families import ClassifierSpec
from core.classifiers.registry import short_title
from core.data.sample_sets import SAMPLE_SETS, ClassSet, usual_epsilon
from core.shared.device import class_probabilities
from core.shared.numbers import Frequency, percent, wilson
from core.shared.roles import ROBUST
from core.shared.text import Number, bdi
from core.sweep.answers import SIGNS_SEED
from core.sweep.predict import Predictions, probabilities_under_wave, top1_predictions
from ui.maps.catalogue import Entry, Predictor, entries
from ui.maps.views import probability_curve
from ui.maps.wave import PerturbedPicture
from ui.server.cache import classifier_for, ready_classifiers, single_flight_cache
from ui.shared.colours import model_colour
from ui.shared.page import torch_starts, try_predict
from ui.shared.pictures import Picture, samples
from ui.shared.tables import row_html, scrolling_table_html, table_html

MAX_ROWS, MAX_COMPLETE_ROWS = 5, 10


@dataclass(frozen=True)
class PredictionRow:
    """Predictions of one classifier. flips: numbers of changed and of all counted ones; None before the first."""

    title: str
    predictions: Predictions
    flips: tuple[int, int] | None = None


def counts_table(
    rows: Sequence[PredictionRow], names: Sequence[str], label: int | None, total: int | None
) -> tuple[list[str], list[list[str]]]:
    """Return the columns and a row for each classifier: its predictions, probabilities, and flips of the samples.

    Args:
        names: class names. label: index of the true class, or None.
        total: images over which flips are counted; None if they are not.
    """
    columns = ["Network", "Without the wave", "With the wave"]
    columns += [] if label is None else [f"“{names[label]}”"]
    columns += [] if total is None else [f"Flips, of {total} samples"]
    body = []
    for row in rows:
        predicted = row.predictions.clean, row.predictions.perturbed
        cells = [row.title]
        cells += [f"{names[int(shares.argmax())]}, {percent(float(shares.max()))}" for shares in predicted]
        cells += [] if label is None else [" → ".join(percent(float(shares[label])) for shares in predicted)]
        cells += [] if total is None else ["counting …" if row.flips is None else _counted(*row.flips, total)]
        body.append(cells)
    return columns, body


def _counted(flips: int, counted: int, total: int) -> str:
    """Return a count, with the 95 % interval of its share once all are counted."""
    text = f"{flips} of {counted}"
    if counted != total:
        return f"{text} …"
    _, low, high = wilson(flips / counted, counted)
    return Number(text, f"{100 * low:.0f} to {100 * high:.0f} %")


def prediction_table(
    spec: ClassifierSpec,
    predictions: Predictions,
    names: Sequence[str],
    label: int | None,
    *,
    frequency: Frequency,
    complete: bool = False,
) -> None:
    """Draw a table of the leading classes with or without the wave, with both probabilities as bars and numbers.

    Args:
        label: index of the true class, or None.
        complete: whether to list all classes of a short list, or add a line for the sum of the others.
    """
    probabilities = np.stack([predictions.clean, predictions.perturbed], axis=1)  # (K, 2)
    leading = leading_classes(probabilities, MAX_COMPLETE_ROWS if complete else MAX_ROWS, whole=complete)
    lines = [
        ("true", f"{bdi(names[row])} ✓", probabilities[row])
        if row == label
        else ("", bdi(names[row]), probabilities[row])
        for row in leading
    ]
    if complete and len(leading) < len(names):
        lines.append(
            ("rest", f"{len(names) - len(leading)} more classes", np.maximum(0, 1 - probabilities[leading].sum(0)))
        )
    colour = model_colour(spec.name)
    body = [row_html([name, _bar(clean), _bar(wave, colour)], kind) for kind, name, (clean, wave) in lines]
    before, after = (bdi(names[row]) for row in probabilities.argmax(0))
    verdict = f"{before} stays" if before == after else f"{before} becomes {after}"
    caption = f"{html.escape(spec.title)}: {verdict}"
    heads = ["class", "clean", "with the wave"]
    st.html(table_html(heads, body, kind="predictions", caption=caption, data=_wave(frequency)))


def leading_classes(probabilities: np.ndarray, max_rows: int, *, whole: bool) -> list[int]:
    """The top five of both columns of (K, 2) together, best first, cut to `max_rows`; all K if `whole` and they fit."""
    leading = np.unique(probabilities.argsort(0)[-5:])
    if whole and len(probabilities) <= max_rows:
        leading = np.arange(len(probabilities))
    return sorted(leading.tolist(), key=lambda row: -probabilities[row].max())[:max_rows]


def _wave(frequency: Frequency) -> str:
    return 'data-wave="{},{}"'.format(*frequency)


def _bar(share: float, colour: str = "") -> str:
    """Return a probability as a bar (grey without a colour) and a number."""
    style = f"width:{55 * share:.1f}%" + (f";background:{colour}" if colour else "")
    return f'<span class="bar" style="{style}"></span>{100 * share:.1f} %'


Answer = TypeVar("Answer")
CURVE_POINTS = 9
# Images between two checks whether the visitor has clicked elsewhere: for large networks and for small ones.
FLIP_CHUNKS = {True: 5, False: 25}
RECOUNT_SECONDS = 0.3


def is_large(spec: ClassifierSpec) -> bool:
    """Return whether a network takes so long that only what a visitor asks for is computed."""
    return (spec.image_size or 224) >= 100


@dataclass(frozen=True, eq=False)
class SamplePredictions:
    """A classifier's top-1 predictions over the bundled samples of a picture's kind.

    name: registry name of the classifier. labels: (N,) true classes. before, after: (N,) predictions without and with
    the wave.
    """

    title: str
    name: str
    labels: np.ndarray
    before: np.ndarray
    after: np.ndarray


Rows = dict[Predictor, PredictionRow]


def predict(predictors: Sequence[Predictor], perturbed: PerturbedPicture) -> Rows:
    """Return what each classifier says of the picture without and with the wave."""
    class_set = perturbed.picture.class_set
    predictions = predict_all(
        [predictor.spec for predictor in predictors], lambda name: predictions_of(name, class_set, None, perturbed)
    )
    return {row: PredictionRow(row.title, answer) for row in predictors if (answer := predictions.get(row.spec))}


def count_flips(rows: Rows, perturbed: PerturbedPicture, place: DeltaGenerator | None) -> list[SamplePredictions]:
    """Count how often the wave flips the bundled samples, and draw the rows with the counts into `place`, if any.

    It goes chunk by chunk and tells how far it is, at which another click ends it.
    """
    picture, data = perturbed.picture, samples(perturbed.picture.kind)
    total = len(data) if data.image_size == picture.size else None  # of another size, they are not counted
    counted, rows = [], dict(rows)

    def draw() -> None:
        if rows and place is not None:
            columns, body = counts_table(list(rows.values()), picture.classes.names, picture.label, total)
            place.html(scrolling_table_html(columns, body, "Predictions and flips"))

    draw()
    for predictor in rows if total is not None else ():
        drawn, before, after = time.monotonic(), *np.zeros((2, 0), dtype=np.int64)
        size = FLIP_CHUNKS[is_large(predictor.spec)]
        for start in range(0, total or 0, size):
            chunk = predictor.spec.name, picture.kind, start, size
            before = np.concatenate([before, _over_samples(*chunk)])
            after = np.concatenate([after, _over_samples(*chunk, perturbed.frequency, perturbed.epsilon)])
            rows[predictor] = replace(rows[predictor], flips=(int((before != after).sum()), len(after)))
            if time.monotonic() - drawn > RECOUNT_SECONDS:
                draw()
                drawn = time.monotonic()
        title = short_title(predictor.spec.title)
        counted.append(SamplePredictions(title, predictor.spec.name, data.labels, before, after))
    draw()
    return counted


def draw_predictions(predictors: Sequence[Predictor], perturbed: PerturbedPicture, beside: DeltaGenerator) -> None:
    """Draw leading classes of a predictor and its robust twin, and the true class's probability against size v."""
    if not torch_starts():
        return
    picture = perturbed.picture
    sizes = tuple(np.linspace(0, 4 * usual_epsilon(picture.size), CURVE_POINTS).round(4).tolist())
    specs = with_twins(predictors, picture.class_set)
    by_classifier = predict_all(specs, lambda name: predictions_of(name, picture.class_set, None, perturbed, sizes))
    about = picture.classes.names, picture.label
    with st.container(key="cell-details"):
        columns = st.columns(4, gap="medium")
    for k, (spec, predictions) in enumerate(by_classifier.items()):
        with columns[k % 4]:
            prediction_table(spec, predictions, *about, frequency=perturbed.frequency)
    if by_classifier:
        with beside:
            probability_curve(by_classifier, *about, perturbed.epsilon)


def with_twins(predictors: Sequence[Predictor], class_set: str) -> list[ClassifierSpec]:
    """Return the predictors and those of their robust twins that are ready."""
    names = {name for predictor in predictors for name in (predictor.spec.name, f"{predictor.spec.name}{ROBUST}")}
    return [spec for spec in ready_classifiers(class_set) if spec.name in names]


def predict_all(specs: Iterable[ClassifierSpec], question: Callable[[str], Answer]) -> dict[ClassifierSpec, Answer]:
    """Return the predictions of several classifiers; for failed ones show the reason instead."""
    by_classifier = {spec: try_predict(spec, partial(question, spec.name)) for spec in specs}
    return {spec: answer for spec, answer in by_classifier.items() if answer is not None}


@single_flight_cache(max_entries=1000)
def predictions_of(
    name: str, classes: str | ClassSet, template: str | None, perturbed: PerturbedPicture, sizes: tuple[float, ...] = ()
) -> Predictions:
    """A classifier's predictions; classes, template: as `classifier_for` takes them. sizes: of the curve's waves."""
    picture, classifier = perturbed.picture, classifier_for(name, classes, template)
    under = probabilities_under_wave(
        classifier,
        picture.image,
        perturbed.frequency,
        (perturbed.epsilon, *sizes),
        seed=SIGNS_SEED,
        position=picture.position,
    )
    return Predictions(_clean(name, classes, template, picture), under[0], sizes, under[1:])


# Apart, as it is the same for all waves: a click takes half the time.
@single_flight_cache(max_entries=200)
def _clean(name: str, classes: str | ClassSet, template: str | None, picture: Picture) -> np.ndarray:
    return class_probabilities(classifier_for(name, classes, template), picture.image[None])[0]


@single_flight_cache(max_entries=2000)
def _over_samples(
    name: str, kind: str, start: int, count: int, wave: Frequency | None = None, epsilon: float = 0.0
) -> np.ndarray:
    """Return top-1 predictions for a chunk of the samples, with a wave if one is given."""
    classifier = classifier_for(name, SAMPLE_SETS[kind].class_set)
    images = samples(kind).images[start : start + count]
    return top1_predictions(classifier, images, wave, epsilon, seed=SIGNS_SEED, start=start)


MAX_NETWORKS = 4


@dataclass(frozen=True, eq=False)
class PageState:
    """State of the page.

    perturbed: the picture under the wave; None without a picture or while classifiers must wait. predictors: the
    classifiers that predict; empty if none may. count: counts how often the wave flips the bundled samples. on_new_map:
    called with the label of a map that a sweep has finished.
    """

    chosen: Sequence[Entry]
    frequency: Frequency
    picture: Picture | None
    perturbed: PerturbedPicture | None
    predictors: Sequence[Predictor]
    count: Callable[[], list[SamplePredictions]]
    on_new_map: Callable[[str], None]

    @property
    def networks(self) -> list[ClassifierSpec]:
        """Up to four predictors and robust twins; if torch does not start, none, and the page says why."""
        if self.picture is None or not self.predictors or not torch_starts():
            return []
        return with_twins(self.predictors, self.picture.class_set)[:MAX_NETWORKS]

    @property
    def available(self) -> list[Entry]:
        """All available maps."""
        return list(entries().values())
