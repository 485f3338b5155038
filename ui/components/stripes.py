"""Picture under stripes: a slider for their number, and each network's prediction, updated without a rerun.

`stripes.js` adds the wave with `wave.js`, the counterpart of `core.fourier.waves`, and looks up stored predictions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.fourier.waves import canonical_frequency, half_plane
from core.shared.numbers import Frequency
from ui.components.mount import mount_synchronised, register
from ui.components.packing import pack_pixels, pack_signs

_component = register("stripes")


@dataclass(frozen=True)
class WavePredictions:
    """Predictions (class, probability) of a network. clean: without a wave; waves: under each wave of `half_plane`."""

    title: str
    colour: str
    clean: tuple[int, float]
    waves: Sequence[tuple[int, float]]


@dataclass(frozen=True, eq=False)
class StripedPicture:
    """The picture and its waves.

    pixels: (3, H, H) uint8. signs: (S, S, 3) int8 of every wave, as `PictureUnderWave` has them. epsilon: size v of the
    waves, L2 norm per channel. names: of the classes. label: place of the true one, if known.
    """

    pixels: np.ndarray
    signs: np.ndarray
    epsilon: float
    answers: Sequence[WavePredictions]
    names: Sequence[str]
    label: int | None


def stripes(striped: StripedPicture, *, selected: Frequency, key: str, on_select: Callable[[Frequency], None]) -> None:
    """Show the picture under the selected wave.

    Args:
        on_select: called with the wave that the visitor chose, before the rerun; the next run should pass it back.
    """
    half = len(striped.signs) // 2
    mount_synchronised(
        _component,
        key,
        selected,
        read=lambda value: read_stripes(value, half),
        on_choice=on_select,
        data=pack_stripes(striped),
    )


def read_stripes(value: Any, half: int) -> Frequency | None:
    """Parse the wave sent by the browser, a number of vertical stripes; return None if it is invalid."""
    match value:
        case [0, int(j)] if 0 < j <= half:
            return 0, j
    return None


def pack_stripes(striped: StripedPicture) -> dict[str, Any]:
    """Return JSON for the browser: a prediction for each cell of a map, row by row."""
    side, half = len(striped.signs), len(striped.signs) // 2
    place = {wave: k for k, wave in enumerate(half_plane(side))}
    cells = [place[canonical_frequency(i - half, j - half)] for i in range(side) for j in range(side)]
    return {
        "pixels": pack_pixels(striped.pixels),
        "size": striped.pixels.shape[-1],
        "signs": pack_signs(striped.signs),
        "side": side,
        "epsilon": striped.epsilon,
        "names": list(striped.names),
        "label": striped.label,
        "networks": [
            {
                "title": network.title,
                "colour": network.colour,
                "clean": network.clean,
                "cells": [network.waves[k] for k in cells],
            }
            for network in striped.answers
        ],
    }
