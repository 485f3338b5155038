"""Tool *Corruptions*: the chosen picture under a corruption, its predictions, and the effects that maps predict."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import streamlit as st

from core.claims.corruption_spectrum import (
    CorruptionPrediction,
    PredictionScore,
    corruptions_of,
    maps_by_network,
    predict_rises,
    score_predictions,
    stored_corruptions,
)
from core.classifiers.registry import ClassifierSpec, short_title
from core.data.profiles import stored_state
from core.images.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from core.numbers import join_list
from core.shared.colours import ROBUST
from core.sweep.predictions import class_probabilities
from ui.maps.catalogue import Entry, shipped_maps, stored_title
from ui.maps.models import Predictor
from ui.maps.predictions.cell_predictions import predict_all
from ui.server.model_cache import classifier_for
from ui.shared.picture_rows import Figure, picture_row, to_picture
from ui.shared.pictures import Picture
from ui.shared.sentences import write_sentence
from ui.tools.corruption_charts import NetworkOutcomes, accuracy_chart, prediction_chart
from ui.tools.page_state import MAX_NETWORKS, PageState
from ui.tools.sentences import maps_against_corruptions, under_corruption

KIND, STRENGTH = "corruption", "severity"  # in the URL
USUAL = "Contrast"
_PREDICTION = (
    "The prediction is a sum over rings: how much the ring’s waves raise the error in the network’s heat map, times "
    "the energy that the corruption changes there (in units of the map’s wave). It can exceed 100 points. Correlations "
    "have 95 % intervals by bootstrap over networks and corruptions."
)


def corruption_panel(page: PageState) -> None:
    """Draw the tool for the chosen picture."""
    assert page.picture is not None
    picture = page.picture
    networks = _networks(picture.size, page.chosen, page.predictors)
    left, middle, *more = st.columns([4, 5, 5] if networks else 2, gap="medium")
    with left:
        key, strength = _controls(picture.size)
        _pictures(picture, key, strength, page.networks, tile=150 if networks else 240)
    if not networks:
        sides = {outcomes.metadata["image_size"] for outcomes in stored_corruptions().values()}
        sizes = join_list([f"{side} × {side}" for side in sorted(sides)])
        middle.info(f"Counts over many pictures exist for {sizes} pixels only; choose such a picture.")
        return
    predictions, score = _scored_predictions(picture.size, *shipped_maps().values(), stored=stored_state("corruptions"))
    with middle:
        st.markdown(f"**Accuracy at strength {strength}**, with 95 % intervals")
        accuracy_chart(networks, key, strength).draw()
    with more[0]:
        st.markdown("**Rise of the error**, predicted and measured", help=_PREDICTION)
        if predictions:
            prediction_chart(networks, predictions, key)
        st.caption(
            "Large points are this corruption. Squares mostly change low frequencies. Grey points are other networks."
        )
    left, right = st.columns(2, gap="large")
    with left:
        write_sentence(under_corruption(key, strength, networks))
    with right:
        if score is not None and np.isfinite(score.by_energy.value):
            write_sentence(maps_against_corruptions(score, len(predictions)))


def _controls(side: int) -> tuple[str, int]:
    """Draw the menus; return the corruption's key and its strength."""
    row = st.container(horizontal=True, gap="medium")
    labels = {kind.label: kind.key for kind in CORRUPTIONS.values()}
    descriptions = (
        f"{kind.label}, {', '.join(f'{kind.amount(strength, side):.3g}' for strength in STRENGTHS)} ({kind.unit}): "
        f"{kind.source}"
        for kind in CORRUPTIONS.values()
    )
    label = row.selectbox(
        "Corruption",
        list(labels),
        index=list(labels).index(USUAL),
        key=KIND,
        bind="query-params",
        help="After Hendrycks & Dietterich 2019, severities 1 to 3. The wave of the maps above is not added.\n\n"
        + "\n\n".join(descriptions),
    )
    strength = row.select_slider(
        "Strength", STRENGTHS, STRENGTHS[1], key=STRENGTH, bind="query-params", persist_state="session"
    )
    return labels[label], int(strength)


def _pictures(picture: Picture, key: str, strength: int, networks: Sequence[ClassifierSpec], tile: int) -> None:
    """Draw the picture without and with the corruption, and each network's predictions."""
    probabilities = predict_all(networks, lambda name: _predictions(name, picture, key, strength))
    images = {
        "Clean": picture.image,
        f"{CORRUPTIONS[key].label}, strength {strength}": corrupted_picture(picture, key, strength),
    }
    figures = []
    for k, (title, image) in enumerate(images.items()):
        labels = [_prediction(short_title(spec.title), answer[k], picture) for spec, answer in probabilities.items()]
        figures.append(Figure(title, " · ".join(labels), to_picture(image)))
    st.html(picture_row(figures, tile=tile))


def _prediction(title: str, probabilities: np.ndarray, picture: Picture) -> str:
    top = int(probabilities.argmax())
    mark = "" if picture.label is None else " ✓" if top == picture.label else " ✗"
    return f"{title}: {picture.classes.names[top]}{mark} {100 * probabilities[top]:.0f} %"


def corrupted_picture(picture: Picture, key: str, strength: int) -> np.ndarray:
    """Return the corrupted picture, (3, H, W) float32 in [0, 1]; the position in its data set seeds the noise."""
    return corrupt(picture.image[None], CORRUPTIONS[key], strength, [picture.position])[0]


@st.cache_data(show_spinner=False, max_entries=400)
def _predictions(name: str, picture: Picture, key: str, strength: int) -> np.ndarray:
    """Return (2, K) probabilities without and with the corruption."""
    images = np.stack([picture.image, corrupted_picture(picture, key, strength)])
    return class_probabilities(classifier_for(name, picture.class_set), images)


def _networks(size: int, chosen: Sequence[Entry], predictors: Sequence[Predictor]) -> list[NetworkOutcomes]:
    """Return the displayed maps' networks, or their stand-ins, and robust twins, if their outcomes are stored."""
    all_outcomes = stored_corruptions()
    stored = {name: outcomes for name, outcomes in all_outcomes.items() if outcomes.metadata["image_size"] == size}
    of_maps = [entry for entry in chosen if corruptions_of(entry.named) is not None]
    names = [entry.classifier for entry in of_maps]
    names += [
        predictor.spec.name for predictor in predictors if predictor.instead_of not in {entry.name for entry in of_maps}
    ]
    pairs = [name for ordinary in names for name in (ordinary, f"{ordinary}{ROBUST}") if name in stored]
    selected = list(dict.fromkeys(pairs))[:MAX_NETWORKS] or list(stored)[:MAX_NETWORKS]
    return [NetworkOutcomes(name, stored_title(name), stored[name]) for name in selected]


@lru_cache(4)
def _scored_predictions(
    size: int, *entries: Entry, stored: int
) -> tuple[dict[str, CorruptionPrediction], PredictionScore | None]:
    """Return predictions by the maps of networks with stored corruptions of pictures of one size, and their score.

    Predictions are keyed by name. The score is None without any.
    """
    predictions = {
        name: prediction
        for name, (named, outcomes) in maps_by_network(entry.named for entry in entries).items()
        if outcomes.metadata["image_size"] == size and (prediction := predict_rises(named, outcomes)) is not None
    }
    score = score_predictions(tuple(CORRUPTIONS), list(predictions.values())) if predictions else None
    return predictions, score
