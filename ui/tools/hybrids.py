"""Tool *Two pictures in one*: slow waves of one picture, fast ones of another, and each network's prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_spec, short_title
from core.data.sample_sets import SAMPLE_SETS
from core.data.words import everyday_name
from core.fourier.waves import hybrid
from core.shared.text import with_article
from core.sweep.mixtures import MIXED_SET, mixed_pairs, mixing_network
from core.sweep.predict import HybridPredictions, PairPredictions, hybrid_cutoffs, predict_hybrids
from ui.components.pictures.pictures import (
    Mixed,
    Mixture,
    Thumbnails,
    TileStyle,
    hybrid_mixer,
    pack_thumbnails,
)
from ui.maps.catalogue import Predictor
from ui.maps.predictions import MAX_NETWORKS, PageState, predict_all
from ui.server.cache import classifier_for, single_flight_cache
from ui.shared import url
from ui.shared.colours import model_colour
from ui.shared.page import torch_starts
from ui.shared.pictures import Picture, sample_picture, samples, thumbnails, to_picture
from ui.shared.url import whole_number

PAIRS_STYLE = TileStyle(size=84, line=True)


def mixture(
    low: Picture,
    high: Picture,
    predictions: Mapping[Predictor, HybridPredictions],
    strip: Thumbnails,
    second: int,
) -> Mixture:
    """Return both pictures with each network's bars. strip, second: pictures to choose from, index of the chosen one.

    A picture without a class gets the network's own prediction as its class.
    """
    networks = [
        mixed(
            short_title(predictor.spec.title),
            predictor.spec.name,
            hybrids.between(*(
                int(clean.argmax()) if picture.label is None else picture.label
                for picture, clean in ((low, hybrids.low), (high, hybrids.high))
            )),
            low.classes.names,
        )
        for predictor, hybrids in predictions.items()
    ]  # fmt: skip
    pair = (low.pixels, high.pixels, (picture_name(low), picture_name(high)))
    return Mixture(*pair, hybrid_cutoffs(low.size), networks, strip, second, "Fast waves from this picture")


def picture_name(picture: Picture) -> str:
    """Return the name of what a picture shows, or of the visitor's file."""
    return picture.caption if picture.label is None else everyday_name(picture.classes.names[picture.label])


def mixed(title: str, name: str, predictions: PairPredictions, names: Sequence[str]) -> Mixed:
    """Return a network's bars. title, name: of the network. names: of its classes."""
    names = [everyday_name(name) for name in names]
    low, high = predictions.classes
    rounded = zip(predictions.others, predictions.other_shares, strict=True)
    switches = predictions.switches
    return Mixed(
        title,
        model_colour(name),
        (names[low], names[high]),
        [(round(float(a), 4), round(float(b), 4)) for a, b in predictions.shares],
        [(names[other], round(float(share), 4)) for other, share in rounded],
        [with_article(names[top]) for top in predictions.tops],
        switches or None,
        f"{title}: no change" if not switches else f"{title} {predictions.cutoffs[switches]:g}",
    )


@cache
def photo_pairs() -> tuple[Mixture, ...]:
    """Return the bundled pairs of photos with the stored predictions. Does not import torch."""
    rows = mixed_pairs()
    photos = [[sample_picture(MIXED_SET, position) for position in (row.low, row.high)] for row in rows]
    mixtures = [hybrid(low.image, high.image, row.predictions.cutoffs[row.start])
            for row, (low, high) in zip(rows, photos, strict=True)]  # fmt: skip
    captions = [f"{picture_name(low)} and {picture_name(high)}" for low, high in photos]
    strip = pack_thumbnails(np.stack([to_picture(picture) for picture in mixtures]), captions)
    title = short_title(classifier_spec(mixing_network()).title)
    return tuple(
        Mixture(
            low.pixels,
            high.pixels,
            (picture_name(low), picture_name(high)),
            row.predictions.cutoffs,
            [mixed(title, mixing_network(), row.predictions, low.classes.names)],
            strip,
            index,
            f"{len(rows)} pairs, which we chose by eye",
            PAIRS_STYLE,
        )
        for index, (row, (low, high)) in enumerate(zip(rows, photos, strict=True))
    )


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
    two_pictures = mixture(picture, second, predictions, thumbnails(picture.sample_set), second.position)
    hybrid_mixer(
        two_pictures,
        selected=_selected(cutoffs, _first(two_pictures.networks, len(cutoffs)))
        if two_pictures.networks
        else len(cutoffs) // 2,
        key=f"frequency.hybrids.{picture.size}",
        on_choose=lambda index: st.session_state.__setitem__(_CUTOFF_KEY, cutoffs[index]),
        on_pick=partial(st.session_state.__setitem__, _OF_SET.format(picture.sample_set)),
    )
    if two_pictures.networks:
        st.caption(
            "Step back, or squint, and you see the other picture. The picture of slow waves gives a share "
            "exp(-r² / 2c²) of each wave of r cycles per image, the other picture the rest; c is the cutoff. Every bar "
            f"is a real prediction, one for each of the slider’s {len(cutoffs)} positions. The wave of the maps above "
            "is not added."
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
    seen = [k for k in range(network.switches or 0) if max(network.shares[k]) > network.others[k][1]]
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
