"""Tool *Gradient*: each network's loss gradient at the chosen picture, and whether it shows which waves mislead."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import streamlit as st

from core.claims.quantities import gradient_agreement, stored_gradient, stored_gradients
from core.classifiers.families import ClassifierSpec
from core.classifiers.registry import short_title
from core.fourier.contrasts import ring_errors
from core.fourier.heatmap import Heatmap, colormap_table
from core.fourier.outcomes import StoredGradient, clean_error
from core.fourier.waves import largest_side, relative_energy, ring_energy, rounded_radius
from core.shared.device import class_probabilities
from core.shared.numbers import Frequency, Interval, decimal, p_value
from core.shared.stand_ins import GRADIENT
from core.shared.text import Number, Sentence
from core.sweep.transforms import loss_gradients
from ui.maps.catalogue import model_colour
from ui.maps.predictions import PageState, predict_all
from ui.maps.views import radius_axis
from ui.server.cache import classifier_for
from ui.shared.charts import line_chart, percents
from ui.shared.page import scrolling_table
from ui.shared.pictures import Figure, Picture, enlarge, picture_row, to_picture
from ui.shared.url import as_markdown

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


SHOWN_SIDE = 256  # pixels of an enlarged gradient, in square blocks: smoothing would make noise look like edges
SCALE_SHARE = 0.995  # share of pixels within the colour scale
# Columns of the table, and their definitions.
WAVES, RINGS = "Over waves", "Over rings"
ABOUT = {
    WAVES: "Spearman’s correlation of the gradient’s mean energy along a wave with the rise of the error under it. p: "
    "share of maps as smooth as the gradient’s, but at random, that agree as well or better",
    RINGS: "the same over the means of rings of waves of one radius, where the few low frequencies weigh more",
}


def gradient_panel(page: PageState) -> None:
    """Draw the tool for the chosen picture."""
    assert page.picture is not None
    picture = page.picture
    maps = [entry.heatmap for entry in [*page.chosen, *page.available]]
    gradients = predict_all(page.networks, lambda name: _gradient(name, picture))
    networks = [NetworkGradient(spec, *answer, _map_of(spec, picture, maps)) for spec, answer in gradients.items()]
    if not networks:
        return
    steep = [network for network in networks if network.length > 0]
    limit = max((float(np.quantile(np.abs(_brightness(network)), SCALE_SHARE)) for network in steep), default=1.0)
    text, pictures = st.columns([2, 5], gap="medium")
    text.markdown(_description(picture))
    with pictures:
        original = Figure("This picture", picture.caption, enlarge(to_picture(picture.image), SHOWN_SIDE))
        st.html(picture_row([original, *(_figure(network, picture, limit) for network in networks)], tile=140))
        st.html(_colour_bar(limit))
    with text:
        _table(networks)
    left, right = st.columns(2, gap="large")
    with left:
        energy_chart(steep, page.frequency)
    with right:
        rise_chart(networks, page.frequency)


@st.cache_data(show_spinner=False, max_entries=200)
def _gradient(name: str, picture: Picture) -> tuple[str | None, int, np.ndarray]:
    """Return the weights' digest, the label (the prediction if there is none), and the gradient of its loss."""
    classifier, images = classifier_for(name, picture.class_set), picture.image[None]
    label = picture.label
    if label is None:
        label = int(class_probabilities(classifier, images).argmax())
    return classifier.sha256, label, loss_gradients(classifier, images, np.array([label]))[0]


def _map_of(spec: ClassifierSpec, picture: Picture, maps: Sequence[Heatmap]) -> Heatmap | None:
    """Return a network's first map with a known clean error, on pictures of this size and these classes."""
    for heatmap in maps:
        facts = heatmap.metadata
        same_network = facts["classifier"]["name"] == spec.name and facts["image_size"] == picture.size
        if same_network and tuple(facts["class_names"]) == picture.classes.names and heatmap.clean_rate() is not None:
            return heatmap
    return None


def _description(picture: Picture) -> str:
    of = "each network’s own prediction"
    if picture.label is not None:
        of = f"“{as_markdown(picture.classes.names[picture.label])}”"
    return (
        f"This is the gradient of the loss of {of} at the picture without a wave. Each step of *Fill a hole* or *Draw* "
        "follows such a gradient, scaled to length 1 as here."
    )


def _brightness(network: NetworkGradient) -> np.ndarray:
    """Return (H, W), the loss's change as a pixel gets brighter in all channels, for a gradient of length 1 or 0."""
    return network.gradient.sum(axis=0) / (network.length or 1)


def _figure(network: NetworkGradient, picture: Picture, limit: float) -> Figure:
    note = "" if picture.label is not None else f"loss of “{picture.classes.names[network.label]}”"
    places = np.rint((np.clip(_brightness(network) / limit, -1, 1) + 1) * 127.5).astype(int)
    pixels = enlarge(colormap_table(GRADIENT)[places], SHOWN_SIDE)
    return Figure(network.title, note if network.length else "The loss is flat here.", pixels)


def _colour_bar(limit: float) -> str:
    """Return the colour bar of all gradients as HTML."""
    colours = ",".join(f"rgb({r},{g},{b})" for r, g, b in colormap_table(GRADIENT)[::15].tolist())
    bar = f"display:inline-block;width:9rem;height:.7rem;border-radius:2px;background:linear-gradient(90deg,{colours})"
    return (
        '<div style="font-size:13px;display:flex;flex-wrap:wrap;gap:.3rem .5rem;align-items:center">'
        f"<span>One scale for all: {html.escape(decimal(-limit, 2))}</span>"
        f'<span style="{bar}"></span><span>+{limit:.2f}</span>'
        "<span>blue: a brighter pixel lowers the loss; brown: it raises it (sum over the channels, of a gradient of "
        "length 1)</span></div>"
    )


def _table(networks: Sequence[NetworkGradient]) -> None:
    """Draw a table of how well each stored gradient says which waves mislead its network."""
    rows = []
    for network in networks:
        stored = None if network.heatmap is None else stored_gradient(network.heatmap)
        if network.heatmap is None or stored is None or (ranked := gradient_agreement(stored, network.heatmap)) is None:
            continue
        chance = "" if ranked.p < 0.05 else ", which may be chance"
        value, low, high = (decimal(part, 2) for part in ranked.waves)
        numbers = Number(value, f"{low} to {high}; p {p_value(ranked.p)}; {ranked.count} waves")
        over_waves = Sentence(numbers, chance)
        rows.append([network.title, over_waves, decimal(ranked.rings.value, 2)])
    if rows:
        st.markdown("**Does it say which waves mislead?** Its rank correlation with the rise of the error:")
        scrolling_table(("Network", WAVES, RINGS), rows, "Does the gradient say which waves mislead?", ABOUT)
