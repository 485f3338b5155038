"""Tool *Gradient*: each network's loss gradient at the chosen picture, and whether it shows which waves mislead."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.claims.quantities import gradient_agreement, stored_gradient
from core.classifiers.families import ClassifierSpec
from core.fourier.heatmap import Heatmap, colormap_table
from core.shared.device import class_probabilities
from core.shared.numbers import decimal, p_value
from core.shared.roles import GRADIENT
from core.shared.text import Sentence
from core.sweep.transforms import loss_gradients
from ui.maps.predictions.cell_predictions import predict_all
from ui.server.model_cache import classifier_for
from ui.shared.picture_rows import Figure, enlarge, picture_row, to_picture
from ui.shared.pictures import Picture
from ui.shared.table import scrolling_table
from ui.shared.text import as_markdown
from ui.tools.gradient_charts import NetworkGradient, energy_chart, rise_chart
from ui.tools.page_state import PageState
from ui.tools.sentences import correlation

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
        over_waves = Sentence(correlation(ranked.waves, f"; p {p_value(ranked.p)}; {ranked.count} waves"), chance)
        rows.append([network.title, over_waves, decimal(ranked.rings.value, 2)])
    if rows:
        st.markdown("**Does it say which waves mislead?** Its rank correlation with the rise of the error:")
        scrolling_table(("Network", WAVES, RINGS), rows, "Does the gradient say which waves mislead?", ABOUT)
