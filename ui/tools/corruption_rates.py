"""Sentence, bars and chart of how often networks are right under a corruption."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import streamlit as st

from core.data.corruptions import CORRUPTIONS
from core.fourier.outcomes import CorruptionOutcomes
from core.shared.numbers import Interval, percent
from core.shared.text import bdi
from ui.shared.colours import UNKNOWN_COLOUR, model_colour

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

    @property
    def chance(self) -> float:
        """Rate at which a guess among the classes is right."""
        return 1 / len(self.outcomes.metadata["class_names"])


def who_is_right(networks: Sequence[NetworkOutcomes], key: str, strength: int) -> str:
    """Say how often the best and the worst network are right under a corruption, or that all are mostly wrong."""
    rates = sorted(((network.accuracy(key, strength), network) for network in networks), key=lambda row: row[0].value)
    (least, worst), (most, best), under = rates[0], rates[-1], f"Under {CORRUPTIONS[key].inline_label}"
    if len(rates) > 1 and all(rate.high < 0.5 for rate, _ in rates):
        return f"{under} every network is wrong on most pictures."
    said = f"{under} {best.title} is right on {percent(most.value, 0)} of pictures"
    if worst is not best:
        said += f", {worst.title} on {percent(least.value, 0)}"
    guess = least.low <= worst.chance <= least.high
    return f"{said}, about as often as a guess." if guess else f"{said}."


def rates_html(networks: Sequence[NetworkOutcomes], key: str, strength: int, seen: str) -> str:
    """Return a bar for each network with its interval, a line where it was without the corruption, and one for a guess.

    seen: the pictures that it was measured on.
    """
    rows, chance = [], networks[0].chance
    for colour, network in zip(_colours(networks).values(), networks, strict=True):
        rate, clean = network.accuracy(key, strength), network.accuracy(None, strength).value
        places = zip(("right", "low", "high", "clean", "chance"), (*rate, clean, chance), strict=True)
        style = ";".join(f"--{name}:{100 * float(place):.1f}%" for name, place in places)
        between = f"95% interval: {percent(rate.low)} to {percent(rate.high)}"
        rows.append(
            f'<div style="--colour:{colour};{style}"><b>{bdi(network.title)}</b><i></i>'
            f'<b title="{between}">{percent(rate.value, 0)}</b><small>{percent(clean, 0)} clean</small></div>'
        )
    about = (
        f"How often each is right. The line marks the clean pictures, the dashes a guess among "
        f"{round(1 / chance)} classes ({percent(chance, 0)}). Measured on {seen} at strength {strength}."
    )
    return f'<div class="spoilt-rates">{"".join(rows)}<p>{html.escape(about)}</p></div>'


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
    for layer, values in zip(spec["layer"], (rows, rows, [{"accuracy": 100 * networks[0].chance}]), strict=True):
        layer["data"] = {"values": values}
    strokes = [f'<i style="background:{colour}"></i>{html.escape(name)}' for name, colour in colours.items()]
    strokes.append('<i class="dashed"></i>a guess')
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
