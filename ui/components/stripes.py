"""One picture under stripes: a slider of how many, and what each network takes it for, at once and without a rerun.

The browser's half is `stripes.js`: it adds the wave by `wave.js`, as `core.fourier.basis` does, and looks the answers
up.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.fourier.basis import Frequency, canonical_frequency, half_plane
from ui.components.mount import mount_synchronised, register

_component = register("stripes")


@dataclass(frozen=True)
class Answers:
    """What one network predicts. clean: without a wave; waves: under each of `half_plane`; (class, its probability)."""

    title: str
    colour: str
    clean: tuple[int, float]
    waves: Sequence[tuple[int, float]]


def stripes(
    pixels: np.ndarray,
    signs: np.ndarray,
    epsilon: float,
    answers: Sequence[Answers],
    names: Sequence[str],
    label: int | None,
    *,
    selected: Frequency,
    key: str,
    on_select: Callable[[Frequency], None],
) -> None:
    """Show the picture under the selected wave.

    Args:
        pixels: (3, H, H) uint8. signs: (S, S, 3) int8 of every wave, as `PictureUnderWave` has them.
        epsilon: size v of the waves, L2 norm per channel.
        names: of the classes. label: place of the true one, if known.
        on_select: called with the wave that the visitor chose, before the rerun; the next run should pass it back.
    """
    half = len(signs) // 2
    mount_synchronised(
        _component,
        key,
        selected,
        read=lambda value: read_stripes(value, half),
        on_choice=on_select,
        data=pack_stripes(pixels, signs, epsilon, answers, names, label),
    )


def read_stripes(value: Any, half: int) -> Frequency | None:
    """The wave that the browser sent: so many stripes across; None if it makes no sense."""
    match value:
        case [0, int(j)] if 0 < j <= half:
            return 0, j
    return None


def pack_stripes(
    pixels: np.ndarray,
    signs: np.ndarray,
    epsilon: float,
    answers: Sequence[Answers],
    names: Sequence[str],
    label: int | None,
) -> dict[str, Any]:
    """What the browser gets, as JSON: an answer for each cell of a map, row by row."""
    side, half = len(signs), len(signs) // 2
    place = {wave: k for k, wave in enumerate(half_plane(side))}
    cells = [place[canonical_frequency(i - half, j - half)] for i in range(side) for j in range(side)]
    return {
        "pixels": base64.b64encode(pixels.transpose(1, 2, 0).tobytes()).decode(),
        "size": pixels.shape[-1],
        "signs": base64.b64encode(np.packbits(signs.ravel() > 0, bitorder="little").tobytes()).decode(),
        "side": side,
        "epsilon": epsilon,
        "names": list(names),
        "label": label,
        "networks": [
            {"title": one.title, "colour": one.colour, "clean": one.clean, "cells": [one.waves[k] for k in cells]}
            for one in answers
        ],
    }
