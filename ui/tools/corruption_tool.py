"""Tool *Corruptions*: the chosen picture under a corruption, what networks say, and how often they are right."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from core.claims.statistics import stored_corruptions
from core.classifiers.families import ClassifierSpec
from core.classifiers.registry import short_title
from core.data.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from core.data.sample_sets import SAMPLE_SETS, map_title
from core.data.words import everyday_name
from core.fourier.outcomes import CorruptionOutcomes
from core.shared.device import class_probabilities
from core.shared.numbers import join_list
from ui.maps.catalogue import Entry, choose_predictors
from ui.maps.predictions import MAX_NETWORKS, PageState, predict_all, with_twins
from ui.server.cache import classifier_for, ready_classifiers, single_flight_cache
from ui.shared.page import torch_starts
from ui.shared.page_pictures import FREQUENCIES, Figure, Picture, picture_row, take_picture, to_picture
from ui.shared.url import one_line
from ui.tools.corruption_rates import NetworkOutcomes, accuracy_chart, rates_html, who_is_right

_CORRUPTION, STRENGTH = "corruption", "severity"  # in the URL
USUAL = "noise"
EVERY = "frequency.corruptions.all"  # whether the chart of all corruptions is open


def corruption_panel(page: PageState) -> None:
    """Draw the tool for the chosen picture."""
    assert page.picture is not None
    picture = page.picture
    specs, networks = _networks(page.chosen, picture)
    with st.container(key="frequency-spoilt"):
        st.header("Who still recognises the picture?", anchor=False)
        headline = st.container()
        left, right = st.columns(2, gap="large")
        with left:
            key, strength = _controls(picture.size)
            _pictures(picture, key, strength, specs if page.predictors and torch_starts() else [])
        with right:
            if networks:
                headline.html(f'<p class="headline">{html.escape(who_is_right(networks, key, strength))}</p>')
                seen = join_list(list(dict.fromkeys(_sample(network.outcomes) for network in networks)))
                st.html(rates_html(networks, key, strength, seen))
            else:
                _offer_small_picture()
        if networks:
            every = st.expander("All corruptions", key=EVERY, on_change="rerun")
            if every.open:
                with every:
                    accuracy_chart(networks, key, strength)


def _offer_small_picture() -> None:
    """Say that only small pictures have counts, and offer one."""
    sizes = {outcomes.metadata["image_size"] for outcomes in stored_corruptions().values()}
    row = next(row for row in SAMPLE_SETS.values() if row.image_size in sizes)
    st.info(f"Only the small pictures of {row.image_size} × {row.image_size} pixels were counted.")
    switch = partial(take_picture, FREQUENCIES, row.name, row.first)
    st.button("Switch to a small picture", key="frequency.corruptions.small", on_click=switch)


def _sample(outcomes: CorruptionOutcomes) -> str:
    """Return the number and the data set of the pictures."""
    data = outcomes.metadata["dataset"]
    return f"{outcomes.n:,} {one_line(map_title(data['name']))} {data['split']} pictures"


def _controls(size: int) -> tuple[str, int]:
    """Draw the menus; return the corruption's key and its strength."""
    menus = st.container(horizontal=True, gap="medium")
    labels = {corruption.label: corruption.key for corruption in CORRUPTIONS.values()}
    descriptions = (
        f"{row.label}, {', '.join(f'{row.amount(strength, size):.3g}' for strength in STRENGTHS)} ({row.unit}): "
        f"{row.source}"
        for row in CORRUPTIONS.values()
    )
    label = menus.selectbox(
        "Spoil the picture with",
        list(labels),
        index=list(CORRUPTIONS).index(USUAL),
        key=_CORRUPTION,
        bind="query-params",
        help="After Hendrycks & Dietterich 2019, severities 1 to 3. The wave chosen above is not added here.\n\n"
        + "\n\n".join(descriptions),
    )
    strength = menus.select_slider(
        "How much", STRENGTHS, STRENGTHS[1], key=STRENGTH, bind="query-params", persist_state="session"
    )
    return labels[label], int(strength)


def _pictures(picture: Picture, key: str, strength: int, networks: Sequence[ClassifierSpec]) -> None:
    """Draw the picture without and with the corruption, and each network's predictions."""
    probabilities = predict_all(networks, lambda name: _predictions(name, picture, key, strength))
    images = {
        "Clean": picture.image,
        f"{CORRUPTIONS[key].label}, strength {strength}": corrupted_picture(picture, key, strength),
    }
    figures = []
    for k, (title, image) in enumerate(images.items()):
        labels = [_prediction(short_title(spec.title), answer[k], picture) for spec, answer in probabilities.items()]
        figures.append(Figure(title, "\n".join(labels), to_picture(image)))
    st.html(picture_row(figures, tile=220))


def _prediction(title: str, probabilities: np.ndarray, picture: Picture) -> str:
    top = int(probabilities.argmax())
    mark = "" if picture.label is None else " ✓" if top == picture.label else " ✗"
    return f"{title}: {everyday_name(picture.classes.names[top])}{mark} {100 * probabilities[top]:.0f}%"


def corrupted_picture(picture: Picture, key: str, strength: int) -> np.ndarray:
    """Return the corrupted picture, (3, H, W) float32 in [0, 1]; the position in its data set seeds the noise."""
    return corrupt(picture.image[None], CORRUPTIONS[key], strength, [picture.position])[0]


@single_flight_cache(max_entries=400)
def _predictions(name: str, picture: Picture, key: str, strength: int) -> np.ndarray:
    """Return (2, K) probabilities without and with the corruption."""
    images = np.stack([picture.image, corrupted_picture(picture, key, strength)])
    return class_probabilities(classifier_for(name, picture.classes), images)


def _networks(chosen: Sequence[Entry], picture: Picture) -> tuple[list[ClassifierSpec], list[NetworkOutcomes]]:
    """Return the networks that answer for the maps, with robust twins, and the stored outcomes of those that have any.

    If outcomes are stored for pictures of this size, only networks with outcomes are returned: captions and chart
    are about the same ones.
    """
    predictors = choose_predictors(chosen, ready_classifiers(picture.class_set), picture.class_set)
    specs = with_twins(predictors, picture.class_set)
    stored = {
        name: outcomes
        for name, outcomes in stored_corruptions().items()
        if outcomes.metadata["image_size"] == picture.size
    }
    charted = [spec for spec in specs if spec.name in stored][:MAX_NETWORKS]
    outcomes = [NetworkOutcomes(spec.name, short_title(spec.title), stored[spec.name]) for spec in charted]
    return charted or specs[:MAX_NETWORKS], outcomes
