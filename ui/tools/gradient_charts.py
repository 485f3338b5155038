"""Charts of the tool *Gradient*: the gradient's energy and the rise of the error, both by radius."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import streamlit as st

from core.claims.quantities import stored_gradients
from core.classifiers.families import ClassifierSpec
from core.classifiers.registry import short_title
from core.fourier.contrasts import ring_errors
from core.fourier.derived import relative_energy, ring_energy
from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import StoredGradient, clean_error
from core.fourier.waves import largest_side, rounded_radius
from core.shared.numbers import Frequency, Interval
from ui.maps.line_charts import radius_axis
from ui.maps.models import model_colour
from ui.shared.charts import line_chart, percents

MAX_SIDE = 63  # side of the grid of waves for a network without a map
DECADES = [10.0**k for k in range(-6, 7)]  # labels of the energy's axis


HERE = "this picture"


@dataclass(frozen=True, eq=False)
class NetworkGradient:
    """A network's gradient at the picture, (3, H, W). label: the class of its loss. heatmap: its own map, if any."""

    spec: ClassifierSpec
    sha256: str | None
    label: int
    gradient: np.ndarray
    heatmap: Heatmap | None

    @property
    def title(self) -> str:
        return short_title(self.spec.title)

    @property
    def stored(self) -> StoredGradient | None:
        """Stored gradient over many pictures of this size; None if there is none."""
        known = stored_gradients().get(self.spec.name) if self.gradient.shape[-1] == 32 else None
        return known if known is not None and known.sha256 == self.sha256 else None

    @property
    def rises(self) -> dict[int, Interval]:
        """Rise of its map's error under the waves of each ring; empty if unknown."""
        if self.heatmap is None or (clean := clean_error(self.heatmap)) is None:
            return {}
        return {ring: errors.minus(clean).measured.item() for ring, errors in ring_errors(self.heatmap).items()}

    @property
    def length(self) -> float:
        return float(np.linalg.norm(self.gradient))

    @property
    def side(self) -> int:
        most = largest_side(*self.gradient.shape[1:])
        return min(MAX_SIDE if self.heatmap is None else self.heatmap.side, most)


def energy_chart(networks: Sequence[NetworkGradient], frequency: Frequency) -> None:
    """Draw the energy along a wave by radius on a logarithmic axis, for this picture and the mean over many."""
    rows: list[dict[str, Any]] = []
    pictures = max((network.stored.pictures for network in networks if network.stored is not None), default=0)
    for network in networks:
        energies = {HERE: relative_energy(network.gradient[None], network.side)[0]}
        if network.stored is not None and network.stored.side == network.side:
            energies[f"mean of {network.stored.pictures:,}"] = network.stored.energy
        for where, energy in energies.items():
            rings = enumerate(ring_energy(energy, network.side).tolist())
            rows += [{"network": network.title, "of": where, "radius": ring, "energy": value} for ring, value in rings]
    thin = ("of", HERE) if pictures else None
    scale, axis = alt.Scale(type="log"), alt.Axis(values=DECADES)
    energy_axis = alt.Y("energy:Q", title="energy (1: a flat spectrum)", scale=scale, axis=axis)
    legend = f", thin; mean of {pictures:,}, thick" if pictures else " along a wave"
    st.markdown(f"**Energy of the gradient**{legend}")
    _chart(networks, rows, energy_axis, frequency, "Energy of the gradient along waves", thin=thin, number=".3g")


def rise_chart(networks: Sequence[NetworkGradient], frequency: Frequency) -> None:
    """Draw the rise of the error in each network's own map by radius, with 95 % intervals."""
    mapped = [network for network in networks if network.rises]
    rows: list[dict[str, Any]] = [
        {"network": network.title, "radius": ring} | percents("rise", rise)
        for network in mapped
        for ring, rise in network.rises.items()
    ]
    if not rows:
        st.markdown("These networks have no map with a known clean error.")
        return
    sizes = sorted({network.heatmap.metadata["epsilon"] for network in mapped if network.heatmap is not None})
    st.markdown(f"**Rise of the error** in the network’s own map, v = {', '.join(f'{size:g}' for size in sizes)}")
    rise = alt.Y("rise:Q", title="points above clean error")
    _chart(mapped, rows, rise, frequency, "Rise of the error under waves", band=True)


def _chart(
    networks: Sequence[NetworkGradient],
    rows: list[dict[str, Any]],
    y: alt.Y,
    frequency: Frequency,
    what: str,
    **look: Any,
) -> None:
    colours = {network.title: model_colour(network.spec.name) for network in networks}
    line_chart(
        rows,
        colours,
        radius_axis(),
        y,
        int(rounded_radius([frequency])[0]),
        height=210,
        key=f"gradients.{y.shorthand}",
        alt_text=f"{what} against their radius, one line each for {', '.join(colours)}",
        **look,
    ).draw()
