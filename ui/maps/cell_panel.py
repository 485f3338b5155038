"""The chosen wave on a real picture: what it looks like, and what it changes."""

from __future__ import annotations

import base64
import html
import math
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import paper
from core.classifiers.predictions import WaveOnImage, wave_on_image
from core.fourier.basis import Frequency
from core.images.square import png_data_uri, to_uint8
from ui.shared.pictures import Picture
from ui.shared.text import whole_number

SEED = "signs"  # in the URL
_STYLE = """<style>.wave-row{display:grid;grid-template-columns:repeat(auto-fill,minmax(118px,1fr));gap:.6rem}
.wave-row figure{margin:0}.wave-row img{width:100%;border-radius:4px;display:block}
.wave-row figcaption{font-size:.78rem;line-height:1.25;margin-top:.25rem;opacity:.85}</style>"""


@dataclass(frozen=True, eq=False)
class WavedPicture:
    """What predictions are about: a picture, a wave (i, j), its size v per channel, and the seed of its signs."""

    picture: Picture
    frequency: Frequency
    epsilon: float
    seed: int


def wave_on_picture(picture: Picture, frequency: Frequency) -> WavedPicture | None:
    """Draw the controls and the pictures; None where the picture is too small to carry the wave."""
    half = picture.size // 2
    if max(map(abs, frequency)) > half:
        st.info(
            f"Pictures of {picture.size} pixels carry at most {half} cycles per image: choose a cell nearer to the "
            "middle, or a larger picture."
        )
        return None
    paper_v = paper.EPSILON[picture.size]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    epsilon = left.slider(
        f"Size v of the wave (L2 norm per channel; the paper's is {paper_v:g})",
        0.0,
        4 * paper_v,
        paper_v,
        step=paper_v / 20,
        format="%.2f",
        key=f"v{picture.size}",
        bind="query-params",
    )
    right.button("Re-roll the signs", icon=":material/casino:", on_click=_reroll, width="stretch")
    waved = WavedPicture(picture, frequency, epsilon, _seed())
    _pictures(waved, wave_on_image(picture.image, frequency, epsilon, seed=waved.seed, position=picture.position))
    return waved


def _seed() -> int:
    seed = st.session_state[SEED] = st.session_state.get(SEED, whole_number(st.query_params.get(SEED, "")) or 0)
    if seed or SEED in st.query_params:
        st.query_params[SEED] = str(seed)
    return seed


def _reroll() -> None:
    st.session_state[SEED] = _seed() + 1


def _pictures(waved: WavedPicture, wave: WaveOnImage) -> None:
    """Five pictures: clean, wave, perturbed, change as it is, change amplified."""
    (i, j), size = waved.frequency, waved.picture.size
    largest = float(np.abs(wave.change).max())
    factor = 0.5 / largest if largest > 0 else 1.0
    radius = math.hypot(i, j)
    period = f"one wave every {size / radius:.1f} pixels" if radius else "constant brightness"
    grey_wave = 0.5 + 0.5 * wave.basis / np.abs(wave.basis).max()
    shown = [
        ("Picture", waved.picture.caption, wave.clean),
        ("Wave", f"{radius:.1f} cycles per image, {period}", np.repeat(grey_wave[None], 3, axis=0)),
        ("Picture with the wave", "clipped to [0, 1]", wave.perturbed),
        ("Change, as it is", "grey is no change", 0.5 + wave.change),
        (f"Change × {factor:.3g}", "amplified to the full range", 0.5 + factor * wave.change),
    ]
    crisp = "pixelated" if size < 100 else "auto"
    figures = "".join(
        f'<figure><img src="{png_data_uri(to_uint8(image))}" alt="{html.escape(f"{title}: {text}")}" '
        f'style="image-rendering:{crisp}"><figcaption><b>{title}</b><br>{html.escape(text)}</figcaption></figure>'
        for title, text, image in shown
    )
    st.html(f'{_STYLE}<div class="wave-row" data-wave="{i},{j}">{figures}</div>')
    norms = " / ".join(f"{norm:.2f}" for norm in wave.norm)
    st.caption(
        f"L2 norm per channel: {waved.epsilon:.2f} before clipping; {norms} (red / green / blue) after. "
        f"Largest change of a pixel: {largest:.3f} of 1."
    )
    st.download_button(
        "This picture (PNG)",
        lambda: base64.b64decode(png_data_uri(to_uint8(wave.perturbed)).partition(",")[2]),
        f"wave_{i}_{j}_v{waved.epsilon:g}.png",
        "image/png",
        icon=":material/download:",
        on_click="ignore",
    )
