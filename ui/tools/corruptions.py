"""Tool *Corruptions*: the chosen picture under a corruption, its predictions, and accuracies over many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.claims.quantities import corruptions_of, stored_corruptions
from core.classifiers.families import ClassifierSpec
from core.classifiers.registry import short_title
from core.data.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from core.shared.device import class_probabilities
from core.shared.numbers import join_list
from core.shared.roles import ROBUST
from ui.maps.catalogue import Entry, stored_title
from ui.maps.models import Predictor
from ui.maps.predictions.cell_predictions import predict_all
from ui.server.model_cache import classifier_for
from ui.shared.picture_rows import Figure, picture_row, to_picture
from ui.shared.pictures import Picture
from ui.shared.sentences import write_sentence
from ui.tools.corruption_charts import NetworkOutcomes, accuracy_chart
from ui.tools.page_state import MAX_NETWORKS, PageState
from ui.tools.sentences import under_corruption

KIND, STRENGTH = "corruption", "severity"  # in the URL
USUAL = "Contrast"


def corruption_panel(page: PageState) -> None:
    """Draw the tool for the chosen picture."""
    assert page.picture is not None
    picture = page.picture
    networks = _networks(picture.size, page.chosen, page.predictors)
    left, right = st.columns([4, 5] if networks else 2, gap="medium")
    with left:
        key, strength = _controls(picture.size)
        _pictures(picture, key, strength, page.networks, tile=150 if networks else 240)
    with right:
        if networks:
            st.markdown(f"**Accuracy at strength {strength}**, with 95 % intervals")
            accuracy_chart(networks, key, strength).draw()
            write_sentence(under_corruption(key, strength, networks))
        else:
            sides = {outcomes.metadata["image_size"] for outcomes in stored_corruptions().values()}
            sizes = join_list([f"{side} × {side}" for side in sorted(sides)])
            st.info(f"Counts over many pictures exist for {sizes} pixels only; choose such a picture.")


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
