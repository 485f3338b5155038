"""Predictions of classifiers for the picture, without and with the wave."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.classifiers.families import ClassifierSpec
from core.data.sample_sets import ClassSet, usual_epsilon
from core.shared.numbers import Frequency
from core.shared.roles import ROBUST
from core.shared.text import bdi
from core.sweep.answers import SIGNS_SEED
from core.sweep.predict import Predictions, probabilities_under_wave
from ui.maps.catalogue import Entry, Predictor, entries
from ui.maps.views import probability_curve
from ui.maps.wave import PerturbedPicture
from ui.server.cache import classifier_for, ready_classifiers, single_flight_cache
from ui.shared.colours import model_colour
from ui.shared.page import torch_starts, try_predict
from ui.shared.pictures import Picture, predicted
from ui.shared.tables import row_html, table_html

MAX_ROWS, MAX_COMPLETE_ROWS = 5, 10


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
    return Predictions(predicted(name, classes, template, picture), under[0], sizes, under[1:])


MAX_NETWORKS = 4


@dataclass(frozen=True, eq=False)
class PageState:
    """State of the page.

    perturbed: the picture under the wave; None without a picture or while classifiers must wait. predictors: the
    classifiers that predict; empty if none may. on_new_map: called with the label of a map that a sweep has finished.
    """

    chosen: Sequence[Entry]
    frequency: Frequency
    picture: Picture | None
    perturbed: PerturbedPicture | None
    predictors: Sequence[Predictor]
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
