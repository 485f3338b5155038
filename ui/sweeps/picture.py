"""One picture under every wave: the exact map, and what one backward pass says about small waves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.data.dataset import ImageDataset
from core.fourier.heatmap import Heatmap
from core.fourier.metrics import POINTS
from ui.components.heatmap import MapView, heatmap_view
from ui.maps.catalogue import Entry
from ui.maps.views import shown_maps

if TYPE_CHECKING:
    from core.classifiers.base import Classifier
    from core.sweep.config import SweepConfig

SHRINK = (1, 16, 256, 2048)  # the sizes of the waves at which both maps are compared, as divisors of v


@dataclass(frozen=True, eq=False)
class PictureMaps:
    """What is known so far.

    heatmap: with the exact probabilities. first_order: (R, R), change of the loss for each unit of v.
    correlations: rank correlation of that with the exact change of the loss, by v.
    """

    heatmap: Heatmap
    first_order: np.ndarray
    correlations: dict[float, float] = field(default_factory=dict)


def picture_maps(classifier: Classifier, dataset: ImageDataset, config: SweepConfig) -> Iterator[PictureMaps]:
    """Both maps of a data set of one picture, one more wave in each state, then one more comparison."""
    from core.sweep.first_order import change_of_loss, first_order_map, rank_correlation
    from core.sweep.maps import growing_heatmaps

    image, label = dataset.images[0].astype(np.float32) / 255, int(dataset.labels[0])
    first = first_order_map(classifier, image, label, config.side, seed=config.seed)
    for heatmap in growing_heatmaps(classifier, dataset, config):
        state = PictureMaps(heatmap, first)
        yield state
    size = config.batch_size or 8
    for divisor in SHRINK:
        v = config.epsilon / divisor
        exact = change_of_loss(classifier, image, label, config.side, v, seed=config.seed, batch_size=size)
        state = PictureMaps(heatmap, first, state.correlations | {v: rank_correlation(first, exact)})
        yield state


def draw_picture_maps(state: PictureMaps) -> None:
    """The two maps."""
    exact, gradient = st.columns(2)
    look: dict[str, Any] = {"selected": (0, 0), "on_select": lambda frequency: None}
    with exact:
        shown = shown_maps([Entry("Exact", state.heatmap)], "Probability", "Error", state.heatmap.side)
        heatmap_view(shown.views, value_range=shown.value_range, colormap=shown.colormap, key="sweep.live", **look)
    with gradient:
        largest = float(np.abs(state.first_order).max()) or 1.0
        view = MapView(
            "First order",
            "one backward pass: how fast the loss changes at small v; brown: it grows, blue: it falls",
            state.first_order / largest,
            value_label="change of the loss, as a share of the largest",
            unit=POINTS,
        )
        heatmap_view([view], value_range=(-1, 1), colormap="vik", key="sweep.first_order", **look)


def correlation_words(correlations: dict[float, float]) -> str:
    """One line: 'Rank correlation ... v = 4: 0.21 · v = 1: 0.64'."""
    told = " · ".join(
        f"v = {v:.2g}: {value:.2f}".replace("-", "\N{MINUS SIGN}") if np.isfinite(value) else f"v = {v:.2g}: none"
        for v, value in correlations.items()
    )
    return f"Rank correlation of the first-order map with the exact change of the loss over the waves: {told}."
