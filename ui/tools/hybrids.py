"""Tool *Two pictures in one*: low frequencies of one picture, high ones of another, and each network's prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_spec, short_title
from core.data.sample_sets import SAMPLE_SETS
from core.data.stored import cached_by_files
from core.sweep.predict import HybridPredictions, hybrid_cutoffs, predict_hybrids
from core.sweep.story import chosen_pictures, stored_predictions
from ui.components.pictures.pictures import Mixed, Mixture, Thumbnails, hybrid_mixer, pack_thumbnails
from ui.maps.catalogue import Predictor, stored_title
from ui.maps.predictions import MAX_NETWORKS, PageState, predict_all
from ui.server.cache import classifier_for, single_flight_cache
from ui.shared import url
from ui.shared.colours import model_colour
from ui.shared.page import torch_starts
from ui.shared.pictures import Picture, sample_picture, samples, thumbnails
from ui.shared.url import whole_number

PAIRS_SET = "cifar10"  # sample set of the stored pairs
STORED_PAIRS = chosen_pictures()["mixtures"]


def mixture(
    low: Picture,
    high: Picture,
    predictions: Mapping[Predictor, HybridPredictions],
    strip: Thumbnails,
    second: int,
    strip_title: str = "High frequencies from this picture",
) -> Mixture:
    """Return both pictures with each network's bars.

    strip, second, strip_title: pictures to choose from, the index of the chosen one, and the title above them.
    """
    networks = [_mixed(predictor, hybrids, low, high) for predictor, hybrids in predictions.items()]
    pair = (low.pixels, high.pixels, (_name(low), _name(high)))
    return Mixture(*pair, hybrid_cutoffs(low.size), networks, strip, second, strip_title)


def _name(picture: Picture) -> str:
    return picture.caption if picture.label is None else picture.classes.names[picture.label]


def _mixed(predictor: Predictor, predictions: HybridPredictions, low: Picture, high: Picture) -> Mixed:
    """Return a network's bars. A picture without a class gets the network's own prediction as its class."""
    classes = [
        int(clean.argmax()) if picture.label is None else picture.label
        for picture, clean in ((low, predictions.low), (high, predictions.high))
    ]
    title, switches = short_title(predictor.spec.title), predictions.switches_at(*classes)
    shares = [(round(float(a), 4), round(float(b), 4)) for a, b in predictions.mixed[:, classes]]
    names = (low.classes.names[classes[0]], low.classes.names[classes[1]])
    mark = f"{title}: no change" if not switches else f"{title} {predictions.cutoffs[switches]:g}"
    tops = [low.classes.names[top] for top in predictions.mixed.argmax(1)]
    return Mixed(title, model_colour(predictor.spec.name), names, shares, tops, switches or None, mark)


def stored_mixtures(networks: Sequence[str]) -> tuple[Mixture, ...]:
    """Return the stored pairs with some networks' predictions. Does not import torch."""
    return _mixtures(tuple((name, stored_title(name)) for name in networks))


@cached_by_files("predictions", entries=4)
def _mixtures(networks: tuple[tuple[str, str], ...]) -> tuple[Mixture, ...]:
    """Return the pairs. networks: names and titles."""
    pairs = [[sample_picture(PAIRS_SET, position) for position in pair] for pair in STORED_PAIRS["pairs"]]
    captions = [f"{_name(high)}; low frequencies of {_name(low)}" for low, high in pairs]
    strip = pack_thumbnails(np.stack([high.pixels.transpose(1, 2, 0) for _, high in pairs]), captions)
    heading = f"{len(pairs)} pairs; the tiles show the high-frequency pictures"
    made = []
    for index, (low, high) in enumerate(pairs):
        predictions = {
            Predictor(replace(classifier_spec(name), title=title)): stored_predictions()[name].hybrids(index)
            for name, title in networks
        }
        made.append(mixture(low, high, predictions, strip, index, heading))
    return tuple(made)


SECOND, CUTOFF = "second", "cutoff"  # in the URL: index of a bundled picture; cycles per image
_OF_SET, _CUTOFF_KEY = "frequency.second.{}", "frequency.cutoff"  # keys in the session


def hybrid_panel(page: PageState) -> None:
    """Draw the tool for the chosen picture."""
    assert page.picture is not None
    picture, predictors = page.picture, page.predictors
    second = sample_picture(picture.sample_set, _second(picture))
    cutoffs = hybrid_cutoffs(picture.size)
    predictions = {}
    if predictors and torch_starts():
        specs = {predictor.spec: predictor for predictor in predictors[:MAX_NETWORKS]}
        results = predict_all(specs, lambda name: _predictions(name, picture, second, cutoffs))
        predictions = {specs[spec]: answer for spec, answer in results.items()}
    mixed = mixture(picture, second, predictions, thumbnails(picture.sample_set), second.position)
    hybrid_mixer(
        mixed,
        selected=_selected(cutoffs, _first(mixed.networks, len(cutoffs))) if mixed.networks else len(cutoffs) // 2,
        key=f"frequency.hybrids.{picture.size}",
        on_choose=lambda index: st.session_state.__setitem__(_CUTOFF_KEY, cutoffs[index]),
        on_pick=partial(st.session_state.__setitem__, _OF_SET.format(picture.sample_set)),
    )
    if mixed.networks:
        st.caption(
            "The low-frequency picture contributes a share exp(-r² / 2c²) of each wave of r cycles per image, the "
            f"other picture the rest; c is the cutoff. Networks predict at each of the slider’s {len(cutoffs)} "
            "cutoffs; no bar is interpolated. The wave of the maps above is not added. This is a single pair."
        )


def _second(picture: Picture) -> int:
    """Return the index of the second picture."""
    read = partial(whole_number, allowed=range(len(samples(picture.sample_set))))
    return url.session_value(_OF_SET.format(picture.sample_set), SECOND, read, SAMPLE_SETS[picture.sample_set].second)


def _first(networks: Sequence[Mixed], count: int) -> int:
    """Return the index of the cutoff to begin with: the last before the change at which the first network sees one of
    both pictures, or the middle one.
    """
    network = networks[0]
    seen = [k for k in range(network.switches or 0) if network.tops[k] in network.classes]
    return seen[-1] if seen else count // 2


def _selected(cutoffs: Sequence[float], first: int) -> int:
    """Return the index of the cutoff nearest to the session's or the URL's; by default `first`."""

    def nearest(cutoff: float) -> int:
        return int(np.abs(np.log(np.array(cutoffs) / cutoff)).argmin())

    usual, read = cutoffs[first], url.real(1e-9, 1e9)
    return nearest(url.session_value(_CUTOFF_KEY, CUTOFF, read, usual, lambda cutoff: f"{cutoffs[nearest(cutoff)]:g}"))


@single_flight_cache(max_entries=200)
def _predictions(name: str, low: Picture, high: Picture, cutoffs: tuple[float, ...]) -> HybridPredictions:
    return predict_hybrids(classifier_for(name, low.class_set), low.image, high.image, cutoffs)
