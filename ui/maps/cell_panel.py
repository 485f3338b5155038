"""The chosen wave on a real picture: what it looks like, what it changes, how classifiers answer."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Callable

import numpy as np
import streamlit as st

from core import paper
from core.classifiers.predictions import WaveOnImage, wave_on_image
from core.images.square import png_data_uri, to_uint8
from ui.maps.cell_predictions import WavedPicture, draw_answers
from ui.shared.picture_choice import choose_picture
from ui.shared.pictures import Picture

SEED = "signs"  # in the page's address, as are `pictures` and `picture`
PICTURE = "cell.picture"
FIRST = {"cifar10": 0, "photographs": 0}


def cell_panel(frequency: tuple[int, int]) -> Callable[[], None]:
    """Draw the panel for the wave (i, j): the picture on the left, and a question about it; the answers on the right.

    Returns:
        What takes longest, to be called when the rest of the page is drawn.
    """
    seen, answered = st.columns([3, 2], gap="large")
    with seen:
        shown = _picture_side(frequency)
        question = st.container()
    if shown is None:
        return lambda: None
    return draw_answers(shown, answered=answered, question=question)


def _picture_side(frequency: tuple[int, int]) -> WavedPicture | None:
    """Controls and pictures; returns what the answers are about, None without a picture that carries the wave."""
    st.markdown(f"##### The wave ({_signed(frequency[0])}, {_signed(frequency[1])}) on a picture")
    picture = st.session_state[PICTURE] = choose_picture("cell", address="", first=FIRST)
    if picture is None:
        return None
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
    seed = _seed()
    wave = wave_on_image(picture.image, frequency, epsilon, seed=seed, position=picture.position)
    _pictures(wave, frequency, epsilon, picture)
    return WavedPicture(picture, frequency, epsilon, seed)


def picture_now() -> Picture | None:
    """The picture chosen in the panel, for other parts of the page."""
    return st.session_state.get(PICTURE)


def _signed(number: int) -> str:
    return str(number).replace("-", "\N{MINUS SIGN}")


def _seed() -> int:
    text = str(st.session_state.get(SEED, st.query_params.get(SEED, "0")))
    st.session_state[SEED] = int(text) if text.isdecimal() and len(text) < 10 else 0
    if st.session_state[SEED] or SEED in st.query_params:
        st.query_params[SEED] = str(st.session_state[SEED])
    return st.session_state[SEED]


def _reroll() -> None:
    st.session_state[SEED] = _seed() + 1


def _pictures(wave: WaveOnImage, frequency: tuple[int, int], epsilon: float, picture: Picture) -> None:
    """Five pictures: clean, wave, perturbed, change as it is, change amplified."""
    i, j = frequency
    largest = float(np.abs(wave.change).max())
    factor = 0.5 / largest if largest > 0 else 1.0
    radius = math.hypot(i, j)
    period = f"one wave every {picture.size / radius:.1f} pixels" if radius else "constant brightness"
    grey_wave = 0.5 + 0.5 * wave.basis / np.abs(wave.basis).max()
    shown = [
        ("Picture", picture.caption, wave.clean),
        ("Wave", f"{radius:.1f} cycles per image, {period}", np.repeat(grey_wave[None], 3, axis=0)),
        ("Picture with the wave", "clipped to [0, 1]", wave.perturbed),
        ("Change, as it is", "grey is no change", 0.5 + wave.change),
        (f"Change × {factor:.3g}", "amplified to the full range", 0.5 + factor * wave.change),
    ]
    crisp = "pixelated" if picture.size < 100 else "auto"
    figures = "".join(
        f'<figure><img src="{png_data_uri(to_uint8(image.clip(0, 1)))}" alt="{html.escape(f"{title}: {text}")}" '
        f'style="image-rendering:{crisp}"><figcaption><b>{title}</b><br>{html.escape(text)}</figcaption></figure>'
        for title, text, image in shown
    )
    style = (
        "<style>.wave-row{display:grid;grid-template-columns:repeat(auto-fill,minmax(118px,1fr));gap:.6rem}"
        ".wave-row figure{margin:0}.wave-row img{width:100%;border-radius:4px;display:block}"
        ".wave-row figcaption{font-size:.78rem;line-height:1.25;margin-top:.25rem;opacity:.85}</style>"
    )
    st.html(f'{style}<div class="wave-row" data-wave="{i},{j}">{figures}</div>')
    norms = " / ".join(f"{norm:.2f}" for norm in wave.norm)
    st.caption(
        f"L2 norm per channel: {epsilon:.2f} before clipping; {norms} (red / green / blue) after. "
        f"Largest change of a pixel: {largest:.3f} of 1."
    )
    st.download_button(
        "This picture (PNG)",
        lambda: _png(wave.perturbed),
        f"wave_{i}_{j}_v{epsilon:g}.png",
        "image/png",
        icon=":material/download:",
        on_click="ignore",
    )


def _png(image: np.ndarray) -> bytes:
    return base64.b64decode(png_data_uri(to_uint8(image)).partition(",")[2])
