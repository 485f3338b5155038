"""Predictions of classifiers for the picture, without and with the wave, as tables."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import streamlit as st

from core.classifiers.families import ClassifierSpec
from core.data.sample_sets import ClassSet
from core.data.words import everyday_name
from core.shared.device import class_probabilities
from core.shared.numbers import Frequency
from core.shared.roles import ROBUST
from core.shared.text import bdi
from core.sweep.answers import SIGNS_SEED
from core.sweep.predict import wave_on_image
from ui.maps.catalogue import Entry, Predictor
from ui.maps.chosen_wave import PerturbedPicture
from ui.server.cache import classifier_for, ready_classifiers, single_flight_cache
from ui.shared.colours import model_colour
from ui.shared.page import torch_starts, try_predict
from ui.shared.page_pictures import Picture, predicted
from ui.shared.tables import row_html, table_html

Answer = TypeVar("Answer")
MAX_ROWS = 10
MAX_NETWORKS = 4


def prediction_table(
    spec: ClassifierSpec, probabilities: np.ndarray, names: Sequence[str], label: int | None = None
) -> None:
    """Draw a table of the leading classes, with both probabilities as bars and numbers, and the sum of the others.

    Args:
        probabilities: (K, 2), without and with the wave.
        label: index of the true class, or None.
    """
    leading, names = leading_classes(probabilities), [everyday_name(name) for name in names]
    lines = [
        ("true", f"{bdi(names[row])} ✓", probabilities[row])
        if row == label
        else ("", bdi(names[row]), probabilities[row])
        for row in leading
    ]
    if len(leading) < len(names):
        lines.append(
            ("rest", f"{len(names) - len(leading)} more classes", np.maximum(0, 1 - probabilities[leading].sum(0)))
        )
    colour = model_colour(spec.name)
    body = [row_html([name, _bar(clean), _bar(wave, colour)], style) for style, name, (clean, wave) in lines]
    before, after = (bdi(names[row]) for row in probabilities.argmax(0))
    title = html.escape(spec.title)
    caption = f"{title} still says “{before}”" if before == after else f"{title} changes from “{before}” to “{after}”"
    st.html(table_html(["class", "without", "with the wave"], body, css_class="predictions", caption=caption))


def leading_classes(probabilities: np.ndarray) -> list[int]:
    """Return all of a few classes, else the top five of both columns of (K, 2) together; best first."""
    leading = np.arange(len(probabilities))
    if len(leading) > MAX_ROWS:
        leading = np.unique(probabilities.argsort(0)[-MAX_ROWS // 2 :])
    return sorted(leading.tolist(), key=lambda row: -probabilities[row].max())


def _bar(fraction: float, colour: str = "") -> str:
    """Return a probability as a bar (grey without a colour) and a number."""
    style = f"width:{55 * fraction:.1f}%" + (f";background:{colour}" if colour else "")
    return f'<span class="bar" style="{style}"></span>{100 * fraction:.1f}%'


def draw_predictions(predictors: Sequence[Predictor], perturbed: PerturbedPicture) -> None:
    """Draw the leading classes of each predictor and its robust twin."""
    picture = perturbed.picture
    specs = with_twins(predictors, picture.class_set) if torch_starts() else []
    by_classifier = predict_all(specs, lambda name: predictions_of(name, picture.classes, None, perturbed))
    with st.container(key="cell-details"):
        columns = st.columns(MAX_NETWORKS, gap="medium")
    for k, (spec, probabilities) in enumerate(by_classifier.items()):
        with columns[k % MAX_NETWORKS]:
            prediction_table(spec, probabilities, picture.classes.names, picture.label)


def with_twins(predictors: Sequence[Predictor], class_set: str) -> list[ClassifierSpec]:
    """Return the predictors and those of their robust twins that are ready."""
    names = {name for predictor in predictors for name in (predictor.spec.name, f"{predictor.spec.name}{ROBUST}")}
    return [spec for spec in ready_classifiers(class_set) if spec.name in names]


def predict_all(specs: Iterable[ClassifierSpec], question: Callable[[str], Answer]) -> dict[ClassifierSpec, Answer]:
    """Return the predictions of several classifiers; for failed ones show the reason instead."""
    by_classifier = {spec: try_predict(spec, partial(question, spec.name)) for spec in specs}
    return {spec: answer for spec, answer in by_classifier.items() if answer is not None}


@single_flight_cache(max_entries=1000)
def predictions_of(name: str, classes: ClassSet, template: str | None, perturbed: PerturbedPicture) -> np.ndarray:
    """Return (K, 2) probabilities without and with the wave; classes, template: as `classifier_for` takes them."""
    picture = perturbed.picture
    image = wave_on_image(
        picture.image, perturbed.frequency, perturbed.epsilon, seed=SIGNS_SEED, position=picture.position
    )
    with_wave = class_probabilities(classifier_for(name, classes, template), image[None])[0]
    return np.stack([predicted(name, classes, template, picture), with_wave], axis=1)


@dataclass(frozen=True, eq=False)
class PageState:
    """State of the page.

    perturbed: the picture under the wave; None without a picture or while classifiers must wait. predictors: the
    classifiers that answer; empty if none may. on_new_map: called with the label of a map that a sweep has finished.
    on_photo: shows a bundled photo by its index, and maps about photos. is_first: True if the picture is the one that
    the page opens with.
    """

    chosen: Sequence[Entry]
    frequency: Frequency
    picture: Picture | None
    perturbed: PerturbedPicture | None
    predictors: Sequence[Predictor]
    on_new_map: Callable[[str], None]
    on_photo: Callable[[int], None] = lambda index: None
    is_first: bool = False
