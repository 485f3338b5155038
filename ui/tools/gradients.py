"""Tool *Gradient*: each network's loss gradient at the chosen picture, and whether it shows which waves mislead."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.claims.gradient_spectrum import (
    GradientAgreement,
    OverratedRings,
    StoredGradient,
    gradient_agreement,
    stored_gradient,
)
from core.claims.painted_spectrum import difference_under, rise_under
from core.classifiers.registry import ClassifierSpec
from core.fourier.gradients import edge_correlation, loss_gradients, mean_radius, relative_energy
from core.fourier.intervals import Interval
from core.fourier.maps.heatmap import Heatmap
from core.images.colormaps import colormap_table
from core.numbers import decimal, join_list, p_value, percent, signed_points, small_with_interval
from core.pgd.view_settings import SEARCHES
from core.shared.colours import GRADIENT
from core.shared.sentences import Sentence
from core.sweep.predictions import class_probabilities
from ui.maps.predictions.cell_predictions import predict_all
from ui.server.model_cache import classifier_for
from ui.shared.picture_rows import Figure, enlarge, picture_row, to_picture
from ui.shared.pictures import Picture
from ui.shared.sentences import write_sentence
from ui.shared.table import scrolling_table
from ui.shared.text import as_markdown
from ui.tools.gradient_charts import NetworkGradient, energy_chart, painted_chart, rise_chart
from ui.tools.page_state import PageState
from ui.tools.sentences import correlation, why_overrated

SHOWN_SIDE = 256  # pixels of an enlarged gradient, in square blocks: smoothing would make noise look like edges
SCALE_SHARE = 0.995  # share of pixels within the colour scale
# Columns of the table, and their definitions.
EDGES, RADIUS, ERROR = "Edges", "Mean radius", "Says which waves mislead"
RINGS, OVERRATES, OTHERS = "Over rings", "Overrates", "Over the other rings"
BY_PIXELS, BY_VIEWS = "Painted by the paper’s search", "By views"
ABOUT = {
    EDGES: "Spearman’s correlation of the gradient’s size with the picture’s edges, pixel by pixel",
    RADIUS: "of the waves that the gradient is made of, in cycles per image",
    RINGS: "the same over the means of rings of waves of one radius",
    OVERRATES: "rings whose waves mislead less than the gradient’s energy suggests",
    OTHERS: "the correlation without the overrated rings",
    ERROR: "Spearman’s correlation of its mean energy along a wave with the rise of the error under it. p: share of "
    "maps as smooth as the gradient’s, but at random, that agree as well or better",
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
    why, painting = _table(networks, picture, maps), [network for network in networks if network.painted]
    if why or painting:
        # One expander for both, to keep a phone's page short.
        with text.expander("Waves that the gradient overrates, and waves that networks paint"):
            write_sentence(why)
            if painting:
                painted_chart(painting, page.frequency)
                _painted_waves([network for network in painting if network.rises])
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
    return classifier.sha256, label, loss_gradients(classifier, images, np.array([label])).gradients[0]


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


def _painted_waves(painting: Sequence[NetworkGradient]) -> None:
    """Draw a sentence on whether views shift the painting to waves that mislead a network, and a table of numbers."""
    if not painting:
        return
    differences = {network.title: difference_under(network.painted, network.rises) for network in painting}
    moved = {
        "towards waves that mislead {} more": [name for name, difference in differences.items() if difference.low > 0],
        "away from waves that mislead {}": [name for name, difference in differences.items() if difference.high < 0],
    }
    parts = [place.format(join_list(names)) for place, names in moved.items() if names]
    rest = [name for name in differences if not any(name in names for names in moved.values())]
    sentence = f"Views shift the painting {' and '.join(parts)}" if parts else "Views shift no painting clearly"
    st.markdown(
        as_markdown(f"{sentence}{f'; they make no clear difference for {join_list(rest)}' if parts and rest else ''}.")
    )
    rows = [
        [network.title, *(percent(rise_under(network.painted[search], network.rises).value) for search in SEARCHES),
         signed_points(differences[network.title])]
        for network in painting
    ]  # fmt: skip
    heads = ("Network", BY_PIXELS, BY_VIEWS, "Difference")
    about = "mean rise of the error under the waves that were painted, each ring weighted by its share of the energy"
    scrolling_table(heads, rows, "Rise of the error under the painted waves", {BY_PIXELS: about, BY_VIEWS: about})


def _table(networks: Sequence[NetworkGradient], picture: Picture, maps: Sequence[Heatmap]) -> str:
    """Draw a table of each gradient: its location, and whether it shows which waves mislead.

    Returns a reason why gradients overrate some waves; empty if none is known.
    """
    rows, overrated, size = list[dict[str, str]](), dict[str, OverratedRings](), 0.0
    for network in networks:
        rows.append({"Network": network.title} | _places(network, picture))
        stored = None if network.heatmap is None else stored_gradient(network.heatmap)
        if network.heatmap is None or stored is None or (ranked := gradient_agreement(stored, network.heatmap)) is None:
            continue
        epsilon = float(network.heatmap.metadata["epsilon"])
        rows[-1] |= _errors(ranked, _with_weaker_waves(stored, epsilon, maps))
        if ranked.overrated is not None and not np.isnan(ranked.overrated.bend):
            overrated[network.title], size = ranked.overrated, epsilon  # the strength at which its bend is known
    columns = list(dict.fromkeys(column for row in rows for column in row))
    table = [[row.get(column, "–") for column in columns] for row in rows]
    scrolling_table(columns, table, "The gradients in numbers", ABOUT)
    return why_overrated(overrated, size)


def _places(network: NetworkGradient, picture: Picture) -> dict[str, str]:
    """Return the gradient's correlation with edges and its mean radius, here and over many pictures."""
    if network.length == 0:
        return {}
    row = {
        EDGES: decimal(edge_correlation(picture.image, network.gradient), 2),
        RADIUS: f"{mean_radius(relative_energy(network.gradient[None], network.side)[0], network.side):.1f}",
    }
    if (stored := network.stored) is not None:
        row[f"{EDGES}, {stored.pictures:,} pictures"] = correlation(stored.edges)
        row[f"{RADIUS}, {stored.pictures:,} pictures"] = small_with_interval(stored.mean_radius)
    return row


def _errors(ranked: GradientAgreement, weaker: tuple[float, Interval] | None) -> dict[str, str]:
    """Return how well the gradient's energy ranks waves by the rise of the error, and where it fails.

    weaker: strength of another map, and the correlation over its waves.
    """
    chance = "" if ranked.p < 0.05 else ", which may be chance"
    row = {
        ERROR: Sentence(correlation(ranked.waves, f"; p {p_value(ranked.p)}; {ranked.count} waves"), chance),
        RINGS: decimal(ranked.rings.value, 2),
    }
    if ranked.overrated is not None:
        row |= {OVERRATES: ranked.overrated.radii, OTHERS: decimal(ranked.overrated.without, 2)}
    if weaker is not None:
        row[f"At v = {weaker[0]:g}"] = decimal(weaker[1].value, 2)
    return row


def _with_weaker_waves(
    stored: StoredGradient, epsilon: float, maps: Sequence[Heatmap]
) -> tuple[float, Interval] | None:
    """Return the smallest strength below `epsilon` with a map, and the correlation over its waves; None without one."""
    weaker = [other for other in maps if other.metadata["epsilon"] < epsilon and stored_gradient(other) is stored]
    weakest = min(weaker, key=lambda other: other.metadata["epsilon"], default=None)
    ranked = None if weakest is None else gradient_agreement(stored, weakest)
    return None if weakest is None or ranked is None else (float(weakest.metadata["epsilon"]), ranked.waves)
