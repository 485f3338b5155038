"""Hybrid pictures: low frequencies of one picture, high frequencies of another, and predictions for the mixture.

`hybrid_mixer.js` computes `core.fourier.waves.hybrid` at each cutoff of its slider and updates picture, bars and
sentence without a rerun.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ui.components.image_picker import Thumbnails
from ui.components.mount import mount_synchronised, place_from, register
from ui.components.packing import pack_pixels

_component = register("hybrid_mixer")


@dataclass(frozen=True, eq=False)
class Mixed:
    """Predictions of one network; texts are plain.

    colour: CSS. classes: the low picture's class and the high picture's. shares: for each cutoff, the probabilities of
    both. tops: for each cutoff, its prediction. switches: place of the cutoff at which the first class becomes the more
    probable; None where it does not. mark: words beside that place.
    """

    title: str
    colour: str
    classes: tuple[str, str]
    shares: Sequence[tuple[float, float]]
    tops: Sequence[str]
    switches: int | None
    mark: str


@dataclass(frozen=True, eq=False)
class Mixture:
    """Two pictures to mix and the networks' predictions.

    low, high: (3, H, H) uint8, that give the low and the high frequencies. captions: of both, plain text.
    cutoffs: (C,) of the slider, cycles per image, in equal ratios. networks: may be none. strip: pictures to
    take the high frequencies from. second: the place of `high` among them. strip_title: above them, plain text.
    """

    low: np.ndarray
    high: np.ndarray
    captions: tuple[str, str]
    cutoffs: Sequence[float]
    networks: Sequence[Mixed]
    strip: Thumbnails
    second: int
    strip_title: str


def hybrid_mixer(
    mixture: Mixture, *, selected: int, key: str, on_choose: Callable[[int], None], on_pick: Callable[[int], None]
) -> None:
    """Show the mixture with its slider.

    Args:
        selected: index of the cutoff.
        key: unique on the page.
        on_choose: called with the index of the chosen cutoff before the rerun. It should store it, and the next run
            should pass it back as `selected`.
        on_pick: called with the index of the thumbnail that the visitor chose.
    """
    count = len(mixture.cutoffs)

    mount_synchronised(
        _component,
        key,
        selected,
        read=lambda value: value if isinstance(value, int) and 0 <= value < count else None,
        on_choice=on_choose,
        about=list(mixture.cutoffs),
        data=pack_mixture(mixture),
        on_pick_change=place_from(key, "pick", range(len(mixture.strip.captions)), on_pick),
    )


def pack_mixture(mixture: Mixture) -> dict[str, Any]:
    """Return JSON for the browser: RGB rows, and slider ticks at powers of two."""
    pixels = [pack_pixels(picture) for picture in (mixture.low, mixture.high)]
    low, high = (
        {"pixels": packed, "caption": caption} for packed, caption in zip(pixels, mixture.captions, strict=True)
    )
    first, last = math.log2(mixture.cutoffs[0]), math.log2(mixture.cutoffs[-1])
    powers = range(math.ceil(first), math.floor(last) + 1)
    return {
        "pair": hashlib.blake2b("".join(pixels).encode(), digest_size=16).hexdigest(),
        "size": mixture.low.shape[-1],
        "low": low,
        "high": high,
        "cutoffs": list(mixture.cutoffs),
        "ticks": [[(power - first) / (last - first), f"{2.0**power:g}"] for power in powers],
        "networks": [asdict(network) for network in mixture.networks],
        "strip": {**mixture.strip.to_json(mixture.second), "title": mixture.strip_title},
    }
