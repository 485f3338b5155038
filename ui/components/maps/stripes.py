"""Pictures under a wave, with what networks answer: a photo under stripes, and a small picture next to the maps.

`stripes.js` adds a number of vertical stripes to a photo, chosen by a slider. `small_picture.js` shows a small picture
under the wave that is chosen on the maps next to it. Both draw in the browser with `wave.js`, without a rerun.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.fourier.waves import canonical_frequency, half_plane
from core.shared.numbers import Frequency
from ui.components.mount import (
    index_from,
    mount_synchronised,
    pack_bytes,
    pack_pixels,
    pack_signs,
    picture_id,
    register,
)
from ui.components.pictures.picture_widgets import Thumbnails, TileStyle, tiles_json

_stripes = register("maps/stripes.js")
_small_picture = register("maps/small_picture.js")
_STRIP = TileStyle(across=6)


@dataclass(frozen=True)
class StripesAnswer:
    """Prediction of a network for a photo under some stripes; texts are plain.

    says: the class. percent: its probability, 1 to 99. wrong: True if the photo shows another class. fooled: True if it
    is right without the wave and wrong with it. line: what happened, in sentences.
    """

    says: str
    percent: int
    wrong: bool
    fooled: bool
    line: str


@dataclass(frozen=True, eq=False)
class StripedPhoto:
    """A photo, and a network's predictions for it under 0 to S vertical stripes.

    pixels: (3, H, H) uint8. name: what it shows. epsilon: L2 norm of the wave in each channel. signs: (S, 3) int8, of
    each number of stripes from 1. network: its title. answers: 1 + S, the first without a wave. strip: photos to choose
    from. selected: index of this one.
    """

    pixels: np.ndarray
    name: str
    epsilon: float
    signs: np.ndarray
    network: str
    answers: Sequence[StripesAnswer]
    strip: Thumbnails
    selected: int


def striped_photo(
    photo: StripedPhoto, *, stripes: int, key: str, on_choose: Callable[[int], None], on_pick: Callable[[int], None]
) -> None:
    """Show the photo under stripes.

    Args:
        stripes: their number, 0 to S.
        key: unique on the page.
        on_choose: called with the number that the visitor chose, before the rerun. It should store it, and the next run
            should pass it back.
        on_pick: called with the index of the photo that the visitor chose.
    """
    mount_synchronised(
        _stripes,
        key,
        stripes,
        read=lambda value: read_stripes(value, len(photo.signs)),
        on_choice=on_choose,
        data=pack_striped(photo),
        on_pick_change=index_from(key, "pick", range(len(photo.strip.captions)), on_pick),
    )


def read_stripes(value: Any, most: int) -> int | None:
    """Parse the number of stripes sent by the browser; return None if it is invalid."""
    return value if type(value) is int and 0 <= value <= most else None


def pack_striped(photo: StripedPhoto) -> dict[str, Any]:
    """Return JSON for the browser."""
    return {
        "id": picture_id(photo.pixels),
        "pixels": pack_pixels(photo.pixels),
        "image_size": photo.pixels.shape[-1],
        "name": photo.name,
        "epsilon": photo.epsilon,
        "signs": photo.signs.tolist(),
        "network": photo.network,
        "answers": [asdict(answer) for answer in photo.answers],
        "strip": tiles_json(photo.strip, photo.selected, "Photos to add stripes to", _STRIP),
    }


@dataclass(frozen=True)
class WavePredictions:
    """Predictions (class, probability) of a network. clean: without a wave; waves: under each wave of `half_plane`."""

    title: str
    colour: str
    clean: tuple[int, float]
    waves: Sequence[tuple[int, float]]


@dataclass(frozen=True, eq=False)
class SmallPicture:
    """A small picture and its waves.

    pixels: (3, H, H) uint8. signs: (R, R, 3) int8, -1 or 1, of every wave of a map. epsilon: L2 norm of the wave in
    each channel. names: of the classes. label: index of the true one. fooled: (W, N) uint8, for each wave of
    `half_plane` the number of other pictures in which it fools each network alone; None if unknown. template: sentence
    with {0}, {1}, ... for these numbers.
    """

    pixels: np.ndarray
    signs: np.ndarray
    epsilon: float
    networks: Sequence[WavePredictions]
    names: Sequence[str]
    label: int
    fooled: np.ndarray | None
    template: str


def picture_under_wave(picture: SmallPicture, *, wave: Frequency, key: str) -> None:
    """Show a small picture under a wave, and what each network sees in it. key: unique on the page."""
    _small_picture(key=key, data={"value": list(wave), **pack_small(picture)})


def pack_small(picture: SmallPicture) -> dict[str, Any]:
    """Return JSON for the browser: for each cell of a map, row by row, predictions and numbers of fooled pictures."""
    size, half = len(picture.signs), len(picture.signs) // 2
    index = {wave: k for k, wave in enumerate(half_plane(size))}
    cells = [index[canonical_frequency(i - half, j - half)] for i in range(size) for j in range(size)]
    return {
        "pixels": pack_pixels(picture.pixels),
        "image_size": picture.pixels.shape[-1],
        "signs": pack_signs(picture.signs),
        "size": size,
        "epsilon": picture.epsilon,
        "names": list(picture.names),
        "label": picture.label,
        "fooled": None if picture.fooled is None else pack_bytes(picture.fooled[cells].astype(np.uint8)),
        "template": picture.template,
        "networks": [
            {
                "title": network.title,
                "colour": network.colour,
                "clean": network.clean,
                "cells": [network.waves[k] for k in cells],
            }
            for network in picture.networks
        ],
    }
