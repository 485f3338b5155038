"""The story's figures: what the other pages show, in one state each. A wave that the visitor chooses is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import streamlit as st

from core.claims.bands import corners
from core.claims.disturbance_spectrum import stored_disturbances
from core.claims.equal_strength import equal_strength
from core.claims.gradient_spectrum import stored_gradient
from core.classifiers.registry import classifier_spec
from core.fourier.basis import Frequency, half_plane, wave_map, wave_values
from core.fourier.lattice import neighbour_contrasts
from core.fourier.metrics import POINTS
from core.images.disturbances import DISTURBANCES
from core.runs.file import PGDRun
from core.sweep.predictions import Predictions
from ui.components.heatmap import MapView, heatmap_view, wave_lab
from ui.components.hybrid_mixer import hybrid_mixer
from ui.maps.catalogue import Entry
from ui.maps.cell_panel import WavedPicture, flip, seed, set_strength, strength, under_wave
from ui.maps.cell_predictions import predict, torch_starts, wait_for_first_paint
from ui.maps.models import model_colour, short_title
from ui.maps.prediction_table import Row, prediction_rows
from ui.maps.radial_chart import radial_chart
from ui.maps.stories import CLIP, MINI_CLIP, MINI_RESNET, RESNET56
from ui.maps.views import ShownMaps, shown_maps
from ui.runs.examples import example_replay, stored_example
from ui.runs.figures import Figure, picture_row, to_picture
from ui.runs.words import target_of
from ui.shared.model_cache import ready_classifiers
from ui.shared.pictures import sample_picture
from ui.story.features import ORDINARY, ROBUST
from ui.story.shelf import STORED, WAVE, shipped
from ui.tabs.disturbance_charts import Network, accuracy_chart
from ui.tabs.disturbances import disturbed_picture
from ui.tabs.mixtures import STORED as MIXED
from ui.tabs.mixtures import stored_mixtures

SIDE = 31
CONTRAST = 0.1  # both ends of the colour bar for dips, as fractions
FIRST_CLASS = "horse"
CHART_HEIGHT = 430  # CSS pixels
PAIR, CUTOFF = "story.pair", "story.cutoff"  # places
WEATHER = 2  # strength of the disturbances


def picture_under_wave() -> None:
    """The maps of the two small networks, the picture, and what both predict for it: stored, or live once asked."""
    picture, cell = sample_picture("cifar10", STORED["story"]["position"]), _cell("wave", WAVE)
    shown = shown_maps(_entries(MINI_CLIP, MINI_RESNET), "Top-1", "Error", SIDE)
    wave_lab(
        shown.views,
        under_wave(picture, SIDE, None),
        selected=cell,
        value_range=shown.value_range,
        colormap=shown.colormap,
        key="story.lab",
        on_select=partial(_keep_both, picture.size),
        on_flip=flip,
        on_pick=lambda place: None,
    )
    with st.container(key="story-predictions"):
        _predictions(WavedPicture(picture, cell, strength(picture.size), seed()))


def _predictions(waved: WavedPicture) -> None:
    names, stored = (STORED["turned"], STORED["kept"]), _stored(waved)
    if stored is None and (wait_for_first_paint() or not torch_starts()):
        return
    ready = {spec.name for spec in ready_classifiers("cifar10")}
    rows = []
    for name in names:
        spec = classifier_spec(name)
        found = stored[name] if stored else predict(spec, waved, "cifar10") if name in ready else None
        if found is not None:
            rows.append(Row(short_title(spec.title), "", model_colour(name), found))
    if rows:
        prediction_rows(rows, waved.picture.classes.names, waved.picture.label, waved.frequency, None)


def _stored(waved: WavedPicture) -> Mapping[str, Predictions] | None:
    """What both predict for the first wave, of the paper's strength; None for any other."""
    if (waved.frequency, waved.epsilon, waved.seed) != (WAVE, STORED["epsilon"], STORED["seed"]):
        return None
    return {
        name: Predictions(np.array(clean), np.array(perturbed), (), np.empty((0, len(clean))))
        for name, (clean, perturbed) in STORED["story"]["probabilities"].items()
    }


def two_pictures() -> None:
    """A stored pair in the mixer: its cutoff moves in the browser, another pair is chosen below it."""
    mixtures, state = stored_mixtures(), st.session_state
    pair = state.get(PAIR, 0)
    shown = mixtures[pair]
    hybrid_mixer(
        shown,
        selected=state.get(CUTOFF, shown.cutoffs.index(MIXED["starts"][pair])),
        key="story.mixer",
        on_choose=partial(state.__setitem__, CUTOFF),
        on_pick=partial(state.__setitem__, PAIR),
    )


def papers_maps() -> None:
    """The two published maps."""
    _maps("slow", (0, 1), shown_maps(_entries(CLIP, RESNET56), "Top-1", "Error", SIDE))


def weakened_waves() -> None:
    """The published maps' difference, and errors by radius, with the ResNet's under waves as weak."""
    clip, resnet = entries = _entries(CLIP, RESNET56)
    strengths, lines = equal_strength(clip.named, resnet.named, corners(clip.heatmap)), [clip, resnet]
    if strengths is not None and strengths.weakened is not None:
        lines.append(Entry(f"{resnet.name}, waves as weak · CIFAR-10 · computed", strengths.weakened, shipped=True))
    first = (1 - SIDE // 2, 1 - SIDE // 2)
    left, right = st.columns(2, gap="medium")
    with left:
        _maps("fast", first, shown_maps(entries, "Top-1", "Difference", SIDE))
    with right:
        radial_chart(lines, top=1, selected=_cell("fast", first), height=CHART_HEIGHT)


def weather() -> None:
    """The picture in fog and under noise, and who is right under each disturbance."""
    picture = sample_picture("cifar10", STORED["story"]["position"])
    shown = [
        Figure(DISTURBANCES[key].label, "", to_picture(disturbed_picture(picture, key, WEATHER)))
        for key in ("fog", "noise")
    ]
    networks = [Network(name, classifier_spec(name).title, stored_disturbances()[name]) for name in (ORDINARY, ROBUST)]
    left, right = st.columns(2, gap="medium")
    with left:
        st.html(picture_row([Figure("Undisturbed", "", to_picture(picture.image)), *shown], tile=140))
    with right:
        st.markdown(f"**Accuracy at strength {WEATHER}**, with 95 % intervals")
        accuracy_chart(networks, "fog", WEATHER)


def dips() -> None:
    """Each wave's error less that around it."""
    views = [
        MapView(
            entry.name,
            "blue: fewer errors than under the eight waves around it",
            neighbour_contrasts(entry.heatmap),
            value_label="error minus its neighbours’",
            unit=POINTS,
        )
        for entry in _entries(CLIP, RESNET56)
    ]
    _maps("patches", (7, 7), ShownMaps(views, "vik", (-CONTRAST, CONTRAST)))


def three_maps() -> None:
    """CLIP's map and those of the two small networks."""
    _maps("limits", (0, 1), shown_maps(_entries(CLIP, MINI_CLIP, MINI_RESNET), "Top-1", "Error", SIDE))


def drawing_of_a_class() -> None:
    """The stored drawings of an ordinary network and its robust twin: one class, to be chosen."""
    runs = _example("generation", "blur")
    classes = [target_of(runs[0], row) for row in range(len(runs[0].start))]
    chosen = st.segmented_control(
        "Class", classes, default=FIRST_CLASS, key="story.class", required=True, label_visibility="collapsed"
    )
    _replay(runs, "generation", classes.index(chosen or FIRST_CLASS))


def filled_hole() -> None:
    """The stored run of an ordinary network and its robust twin."""
    _replay(_example("inpainting", "eq3"), "inpainting", 0)


def gradient_and_errors() -> None:
    """Where each wave ranks in a small CNN's gradient and in its errors, from the least to the most."""
    (entry,) = _entries(MINI_RESNET)
    heatmap, stored = entry.heatmap, stored_gradient(entry.heatmap)
    assert stored is not None and stored.side == heatmap.side  # of this map
    waves = half_plane(heatmap.side)
    gradient = f"energy along each wave, mean of {stored.pictures:,} pictures"
    errors = f"under each wave, n = {heatmap.metadata['dataset']['n']:,}"
    views = [
        MapView(title, words, wave_map(_ranks(values), waves, heatmap.side), value_label="rank among the waves")
        for title, words, values in (
            (f"Gradient of {entry.name}", gradient, stored.energy),
            (f"Errors of {entry.name}", errors, wave_values(heatmap.rate(), waves)),
        )
    ]
    _maps("why", WAVE, ShownMaps(views))


def _ranks(values: np.ndarray) -> np.ndarray:
    """(W,) from 0, the least, to 1."""
    from scipy import stats

    return (stats.rankdata(values) - 1) / (len(values) - 1)


def _replay(runs: Sequence[PGDRun], kind: str, row: int) -> None:
    example_replay([run.of_image(row) for run in runs], id=f"story.{kind}.{row}", key=f"story.{kind}")


def _example(kind: str, variant: str) -> tuple[PGDRun, ...]:
    result = stored_example(kind, "cifar10", (ORDINARY, ROBUST), variant)
    assert result is not None  # these runs are shipped
    return result.runs


def _entries(*labels: str) -> list[Entry]:
    maps = shipped()
    return [maps[label] for label in labels]


def _maps(name: str, first: Frequency, shown: ShownMaps) -> None:
    heatmap_view(
        shown.views,
        selected=_cell(name, first),
        value_range=shown.value_range,
        colormap=shown.colormap,
        key=f"story.{name}",
        on_select=partial(_keep, name),
    )


def _cell(name: str, first: Frequency) -> Frequency:
    """The wave chosen in a figure."""
    return st.session_state.get(f"story.{name}.cell", first)


def _keep(name: str, frequency: Frequency) -> None:
    st.session_state[f"story.{name}.cell"] = frequency


def _keep_both(size: int, frequency: Frequency, epsilon: float) -> None:
    _keep("wave", frequency)
    set_strength(size, epsilon)
