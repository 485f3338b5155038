"""Chart of the tool *Corruptions*: accuracy by corruption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from core.data.corruptions import CORRUPTIONS
from core.fourier.outcomes import CorruptionOutcomes
from core.shared.numbers import Interval
from core.shared.roles import UNKNOWN
from ui.maps.models import model_colour
from ui.shared.charts import Chart, interval_chart, percents

CLEAN = "Clean"
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


def accuracy_chart(networks: Sequence[NetworkOutcomes], key: str, strength: int) -> Chart:
    """Return a chart of each network's accuracy by corruption, the chosen one highlighted."""
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
        height=HEIGHT,
        key="corruptions.accuracy",
        alt_text=f"Accuracy at strength {strength}, with 95 % intervals; dashed: by chance. {accuracies}",
    )


def _colours(networks: Sequence[NetworkOutcomes]) -> dict[str, str]:
    """Return a colour by title: the network's own, or a neutral one if an earlier network has that colour."""
    colours = dict[str, str]()
    for network in networks:
        colour = model_colour(network.name)
        colours[network.title] = UNKNOWN if colour in colours.values() else colour
    return colours
