"""The picture under the wave, and what may be changed about it: size v and signs; both stand in the URL."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import paper
from core.fourier.basis import Frequency, all_random_signs
from core.images.square import png_data_uri, to_uint8
from core.sweep.predictions import wave_on_image
from ui.components.heatmap import PictureUnderWave
from ui.shared import url
from ui.shared.picture_choice import PictureStrip
from ui.shared.pictures import Picture

SEED = "signs"  # in the URL


@dataclass(frozen=True, eq=False)
class WavedPicture:
    """What predictions are about: a picture, a wave (i, j), its size v per channel, and the seed of its signs."""

    picture: Picture
    frequency: Frequency
    epsilon: float
    seed: int

    @property
    def possible(self) -> bool:
        """Whether the picture has the pixels that the wave needs."""
        return max(map(abs, self.frequency)) <= self.picture.size // 2


def under_wave(picture: Picture, side: int, strip: PictureStrip | None) -> PictureUnderWave:
    """The picture as the component wants it, ready for every wave of maps of that side that it can carry."""
    side = min(side, 2 * (picture.size // 2) + 1)
    count = len(strip.thumbnails.captions) if strip else picture.position + 1
    signs = _signs(side, count, seed())[:, :, picture.position]
    return PictureUnderWave(
        picture.pixels,
        picture.caption,
        strength(picture.size),
        paper.EPSILON[picture.size],
        signs,
        strip.thumbnails if strip else None,
        strip.selected if strip else 0,
    )


# Of all pictures of a set at once: that takes no longer than of one.
@st.cache_data(show_spinner=False, max_entries=8)
def _signs(side: int, count: int, seed: int) -> np.ndarray:
    return all_random_signs(side, count, seed=seed)


def strength(size: int) -> float:
    """Size v of the wave on pictures of so many pixels: from this visit, else from the URL, else the paper's."""
    key = f"v{size}"
    if key not in st.session_state:
        linked = _strength_in_url(key, 4 * paper.EPSILON[size])
        st.session_state[key] = paper.EPSILON[size] if linked is None else linked
    return st.session_state[key]


def _strength_in_url(key: str, most: float) -> float | None:
    try:
        value = float(url.text(key))
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value <= most else None


def set_strength(size: int, epsilon: float) -> None:
    """Keep it for this visit; in the URL as well where it is not the paper's."""
    key = f"v{size}"
    st.session_state[key] = epsilon
    url.put(key, f"{epsilon:g}" if epsilon != paper.EPSILON[size] else None)


def seed() -> int:
    """Of the signs."""
    value = st.session_state[SEED] = st.session_state.get(SEED, url.number(SEED) or 0)
    url.put(SEED, str(value), "0")
    return value


def flip() -> None:
    """Take the next signs; before the run, as `url.put` says."""
    st.session_state[SEED] = seed() + 1
    seed()


def change_in_numbers(waved: WavedPicture) -> None:
    """What clipping left of the wave, and the picture with it as a file."""
    wave = wave_on_image(
        waved.picture.image, waved.frequency, waved.epsilon, seed=waved.seed, position=waved.picture.position
    )
    norms = " / ".join(f"{norm:.2f}" for norm in wave.norm)
    largest = float(np.abs(wave.change).max())
    st.markdown(
        f"L2 norm per channel: {waved.epsilon:.2f} before clipping; {norms} (red / green / blue) after. "
        f"Largest change of a pixel: {largest:.3f} of 1."
    )
    (i, j), name = waved.frequency, f"v{waved.epsilon:g}"
    st.download_button(
        "The picture with the wave (PNG)",
        lambda: base64.b64decode(png_data_uri(to_uint8(wave.perturbed)).partition(",")[2]),
        f"wave_{i}_{j}_{name}.png",
        "image/png",
        icon=":material/download:",
        on_click="ignore",
    )
