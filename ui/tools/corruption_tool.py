"""Tool *Corruptions*: the chosen picture under a corruption, what networks say, and how often they are right."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import altair as alt
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
from core.shared.numbers import Interval, join_list, percent
from ui.maps.catalogue import Entry, choose_predictors
from ui.maps.predictions import MAX_NETWORKS, PageState, predict_all, with_twins
from ui.server.cache import classifier_for, ready_classifiers, single_flight_cache
from ui.shared.colours import UNKNOWN_COLOUR, model_colour
from ui.shared.page import torch_starts
from ui.shared.page_pictures import FREQUENCIES, Figure, Picture, picture_row, take_picture, to_picture
from ui.shared.url import as_markdown, one_line

CLEAN = "Clean"
_TEXT = {"light": "#31333f", "dark": "#e6e6e6"}  # of a chart, by Streamlit's theme
_SHAPES = ["circle", "diamond", "square", "triangle-up"]  # of points


@dataclass(frozen=True, eq=False)
class NetworkOutcomes:
    """Network with stored outcomes under corruptions. name: in the registry."""

    name: str
    title: str
    outcomes: CorruptionOutcomes

    def accuracy(self, key: str | None, strength: int) -> Interval:
        """Return the accuracy under a corruption, or under none."""
        outcomes = self.outcomes
        error = (outcomes.clean_errors() if key is None else outcomes.errors(key, strength=strength)).measured
        return Interval(1 - error.value, 1 - error.high, 1 - error.low)


def accuracy_chart(networks: Sequence[NetworkOutcomes], key: str, strength: int) -> None:
    """Draw each network's accuracy by corruption with 95% intervals, the chosen corruption highlighted."""
    labels = {None: CLEAN} | {row.key: row.label for row in CORRUPTIONS.values()}
    rows: list[dict[str, Any]] = []
    for which, label in labels.items():
        for network in networks:
            parts = (100 * float(part) for part in network.accuracy(which, strength))
            numbers = dict(zip(("accuracy", "low", "high"), parts, strict=True))
            rows.append({"network": network.title, "corruption": label, "faded": which not in (None, key)} | numbers)
    colours = _colours(networks)
    names, axis = list(colours), alt.Axis(tickCount=5)
    x = alt.X("accuracy:Q", title="right (%)", scale=alt.Scale(domain=[0, 100]), axis=axis)
    columns = {"accuracy": "right (%)", "low": "95% from", "high": "to"}
    base = alt.Chart().encode(
        alt.Y("corruption:N", sort=list(labels.values()), title=None, axis=alt.Axis(labelOverlap=False)),
        alt.Color("network:N", scale=alt.Scale(domain=names, range=list(colours.values())), legend=None),
        yOffset=alt.YOffset("network:N", sort=names),
        opacity=alt.condition("datum.faded", alt.value(0.45), alt.value(1)),
        tooltip=["network:N", "corruption:N"]
        + [alt.Tooltip(f"{name}:Q", format=".1f", title=title) for name, title in columns.items()],
    )
    spans = base.encode(alt.X("low:Q"), alt.X2("high:Q")).mark_rule(strokeWidth=2)
    shape = alt.Shape("network:N", scale=alt.Scale(domain=names, range=_SHAPES), legend=None)
    points = base.encode(x, shape).mark_point(filled=True, size=45)
    chance = alt.Chart().mark_rule(strokeDash=[4, 4], color="#888888").encode(x)
    # Validation against Vega-Lite's schema would take longer than everything else. The rows are added last because
    # Altair would scan and copy them several times per layer.
    spec = alt.layer(spans, points, chance).properties(height=400).to_dict(validate=False)
    spec["config"] = {"axis": dict.fromkeys(("labelColor", "titleColor"), _TEXT[st.context.theme.type or "light"])}
    spec.pop("datasets", None)  # Altair's placeholder for missing data
    by_chance = [{"accuracy": 100 / len(networks[0].outcomes.metadata["class_names"])}]
    for layer, values in zip(spec["layer"], (rows, rows, by_chance), strict=True):
        layer["data"] = {"values": values}
    classes = len(networks[0].outcomes.metadata["class_names"])
    strokes = [f'<i style="background:{colour}"></i>{html.escape(name)}' for name, colour in colours.items()]
    strokes.append(f'<i class="dashed"></i>a guess among {classes} classes ({percent(1 / classes, 0)})')
    st.html(f'<div class="chart-legend">{"".join(f"<span>{stroke}</span>" for stroke in strokes)}</div>')
    accuracies = "; ".join(f"{row['network']}, {row['corruption']}: {row['accuracy']:.0f}%" for row in rows)
    about = f"Accuracy at strength {strength}, with 95% intervals; dashed: by guessing. {accuracies}"
    st.vega_lite_chart(spec, width="stretch", key="corruptions.accuracy", alt=about)


def _colours(networks: Sequence[NetworkOutcomes]) -> dict[str, str]:
    """Return a colour by title: the network's own, or a neutral one if an earlier network has that colour."""
    colours = dict[str, str]()
    for network in networks:
        colour = model_colour(network.name)
        colours[network.title] = UNKNOWN_COLOUR if colour in colours.values() else colour
    return colours


_CORRUPTION, STRENGTH = "corruption", "severity"  # in the URL
USUAL = "Fog"


def corruption_panel(page: PageState) -> None:
    """Draw the tool for the chosen picture."""
    assert page.picture is not None
    picture = page.picture
    specs, networks = _networks(page.chosen, picture)
    left, right = st.columns([4, 5] if networks else 2, gap="medium")
    with left:
        key, strength = _controls(picture.size)
        _pictures(picture, key, strength, specs if page.predictors and torch_starts() else [])
    with right:
        if networks:
            seen = as_markdown(join_list(list(dict.fromkeys(_sample(network.outcomes) for network in networks))))
            st.markdown(f"**{as_markdown(most_right(networks, key, strength))}**")
            st.caption(f"Measured on {seen} at strength {strength}, with 95% intervals.")
            accuracy_chart(networks, key, strength)
        else:
            sizes = {outcomes.metadata["image_size"] for outcomes in stored_corruptions().values()}
            row = next(row for row in SAMPLE_SETS.values() if row.image_size in sizes)
            st.info(f"Statistics exist only for the small pictures of {row.image_size} × {row.image_size} pixels.")
            switch = partial(take_picture, FREQUENCIES, row.name, row.first)
            st.button("Switch to a small picture", key="frequency.corruptions.small", on_click=switch)


def most_right(networks: Sequence[NetworkOutcomes], key: str, strength: int) -> str:
    """Return how often each network is right under a corruption, the best first, as a sentence."""
    rates = {network.title: network.accuracy(key, strength).value for network in networks}
    best, *others = [
        f"{title} {{}}{percent(rate, 0)}" for title, rate in sorted(rates.items(), key=lambda row: -row[1])
    ]
    first = f"Under {CORRUPTIONS[key].inline_label}, {best.format('gets ')} right"
    said = ", ".join([first, *(other.format("") for other in others)]) + "."
    none = len(rates) > 1 and all(network.accuracy(key, strength).high < 0.5 for network in networks)
    return said + " All of them are wrong on most pictures." * none


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
        "Corruption",
        list(labels),
        index=list(labels).index(USUAL),
        key=_CORRUPTION,
        bind="query-params",
        help="After Hendrycks & Dietterich 2019, severities 1 to 3. The wave chosen above is not added here.\n\n"
        + "\n\n".join(descriptions),
    )
    strength = menus.select_slider(
        "Strength", STRENGTHS, STRENGTHS[1], key=STRENGTH, bind="query-params", persist_state="session"
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
    st.html(picture_row(figures, tile=240))


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
