"""Tool *Two pictures in one*: slow waves of one picture, fast ones of another, and each network's prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_spec, short_title
from core.data.sample_sets import SAMPLE_SETS
from core.data.words import everyday_name
from core.shared.text import NUMERALS, with_article
from core.sweep.mixture_pairs import MIXED_SET, MixedPair, mixed_pairs, mixing_network
from core.sweep.predict import HybridPredictions, PairPredictions, hybrid_cutoffs, predict_hybrids
from ui.components.pictures.picture_widgets import (
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
from ui.shared.page_pictures import Picture, sample_picture, samples, thumbnails
from ui.shared.url import as_markdown, whole_number

_CLEAR = 0.1  # probability below which a network sees nothing clearly
_EDGE = 6  # pixels: half the width of the line between both photos of a tile


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
    sees = [
        2 if max(*both, other) < _CLEAR else int(np.argmax([*both, other]))
        for both, other in zip(predictions.shares, predictions.other_shares, strict=True)
    ]
    return Mixed(
        title,
        model_colour(name),
        (names[low], names[high]),
        [(round(float(a), 4), round(float(b), 4)) for a, b in predictions.shares],
        [(names[other], round(float(share), 4)) for other, share in rounded],
        [
            with_article(names[top]) if max(*both, other) >= _CLEAR else "nothing clearly"
            for top, both, other in zip(predictions.tops, predictions.shares, predictions.other_shares, strict=True)
        ],
        sees,
        _switch(sees),
        [_hint(sees, at, with_article(names[low]), with_article(names[high])) for at in range(len(sees))],
    )


def _switch(sees: Sequence[int]) -> int | None:
    """Return the index from which a network sees the low picture up to the last cutoff, or None."""
    before = [at for at, seen in enumerate(sees) if seen != 0]
    return before[-1] + 1 if before and before[-1] < len(sees) - 1 else None


def _hint(sees: Sequence[int], at: int, low: str, high: str) -> str:
    """Say where to drag the slider for the network to see the other picture; empty if it never does."""
    if sees[at] != 0 and 0 in sees[at:]:
        return f"Drag right until it sees {low}."
    if sees[at] != 1 and 1 in sees[:at]:
        return f"Drag left until it sees {high}."
    return ""


@cache
def photo_pairs() -> tuple[Mixture, ...]:
    """Return the bundled pairs of photos with the stored predictions. Does not import torch."""
    rows = mixed_pairs()
    photos = [[sample_picture(MIXED_SET, position) for position in (row.low, row.high)] for row in rows]
    captions = [f"{picture_name(low)} and {picture_name(high)}" for low, high in photos]
    strip = pack_thumbnails(np.stack([_split(low.pixels, high.pixels) for low, high in photos]), captions)
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
            f"{NUMERALS[len(rows)].capitalize()} pairs we picked",
            TileStyle(across=len(rows)),
        )
        for index, (row, (low, high)) in enumerate(zip(rows, photos, strict=True))
    )


def _split(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return a tile of a pair: the low photo at the top left of a white diagonal, the high one at the bottom right.

    Both and the tile are uint8, (3, H, H) and (H, H, 3).
    """
    rows, columns = np.indices(low.shape[1:])
    past = (rows + columns - low.shape[-1] + 1)[..., None]  # the diagonal
    first, second = (photo.transpose(1, 2, 0) for photo in (low, high))
    return np.where(abs(past) < _EDGE, np.uint8(255), np.where(past < 0, first, second))


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
    pair = next((row for row in mixed_pairs() if _is_pair(row, picture, second)), None)
    first = len(cutoffs) // 2
    if two_pictures.networks:
        first = _first(two_pictures.networks, len(cutoffs)) if pair is None else pair.start
    hybrid_mixer(
        two_pictures,
        selected=_selected(cutoffs, first) if two_pictures.networks else first,
        key=f"frequency.hybrids.{picture.size}",
        on_choose=lambda index: st.session_state.__setitem__(_CUTOFF_KEY, cutoffs[index]),
        on_pick=partial(st.session_state.__setitem__, _OF_SET.format(picture.sample_set)),
    )
    if two_pictures.networks:
        slow = "the slow one" if picture.own else with_article(picture_name(picture))
        st.caption(
            f"Squint, or step back, and you’ll see {as_markdown(slow)}. ▲ marks where a network switches to it. "
            "Every bar is a real prediction.",
            help=r"Of each wave of $r$ cycles per image, $\exp(-r^2/2c^2)$ comes from the slow picture and the rest "
            "from the fast one; $c$ is the cutoff. The wave of the maps above is not added.",
        )


def _is_pair(row: MixedPair, low: Picture, high: Picture) -> bool:
    """Return True if two pictures are a bundled pair."""
    pictures = low.own or high.own, low.sample_set, low.position, high.position
    return pictures == (False, MIXED_SET, row.low, row.high)


def show_pair() -> int:
    """Mix the pair on the tool's tile; return the index of its slow picture, which the page must choose."""
    pair, state = mixed_pairs()[0], st.session_state
    state[_OF_SET.format(MIXED_SET)] = pair.high
    forget_cutoff()
    return pair.low


def forget_cutoff() -> None:
    """Begin again at the cutoff that suits the pictures; for callbacks."""
    st.session_state.pop(_CUTOFF_KEY, None)
    url.put(CUTOFF, None)


def forget_mixture() -> None:
    """Forget the second picture and the cutoff; the URL then says them."""
    for key in (_CUTOFF_KEY, *map(_OF_SET.format, SAMPLE_SETS)):
        st.session_state.pop(key, None)


def _second(picture: Picture) -> int:
    """Return the index of the second picture."""
    read = partial(whole_number, allowed=range(len(samples(picture.sample_set))))
    return url.session_value(_OF_SET.format(picture.sample_set), SECOND, read, SAMPLE_SETS[picture.sample_set].second)


def _first(networks: Sequence[Mixed], count: int) -> int:
    """Return the index of the cutoff to begin with: the last before the first network's change at which all see one of
    both pictures, or at which the first does, or the middle one.
    """

    for some in (networks, networks[:1]):
        if seen := [k for k in range(networks[0].switches or 0) if all(network.sees[k] < 2 for network in some)]:
            return seen[-1]
    return count // 2


def _selected(cutoffs: Sequence[float], first: int) -> int:
    """Return the index of the cutoff nearest to the session's or the URL's; by default `first`."""

    def nearest(cutoff: float) -> int:
        return int(np.abs(np.log(np.array(cutoffs) / cutoff)).argmin())

    usual, read = cutoffs[first], url.real(1e-9, 1e9)
    return nearest(url.session_value(_CUTOFF_KEY, CUTOFF, read, usual, lambda cutoff: f"{cutoffs[nearest(cutoff)]:g}"))


@single_flight_cache(max_entries=200)
def _predictions(name: str, low: Picture, high: Picture, cutoffs: tuple[float, ...]) -> HybridPredictions:
    return predict_hybrids(classifier_for(name, low.classes), low.image, high.image, cutoffs)
