"""The picture under the wave, and the wave's size v, which is part of the URL."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.data.pixels import png_bytes, to_uint8
from core.data.sample_sets import usual_epsilon
from core.fourier.waves import all_random_signs
from core.shared.numbers import Frequency
from core.sweep.predict import wave_on_image
from ui.components.heatmap import PictureUnderWave
from ui.components.image_picker import Thumbnails
from ui.shared import url
from ui.shared.downloads import download_button
from ui.shared.pictures import Picture

SEED = 0  # of the signs, as in the shipped maps


@dataclass(frozen=True, eq=False)
class PerturbedPicture:
    """Subject of the predictions: a picture, a wave (i, j), and its size v per channel."""

    picture: Picture
    frequency: Frequency
    epsilon: float

    @property
    def possible(self) -> bool:
        """Return whether the picture has enough pixels for the wave."""
        return max(map(abs, self.frequency)) <= self.picture.size // 2


def under_wave(picture: Picture, side: int, strip: Thumbnails | None) -> PictureUnderWave:
    """The picture as the component wants it, ready for every wave of maps of that side that it can carry.

    strip: the samples that it is one of.
    """
    side = min(side, 2 * (picture.size // 2) + 1)
    count = len(strip.captions) if strip else picture.position + 1
    signs = _signs(side, count)[:, :, picture.position]
    return PictureUnderWave(
        picture.pixels,
        picture.caption,
        strength(picture.size),
        usual_epsilon(picture.size),
        signs,
        strip,
        selected=picture.position,
    )


# For all pictures of a set at once: that takes no longer than for one.
@st.cache_data(show_spinner=False, max_entries=8)
def _signs(side: int, count: int) -> np.ndarray:
    return all_random_signs(side, count, seed=SEED)


def strength(size: int) -> float:
    """Return the size v of the wave on pictures of that size: from this visit, else the URL, else the paper's."""
    key, usual = f"v{size}", usual_epsilon(size)
    return url.session_value(key, key, url.real(0, 4 * usual), usual, "{:g}".format)


def set_strength(size: int, epsilon: float) -> None:
    """Set the size v for this visit; the URL omits the paper's."""
    st.session_state[f"v{size}"] = epsilon
    if epsilon == usual_epsilon(size):
        url.put(f"v{size}", None)


def download_picture(perturbed: PerturbedPicture) -> None:
    """Draw a download of the picture with the wave."""
    wave = wave_on_image(
        perturbed.picture.image,
        perturbed.frequency,
        perturbed.epsilon,
        seed=SEED,
        position=perturbed.picture.position,
    )
    i, j = perturbed.frequency
    download_button(
        "The picture with the wave (PNG)",
        lambda: png_bytes(to_uint8(wave.perturbed)),
        f"wave_{i}_{j}_v{perturbed.epsilon:g}.png",
        key="cell.picture",
        icon=":material/download:",
    )
