"""Charts of the tab *Disturbances*: accuracy by disturbance, and what maps predict against what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from core.claims.disturbance_spectrum import Predicted
from core.classifiers.registry import classifier_title
from core.fourier.intervals import Measured
from core.images.disturbances import DISTURBANCES, STRENGTHS
from core.sweep.disturb.outcomes import DisturbedOutcomes
from ui.maps.models import UNKNOWN, model_colour, short_title
from ui.shared.charts import PALETTE, show_chart

UNDISTURBED, OTHERS = "Undisturbed", "other networks"
GREY = "#8A8A8A"
SPARE = (UNKNOWN, PALETTE[3])  # where two networks are of one kind
GROUP = 26  # pixels of a disturbance's bars together


@dataclass(frozen=True, eq=False)
class Network:
    """A network whose disturbances are stored: its name in the registry, and its title."""

    name: str
    title: str
    outcomes: DisturbedOutcomes

    def accuracy(self, key: str | None, strength: int) -> Measured:
        """Under a disturbance, or under none."""
        outcomes = self.outcomes
        error = (outcomes.clean_errors() if key is None else outcomes.errors(key, strength)).measured
        return Measured(1 - error.value, 1 - error.high, 1 - error.low)


def accuracy_chart(networks: Sequence[Network], key: str, strength: int) -> None:
    """A bar for each disturbance and network; the chosen disturbance stands out."""
    labels = {None: UNDISTURBED} | {row.key: row.label for row in DISTURBANCES.values()}
    rows: list[dict[str, Any]] = []
    for one in networks:
        for which, label in labels.items():
            value, low, high = (100 * part for part in one.accuracy(which, strength))
            facts = {"network": one.title, "disturbance": label, "chosen": which in (None, key)}
            rows.append(facts | {"accuracy": value, "low": low, "high": high})
    titles = [one.title for one in networks]
    colour = alt.Color("network:N", scale=alt.Scale(domain=titles, range=_colours(networks)))
    legend = alt.Legend(orient="top", columns=2, title=None, labelLimit=200)
    where = alt.Y("disturbance:N", sort=list(labels.values()), title=None)
    beside = alt.YOffset("network:N", sort=titles)
    accuracy = alt.X(
        "accuracy:Q", title="top-1 accuracy (%)", scale=alt.Scale(domain=[0, 100]), axis=alt.Axis(tickCount=5)
    )
    strong = alt.condition("datum.chosen", alt.value(1), alt.value(0.45))
    tooltip = ["network:N", "disturbance:N", *_numbers("accuracy", "accuracy (%)")]
    bars = (
        alt.Chart()
        .mark_bar(height=GROUP / max(3, len(networks)) - 1)
        .encode(accuracy, where, beside, colour.legend(legend), opacity=strong, tooltip=tooltip)
    )
    ends = alt.Chart().mark_rule(color=GREY, strokeWidth=2).encode(alt.X("low:Q"), alt.X2("high:Q"), where, beside)
    classes = len(networks[0].outcomes.metadata["class_names"])
    words = "; ".join(f"{row['network']}, {row['disturbance']}: {row['accuracy']:.0f} %" for row in rows)
    show_chart(
        rows,
        [bars, ends],
        accuracy,
        100 / classes,
        height=GROUP * len(labels) + 50,
        lines=-(-len(titles) // 2),
        key="disturbances.accuracy",
        alt_text=f"Accuracy at strength {strength}, with 95 % intervals; dashed: by chance. {words}",
    )


def prediction_chart(networks: Sequence[Network], found: Mapping[str, Predicted], key: str) -> None:
    """A point for each network, disturbance and strength: rise of the error by the map, and as measured."""
    chosen = {one.name: one.title for one in networks}
    rows: list[dict[str, Any]] = [
        {
            "network": chosen.get(name, OTHERS),
            "who": short_title(classifier_title(name)),
            "disturbance": f"{row.label}, strength {strength}",
            "changes": f"{row.kind} waves",
            "size": 90 if row.key == key else 30,
            "shown": 0.95 if row.key == key else 0.55,
            "predicted": 100 * float(one.by_energy[d, s]),
            "rise": 100 * float(one.measured.value[d, s]),
            "low": 100 * float(one.measured.low[d, s]),
            "high": 100 * float(one.measured.high[d, s]),
        }
        for name, one in sorted(found.items(), key=lambda item: item[0] in chosen)
        for d, row in enumerate(DISTURBANCES.values())
        for s, strength in enumerate(STRENGTHS)
    ]
    ends = [min(0.0, *(row["predicted"] for row in rows)), 1.08 * max(row["predicted"] for row in rows)]
    scale, axis = alt.Scale(type="sqrt", domain=ends), alt.Axis(values=[0, 10, 25, 50, 100, 150, 200, 300, 400])
    guess = alt.X("predicted:Q", title="predicted by the map (points)", scale=scale, axis=axis)
    rise = alt.Y("rise:Q", title="measured (points)")
    titles, colours = [one.title for one in networks], _colours(networks)
    if found.keys() - chosen.keys():
        titles, colours = [*titles, OTHERS], [*colours, GREY]
    colour = alt.Color("network:N", scale=alt.Scale(domain=titles, range=colours), legend=None)
    kinds = alt.Scale(domain=["slow waves", "fast waves"], range=["square", "circle"])
    shape = alt.Shape("changes:N", scale=kinds, legend=None)
    tooltip = ["who:N", "disturbance:N", alt.Tooltip("predicted:Q", format=".1f"), *_numbers("rise", "measured")]
    size, shown = alt.Size("size:Q", scale=None), alt.Opacity("shown:Q", scale=None)
    points = alt.Chart().mark_point(filled=True).encode(guess, rise, colour, shape, size, shown, tooltip=tooltip)
    show_chart(
        rows,
        [points],
        guess,
        100,
        height=220,
        lines=0,
        key="disturbances.predicted",
        alt_text="Scatter chart: rise of the error that each network’s map predicts for each disturbance and strength "
        "against the rise measured; larger points: the chosen disturbance; dashed: 100 points",
    )


def _numbers(field: str, title: str) -> list[alt.Tooltip]:
    parts = ((field, title), ("low", "95 % from"), ("high", "to"))
    return [alt.Tooltip(f"{name}:Q", format=".1f", title=told) for name, told in parts]


def _colours(networks: Sequence[Network]) -> list[str]:
    """Each network's own, or a spare one where another of its kind has that."""
    found, spare = list[str](), iter(SPARE)
    for one in networks:
        own = model_colour(one.name)
        found.append(next(spare, GREY) if own in found else own)
    return found
