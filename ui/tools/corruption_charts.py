"""Charts of the tool *Corruptions*: accuracy by corruption, and rises of the error as predicted and as measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from core.claims.corruption_spectrum import CorruptionPrediction
from core.fourier.intervals import Interval
from core.images.corruptions import CORRUPTIONS, STRENGTHS
from core.shared.colours import UNKNOWN
from core.sweep.corruption.outcomes import CorruptionOutcomes
from ui.maps.catalogue import stored_title
from ui.maps.models import model_colour
from ui.shared.charts import Chart, chart, interval_chart, network_colours, percents, tooltips

CLEAN, OTHERS = "Clean", "other networks"
GREY = "#8A8A8A"
HEIGHT = 240  # CSS pixels with axes


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


def accuracy_chart(networks: Sequence[NetworkOutcomes], key: str, strength: int, height: int = HEIGHT) -> Chart:
    """Return a chart of each network's accuracy by corruption, the chosen one highlighted. height: in CSS pixels."""
    labels = {None: CLEAN} | {row.key: row.label for row in CORRUPTIONS.values()}
    rows: list[dict[str, Any]] = [
        {"network": network.title, "corruption": label, "chosen": which in (None, key)}
        | percents("accuracy", network.accuracy(which, strength))
        for which, label in labels.items()
        for network in networks
    ]
    classes = len(networks[0].outcomes.metadata["class_names"])
    accuracies = "; ".join(f"{row['network']}, {row['corruption']}: {row['accuracy']:.0f} %" for row in rows)
    return interval_chart(
        rows,
        _colours(networks),
        "corruption",
        alt.X("accuracy:Q", title="top-1 accuracy (%)", scale=alt.Scale(domain=[0, 100]), axis=alt.Axis(tickCount=5)),
        100 / classes,
        weak="!datum.chosen",
        height=height,
        key="corruptions.accuracy",
        alt_text=f"Accuracy at strength {strength}, with 95 % intervals; dashed: by chance. {accuracies}",
    )


def prediction_chart(
    networks: Sequence[NetworkOutcomes], predictions: Mapping[str, CorruptionPrediction], key: str
) -> None:
    """Draw the predicted and the measured rise of the error, a point per network, corruption and strength."""
    chosen = {network.name: network.title for network in networks}
    rows: list[dict[str, Any]] = [
        {
            "network": chosen.get(name, OTHERS),
            "who": stored_title(name),
            "corruption": f"{row.label}, strength {strength}",
            "changes": f"{row.kind} frequencies",
            "size": 90 if row.key == key else 30,
            "shown": 0.95 if row.key == key else 0.55,
            "predicted": 100 * float(prediction.by_energy[d, s]),
        }
        | percents("rise", Interval(*(part[d, s] for part in prediction.measured)))
        for name, prediction in sorted(predictions.items(), key=lambda item: item[0] in chosen)
        for d, row in enumerate(CORRUPTIONS.values())
        for s, strength in enumerate(STRENGTHS)
    ]
    ends = [min(0.0, *(row["predicted"] for row in rows)), 1.08 * max(row["predicted"] for row in rows)]
    scale, axis = alt.Scale(type="sqrt", domain=ends), alt.Axis(values=[0, 10, 25, 50, 100, 150, 200, 300, 400])
    guess = alt.X("predicted:Q", title="predicted by the map (points)", scale=scale, axis=axis)
    rise = alt.Y("rise:Q", title="measured (points)")
    colour = network_colours(_colours(networks) | ({OTHERS: GREY} if predictions.keys() - chosen.keys() else {}))
    kinds = alt.Scale(domain=["low frequencies", "high frequencies"], range=["square", "circle"])
    shape = alt.Shape("changes:N", scale=kinds, legend=None)
    tooltip = ["who:N", "corruption:N", alt.Tooltip("predicted:Q", format=".1f"), *tooltips(rise)]
    size, opacity = alt.Size("size:Q", scale=None), alt.Opacity("shown:Q", scale=None)
    points = alt.Chart().mark_point(filled=True).encode(guess, rise, colour, shape, size, opacity, tooltip=tooltip)
    chart(
        rows,
        [points],
        guess,
        100,
        height=200,
        key="corruptions.predicted",
        alt_text="Scatter chart: rise of the error by corruption and strength, as each network’s map predicts it and "
        "as measured; larger points: the chosen corruption; dashed: 100 points",
    ).draw()


def _colours(networks: Sequence[NetworkOutcomes]) -> dict[str, str]:
    """Return a colour by title: the network's own, or a neutral one if an earlier network has that colour."""
    colours = dict[str, str]()
    for network in networks:
        colour = model_colour(network.name)
        colours[network.title] = UNKNOWN if colour in colours.values() else colour
    return colours
