"""Pairs of pictures with predictions for their mixtures, live or stored, packed for the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from core.classifiers.registry import classifier_spec, short_title
from core.data.sample_sets import SAMPLE_SETS
from core.data.stored import stored_state
from core.sweep.predict import HybridPredictions, hybrid_cutoffs
from core.sweep.transforms import chosen_pictures, stored_predictions
from ui.components.hybrid_mixer import Mixed, Mixture
from ui.components.image_picker import Thumbnails, pack_thumbnails
from ui.maps.catalogue import stored_title
from ui.maps.models import Predictor, model_colour
from ui.shared.pictures import Picture, sample_picture
from ui.tools.sentences import at_cutoff

KIND = "cifar10"  # sample set of the stored pairs
STORED = chosen_pictures()["mixtures"]


def mixture(
    low: Picture,
    high: Picture,
    cutoffs: Sequence[float],
    predictions: Mapping[Predictor, HybridPredictions],
    strip: Thumbnails,
    second: int,
    strip_title: str = "High frequencies from this picture",
) -> Mixture:
    """Return both pictures with each network's bars and a sentence per cutoff.

    strip, second, strip_title: pictures to choose from, the index of the chosen one, and the title above them.
    """
    networks = [_mixed(predictor, hybrids, low, high) for predictor, hybrids in predictions.items()]
    tops = [[low.classes.names[top] for top in hybrids.mixed.argmax(1)] for hybrids in predictions.values()]
    sentences = [
        at_cutoff(
            cutoff, [(network.title, network.classes, top[k]) for network, top in zip(networks, tops, strict=True)]
        )
        for k, cutoff in enumerate(cutoffs)
    ]
    sides = (low.pixels, high.pixels, (_name(low), _name(high)))
    return Mixture(*sides, cutoffs, networks, sentences if networks else (), strip, second, strip_title)


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
    return Mixed(title, model_colour(predictor.spec.name), names, shares, switches or None, mark)


def stored_mixtures(networks: Sequence[str]) -> tuple[Mixture, ...]:
    """Return the stored pairs with some networks' predictions. Does not import torch."""
    return _mixtures(tuple((name, stored_title(name)) for name in networks), stored_state("predictions"))


@lru_cache(maxsize=4)
def _mixtures(networks: tuple[tuple[str, str], ...], stored: int) -> tuple[Mixture, ...]:
    """Return the pairs. networks: names and titles. stored: state of the stored data, a part of the cache's key."""
    cutoffs = hybrid_cutoffs(SAMPLE_SETS[KIND].side)
    pairs = [[sample_picture(KIND, place) for place in pair] for pair in STORED["pairs"]]
    captions = [f"{_name(high)}; low frequencies of {_name(low)}" for low, high in pairs]
    strip = pack_thumbnails(np.stack([high.pixels.transpose(1, 2, 0) for _, high in pairs]), captions)
    heading = f"{len(pairs)} pairs; the tiles show the high-frequency pictures"
    made = []
    for place, (low, high) in enumerate(pairs):
        predictions = {
            Predictor(replace(classifier_spec(name), title=title)): stored_predictions()[name].hybrids(place)
            for name, title in networks
        }
        made.append(mixture(low, high, cutoffs, predictions, strip, place, heading))
    return tuple(made)
