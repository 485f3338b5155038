"""Figures of the story: components of the other pages in a fixed state. The visitor's choice of a wave is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from core.claims.bands import LOW, corners
from core.claims.corruption_spectrum import stored_corruptions
from core.claims.equal_strength import equal_strength
from core.claims.gradient_spectrum import stored_gradient
from core.classifiers.registry import PAPERS_CLIP
from core.fourier.basis import Frequency, all_random_signs, half_plane, wave_map, wave_values
from core.images.corruptions import CORRUPTIONS
from core.reproduce.profile.predictions import stored_predictions
from core.shared.html import JARGON
from core.shared.sentences import Paragraph
from ui.components.heatmap import MapView, ShownMaps, heatmap_view
from ui.components.hybrid_mixer import hybrid_mixer
from ui.components.stripes import StripedPicture, WavePredictions, stripes
from ui.maps.catalogue import Entry, shipped_maps, stored_title
from ui.maps.line_charts import radial_chart
from ui.maps.models import model_colour
from ui.maps.presets import CLIP, MINI_CLIP, MINI_RESNET, RESNET56
from ui.maps.sentences import cell_verdict
from ui.maps.views import MINUS_NEIGHBOURS, shown_maps
from ui.runs.examples import example_replay, stored_example
from ui.runs.setup.state import RunResult
from ui.shared.charts import Chart
from ui.shared.picture_rows import Figure, picture_row, to_picture
from ui.shared.pictures import sample_picture
from ui.shared.sentences import write_sentence
from ui.story import networks
from ui.story.story_data import STORED, WAVE
from ui.tools.corruption_charts import NetworkOutcomes, accuracy_chart
from ui.tools.corruptions import corrupted_picture
from ui.tools.mixtures import STORED as MIXED
from ui.tools.mixtures import stored_mixtures

SIDE = 31
CHART_HEIGHT = 430  # CSS pixels
PAIR, CUTOFF = "story.pair", "story.cutoff"  # keys in the session
WEATHER = 2  # strength of the corruptions
EVERY_WAVE = "Every wave at once"
ACCURACY = f"Accuracy at strength {WEATHER}", ", with 95 % intervals"


def stripes_and_maps() -> None:
    """Draw a picture under stripes, then the maps of the networks that predict for it."""
    cell = _cell("wave")
    stripes(car_under_stripes(), selected=cell, key="story.stripes", on_select=partial(_keep, "wave"))
    st.markdown(f"### {EVERY_WAVE}")
    write_sentence(about_the_maps(), *JARGON)
    _maps("wave")
    write_sentence(verdict_on(cell))


def about_the_maps() -> str:
    """Explain what a cell is, before the first maps."""
    heatmap = _maps_of(networks.on_one_picture())[0].heatmap
    n, sampled = heatmap.metadata["dataset"]["n"], heatmap.images_per_wave
    pictures = f"n = {n:,} pictures" if sampled is None else f"{sampled:,} of n = {n:,} pictures"
    return (
        "Each cell is a wave. Its colour is the top-1 error: how often the prediction is wrong, for "
        f"{pictures}. The wave’s size is v. Click a cell to put its wave on the car."
    )


def verdict_on(cell: Frequency) -> Paragraph:
    """Return the verdict of the first maps on one wave."""
    return cell_verdict(_maps_of(networks.on_one_picture()), cell)


def car_under_stripes() -> StripedPicture:
    """Return the picture of the step *A wave*, with each network's predictions."""
    picture = sample_picture("cifar10", STORED["story"]["position"])
    signs = all_random_signs(SIDE, picture.position + 1, seed=STORED["seed"])[:, :, picture.position]
    answers = [
        WavePredictions(stored_title(name), model_colour(name), clean, perturbed)
        for name in networks.on_one_picture()
        for clean, *perturbed in (stored_predictions()[name].top1(),)
    ]
    return StripedPicture(picture.pixels, signs, STORED["epsilon"], answers, picture.classes.names, picture.label)


def two_pictures() -> None:
    """Draw a stored pair in the mixer, with a slider for its cutoff and a choice of other pairs."""
    mixtures, state = stored_mixtures(networks.on_mixtures()), st.session_state
    pair = state.get(PAIR, 0)
    mixture = mixtures[pair]
    hybrid_mixer(
        mixture,
        selected=state.get(CUTOFF, mixture.cutoffs.index(MIXED["starts"][pair])),
        key="story.mixer",
        on_choose=partial(state.__setitem__, CUTOFF),
        on_pick=partial(state.__setitem__, PAIR),
    )


def weakened_waves() -> None:
    """Draw the difference of the published maps, and errors by radius."""
    left, right = st.columns(2, gap="medium")
    with left:
        _maps("fast")
    with right:
        rings(_cell("fast")).draw()


def rings(selected: Frequency) -> Chart:
    """Return the errors by radius of the published maps, and of ResNet-56 under equally weakened waves."""
    clip, resnet = _entries(CLIP, RESNET56)
    strengths, lines = equal_strength(clip.named, resnet.named, corners(clip.heatmap)), [clip, resnet]
    if strengths is not None and strengths.weakened is not None:
        lines.append(
            Entry(f"{resnet.name}, equally weakened waves · CIFAR-10 · computed", strengths.weakened, shipped=True)
        )
    return radial_chart(lines, top=1, selected=selected, height=CHART_HEIGHT)


def weather() -> None:
    """Draw the picture in fog, with less contrast and under noise, and the accuracy under each corruption."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.html(corrupted_pictures())
    with right:
        st.markdown(f"**{ACCURACY[0]}**{ACCURACY[1]}")
        accuracy_by_corruption().draw()


def corrupted_pictures() -> str:
    """Return the picture, clean, in fog, with less contrast and under noise, as HTML."""
    picture = sample_picture("cifar10", STORED["story"]["position"])
    figures = [
        Figure(CORRUPTIONS[key].label, "", to_picture(corrupted_picture(picture, key, WEATHER)))
        for key in ("fog", "contrast", "noise")
    ]
    return picture_row([Figure("Clean", "", to_picture(picture.image)), *figures], tile=220)


def accuracy_by_corruption() -> Chart:
    """Return the chart of accuracy under each corruption: of a network, its robust twin, and a CLIP without a twin."""
    names = (*networks.corrupted_twins(), *networks.beside_the_twins())
    rows = [NetworkOutcomes(name, stored_title(name), stored_corruptions()[name]) for name in names]
    return accuracy_chart(rows, "contrast", WEATHER, CHART_HEIGHT)


def filled_hole() -> None:
    """Draw the stored run of an ordinary network and its robust twin."""
    example_replay(hole().runs, id=f"story.{hole().id}", key="story.hole")


def hole() -> RunResult:
    """Return the runs of the step *Hole*."""
    result = stored_example("inpainting", "cifar10", networks.hole_networks(), "eq3", picture=networks.SMALL.inpainted)
    assert result is not None  # it is shipped
    return result


def _gradient_and_errors() -> ShownMaps:
    entry = networks.gradient_map()
    heatmap, stored = entry.heatmap, stored_gradient(entry.heatmap)
    assert stored is not None and stored.side == heatmap.side  # `gradient_map` chooses a map with a stored gradient
    waves = half_plane(heatmap.side)
    gradient = f"energy along each wave, mean of {stored.pictures:,} pictures"
    errors = f"under each wave, n = {heatmap.images_per_wave or heatmap.metadata['dataset']['n']:,}"
    views = [
        MapView(title, subtitle, wave_map(_ranks(values), waves, heatmap.side), value_label="rank among the waves")
        for title, subtitle, values in (
            (f"Gradient of {entry.name}", gradient, stored.energy),
            (f"Errors of {entry.name}", errors, wave_values(heatmap.rate(), waves)),
        )
    ]
    return ShownMaps(views)


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks scaled to [0, 1]."""
    from scipy import stats

    return (stats.rankdata(values) - 1) / (len(values) - 1)


def _entries(*labels: str) -> list[Entry]:
    maps = shipped_maps()
    return [maps[label] for label in labels]


def _maps_of(names: Sequence[str]) -> list[Entry]:
    return [networks.first_maps()[name] for name in names]


@dataclass(frozen=True)
class Maps:
    """Maps of a step. first: the default wave. outline: radius of a dashed circle, 0 for none."""

    first: Frequency
    make: Callable[[], ShownMaps]
    outline: Callable[[], float] = lambda: 0.0


def _paper_and_here() -> list[Entry]:
    """Return CLIP's published map, the map of CLIP or its miniature measured here, and a small CNN's."""
    here = networks.computed_map(PAPERS_CLIP)
    return [*_entries(CLIP), *([here] if here else _entries(MINI_CLIP)), *_entries(MINI_RESNET)]


def _errors(*labels: str, show: str = "Error") -> Callable[[], ShownMaps]:
    return lambda: shown_maps(_entries(*labels), "Top-1", show, SIDE)


MAPS = {
    "wave": Maps(WAVE, lambda: shown_maps(_maps_of(networks.on_one_picture()), "Top-1", "Error", SIDE)),
    "slow": Maps((0, 1), _errors(CLIP, RESNET56), lambda: LOW.edge),
    "fast": Maps(
        (1 - SIDE // 2, 1 - SIDE // 2),
        _errors(CLIP, RESNET56, show="Difference"),
        lambda: corners(_entries(CLIP)[0].heatmap).edge,
    ),
    "patches": Maps((7, 7), _errors(CLIP, RESNET56, show=MINUS_NEIGHBOURS)),
    "why": Maps(WAVE, _gradient_and_errors),
    "limits": Maps((0, 1), lambda: shown_maps(_paper_and_here(), "Top-1", "Error", SIDE)),
}


def _maps(name: str) -> None:
    heatmap_view(
        MAPS[name].make(),
        selected=_cell(name),
        key=f"story.{name}",
        on_select=partial(_keep, name),
        outline=MAPS[name].outline(),
    )


papers_maps = partial(_maps, "slow")
dips = partial(_maps, "patches")
three_maps = partial(_maps, "limits")
gradient_and_errors = partial(_maps, "why")


def _cell(name: str) -> Frequency:
    """Return the wave chosen in a figure."""
    return st.session_state.get(f"story.{name}.cell", MAPS[name].first)


def _keep(name: str, frequency: Frequency) -> None:
    st.session_state[f"story.{name}.cell"] = frequency
