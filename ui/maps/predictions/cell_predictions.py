"""Predictions of all ready classifiers for the picture, without and with the wave."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TypeVar

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.classifiers.families import ClassifierSpec
from core.classifiers.registry import short_title
from core.data.sample_sets import SAMPLE_SETS, ClassSet, usual_epsilon
from core.shared.device import check_torch
from core.shared.numbers import Frequency
from core.shared.roles import ROBUST
from core.shared.text import sentence
from core.sweep.predict import Predictions, predict_under_waves, top1_predictions
from ui.maps.line_charts import probability_curve
from ui.maps.models import Predictor, model_colour
from ui.maps.predictions.cell_panel import SEED, PerturbedPicture
from ui.maps.predictions.prediction_table import STYLE, PredictionRow, prediction_table, rows_html
from ui.server.log import log
from ui.server.model_cache import classifier_for, ready_classifiers
from ui.server.server_jobs import job_manager
from ui.shared.pictures import Picture, samples
from ui.shared.text import as_markdown

Answer = TypeVar("Answer")
LOADING = "predictions.loading"
CURVE_POINTS = 9
# Images between two checks whether the visitor has clicked elsewhere: for large networks and for small ones.
FLIP_CHUNKS = {True: 5, False: 25}
LARGE = 100  # input side in pixels from which a network counts as large
REDRAW_SECONDS = 0.3


@dataclass(frozen=True, eq=False)
class SamplePredictions:
    """A classifier's top-1 predictions over the bundled samples of a picture's kind.

    name: registry name of the classifier. note: see `Predictor.note`. labels: (N,) true classes. before, after: (N,)
    predictions without and with the wave.
    """

    title: str
    note: str
    name: str
    labels: np.ndarray
    before: np.ndarray
    after: np.ndarray


def wait_for_first_paint() -> bool:
    """Whether this run must leave torch alone: importing it now would hold up what the browser is about to paint.

    The next run, which the browser asks for once it has shown this one, may load it.
    """
    if "torch" in sys.modules or LOADING in st.session_state:
        return False
    st.markdown("Loading the classifiers …")

    def load() -> None:
        if LOADING in st.session_state:
            st.rerun()
        st.session_state[LOADING] = True

    # This run makes the first call, the browser the second.
    st.fragment(load, run_every=0.3)()
    return True


def draw_predictions(
    predictors: Sequence[Predictor], perturbed: PerturbedPicture
) -> Callable[[], list[SamplePredictions]]:
    """Draw a row for each classifier; return a function that counts how often the wave flips the bundled samples.

    Counting comes last on the page: it goes chunk by chunk and tells how far it is, at which another click ends it.
    """
    if not torch_starts():
        return list
    picture, place = perturbed.picture, st.empty()
    predictions = predict_all(
        [predictor.spec for predictor in predictors],
        lambda name: predictions_of(name, picture.class_set, None, perturbed),
    )
    rows = {
        predictor: _row(predictor, predictions[predictor.spec])
        for predictor in predictors
        if predictor.spec in predictions
    }
    total, about = _total(picture), (picture.classes.names, picture.label)

    def draw() -> None:
        if rows:
            place.html(STYLE + rows_html(list(rows.values()), *about, perturbed.frequency, total))

    def count() -> list[SamplePredictions]:
        counted = []
        for predictor in rows if total is not None else ():
            drawn, before, after = time.monotonic(), *np.zeros((2, 0), dtype=np.int64)
            size = FLIP_CHUNKS[(predictor.spec.image_size or LARGE) >= LARGE]
            for start in range(0, total or 0, size):
                chunk = predictor.spec.name, picture.kind, start, size
                before = np.concatenate([before, _over_samples(*chunk)])
                after = np.concatenate([after, _over_samples(*chunk, perturbed.frequency, perturbed.epsilon)])
                rows[predictor] = replace(rows[predictor], flips=(int((before != after).sum()), len(after)))
                if time.monotonic() - drawn > REDRAW_SECONDS:
                    draw()
                    drawn = time.monotonic()
            labels = samples(picture.kind).labels
            counted.append(
                SamplePredictions(
                    rows[predictor].title, rows[predictor].note, predictor.spec.name, labels, before, after
                )
            )
        draw()
        return counted

    draw()
    return cache(count)


def _row(predictor: Predictor, predictions: Predictions) -> PredictionRow:
    return PredictionRow(
        short_title(predictor.spec.title), predictor.note, model_colour(predictor.spec.name), predictions
    )


def _total(picture: Picture) -> int | None:
    """Return the number of bundled samples over which flips are counted; None if these have another size."""
    data = samples(picture.kind)
    return len(data) if data.image_size == picture.size else None


def torch_starts() -> bool:
    """Return whether torch can be used; otherwise say why, once."""
    try:
        check_torch()
    except RuntimeError as error:
        st.error(as_markdown(sentence(str(error))))
        return False
    return True


def draw_details(predictors: Sequence[Predictor], perturbed: PerturbedPicture, beside: DeltaGenerator) -> None:
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
            colour = model_colour(spec.name)
            prediction_table(spec.title, predictions, *about, colour=colour, frequency=perturbed.frequency)
    if by_classifier:
        with beside:
            probability_curve(by_classifier, *about, perturbed.epsilon)


def with_twins(predictors: Sequence[Predictor], class_set: str) -> list[ClassifierSpec]:
    """Return the predictors and those of their robust twins that are ready."""
    names = {name for predictor in predictors for name in (predictor.spec.name, f"{predictor.spec.name}{ROBUST}")}
    return [spec for spec in ready_classifiers(class_set) if spec.name in names]


def try_predict(spec: ClassifierSpec, question: Callable[[], Answer]) -> Answer | None:
    """Return a classifier's predictions; on failure show and log the reason and return None."""
    try:
        with st.spinner(f"{spec.title} …"), job_manager().before_runs():
            return question()
    except (RuntimeError, FileNotFoundError, ValueError) as error:
        log("prediction failed", error=error, classifier=spec.name)
        st.error(as_markdown(sentence(f"{spec.title}: {error}")))
        return None


def predict_all(specs: Iterable[ClassifierSpec], question: Callable[[str], Answer]) -> dict[ClassifierSpec, Answer]:
    """Return the predictions of several classifiers; for failed ones show the reason instead."""
    by_classifier = {spec: try_predict(spec, partial(question, spec.name)) for spec in specs}
    return {spec: answer for spec, answer in by_classifier.items() if answer is not None}


@st.cache_data(show_spinner=False, max_entries=1000)
def predictions_of(
    name: str, classes: str | ClassSet, template: str | None, perturbed: PerturbedPicture, sizes: tuple[float, ...] = ()
) -> Predictions:
    """A classifier's predictions; classes, template: as `classifier_for` takes them. sizes: of the curve's waves."""
    picture, wave = perturbed.picture, ([perturbed.frequency], perturbed.epsilon, sizes)
    classifier = classifier_for(name, classes, template)
    (predictions,) = predict_under_waves(classifier, picture.image, *wave, seed=SEED, position=picture.position)
    return predictions


@st.cache_data(show_spinner=False, max_entries=2000)
def _over_samples(
    name: str, kind: str, start: int, count: int, wave: Frequency | None = None, epsilon: float = 0.0
) -> np.ndarray:
    """Return top-1 predictions for a chunk of the samples, with a wave if one is given."""
    classifier = classifier_for(name, SAMPLE_SETS[kind].class_set)
    images = samples(kind).images[start : start + count]
    return top1_predictions(classifier, images, wave, epsilon, seed=SEED, start=start)
