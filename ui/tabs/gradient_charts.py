"""Charts of the tab *Gradient*: the gradient's energy and the rise of the error, both by radius."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import streamlit as st

from core.claims.gradient_spectrum import StoredGradient, stored_gradients
from core.classifiers.registry import ClassifierSpec
from core.fourier.basis import Frequency, largest_side, rounded_radius
from core.fourier.contrasts import clean_error
from core.fourier.gradients import relative_energy, ring_energy
from core.fourier.heatmap import Heatmap
from core.fourier.rings import ring_errors
from ui.maps.models import model_colour, short_title
from ui.shared.charts import DASHES, show_chart

MAX_SIDE = 63  # of the waves where no map says how many
DECADES = [10.0**k for k in range(-6, 7)]  # labelled on the energy's axis


@dataclass(frozen=True, eq=False)
class Network:
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
        """What is known of it over many pictures of this size."""
        known = stored_gradients().get(self.spec.name) if self.gradient.shape[-1] == 32 else None
        return known if known is not None and known.sha256 == self.sha256 else None

    @property
    def length(self) -> float:
        return float(np.linalg.norm(self.gradient))

    @property
    def side(self) -> int:
        most = largest_side(*self.gradient.shape[1:])
        return min(MAX_SIDE if self.heatmap is None else self.heatmap.side, most)


def energy_chart(found: Sequence[Network], frequency: Frequency) -> None:
    """Energy along a wave, ring by ring, on a logarithmic axis: of this picture, and the mean over many."""
    rows: list[dict[str, Any]] = []
    for one in found:
        energies = {"this picture": relative_energy(one.gradient[None], one.side)[0]}
        if one.stored is not None and one.stored.side == one.side:
            energies[f"mean of {one.stored.pictures:,}"] = one.stored.energy
        for where, energy in energies.items():
            rings = enumerate(ring_energy(energy, one.side).tolist())
            rows += [
                {"network": one.title, "of": where, "mean": where != "this picture", "radius": radius, "energy": value}
                for radius, value in rings
            ]
    radius = _radius_axis()
    energy = alt.Y(
        "energy:Q", title="energy (1: a flat spectrum)", scale=alt.Scale(type="log"), axis=alt.Axis(values=DECADES)
    )
    colour, dash = _styles(found)
    tooltip = ["network:N", "of:N", "radius:Q", alt.Tooltip("energy:Q", format=".3g")]
    base = alt.Chart().mark_line().encode(radius, energy, colour, detail="of:N", tooltip=tooltip)
    layers = [
        base.transform_filter("!datum.mean").mark_line(opacity=0.5, strokeWidth=1).encode(colour.legend(None)),
        base.transform_filter("datum.mean").mark_line(strokeWidth=2.5).encode(dash),
    ]
    several = any(row["mean"] for row in rows)
    if not several:
        layers = [base.encode(dash)]
    _show(rows, layers, radius, frequency, "energy", "Energy of the gradient along waves against their radius")
    if several:
        pictures = max(one.stored.pictures for one in found if one.stored is not None)
        st.caption(f"Thick: mean over {pictures:,} pictures. Thin: this picture.")


def rise_chart(found: Sequence[Network], frequency: Frequency) -> None:
    """How much the waves of a ring raise the error of each network's own map, with 95 % intervals."""
    rows: list[dict[str, Any]] = []
    for one in found:
        clean = None if one.heatmap is None else clean_error(one.heatmap)
        if one.heatmap is None or clean is None:
            continue
        for ring, errors in ring_errors(one.heatmap).items():
            value, low, high = (100 * part for part in errors.minus(clean).measured.one())
            rows.append({"network": one.title, "radius": ring, "rise": value, "low": low, "high": high})
    if not rows:
        st.markdown("There is no map of these networks whose clean error is known.")
        return
    mapped = [one for one in found if one.heatmap is not None]
    radius = _radius_axis()
    colour, dash = _styles(mapped)
    tooltip: list[Any] = ["network:N", "radius:Q"]
    tooltip += [
        alt.Tooltip(f"{field}:Q", format=".1f", title=title)
        for field, title in (("rise", "rise (points)"), ("low", "95 % from"), ("high", "to"))
    ]
    band = alt.Chart().mark_area(opacity=0.2).encode(radius, alt.Y("low:Q"), alt.Y2("high:Q"), colour.legend(None))
    rise = alt.Y("rise:Q", title="rise of the top-1 error (points)")
    line = alt.Chart().mark_line(strokeWidth=2.5).encode(radius, rise, colour, dash, tooltip=tooltip)
    _show(rows, [band, line], radius, frequency, "rise", "Rise of the error under waves against their radius")
    sizes = sorted({one.heatmap.metadata["epsilon"] for one in mapped if one.heatmap is not None})
    st.caption(f"From each network’s own map, v = {', '.join(f'{size:g}' for size in sizes)}, less its clean error.")


def _radius_axis() -> alt.X:
    return alt.X("radius:Q", title="radius √(i² + j²), cycles per image")


def _styles(found: Sequence[Network]) -> tuple[alt.Color, alt.StrokeDash]:
    titles = [one.title for one in found]
    colours = alt.Scale(domain=titles, range=[model_colour(one.spec.name) for one in found])
    dashes = alt.Scale(domain=titles, range=[DASHES[k % 4] for k in range(len(titles))])
    legend = alt.Legend(orient="top", columns=2, title=None, labelLimit=200)
    return alt.Color("network:N", scale=colours, legend=legend), alt.StrokeDash("network:N", scale=dashes, legend=None)


def _show(
    rows: list[dict[str, Any]], layers: list[alt.Chart], axis: alt.X, frequency: Frequency, key: str, what: str
) -> None:
    titles = list(dict.fromkeys(row["network"] for row in rows))
    show_chart(
        rows,
        layers,
        axis,
        int(rounded_radius([frequency])[0]),
        height=240,
        lines=-(-len(titles) // 2),
        key=f"gradients.{key}",
        alt_text=f"{what}, a line for each of {', '.join(titles)}",
    )
