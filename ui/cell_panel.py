"""The chosen wave on a real picture: what it looks like, what it changes, how classifiers answer."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Callable

import numpy as np
import streamlit as st

from core.answers import WaveOnImage, wave_on_image
from core.images import ImageError, png_data_uri, to_uint8
from core.sweep import PAPER_EPSILON
from ui.cell_answers import WavedPicture, draw_answers
from ui.image_picker import PickerImage, image_picker
from ui.models_in_memory import ready_classifiers
from ui.pictures import SETS, Picture, captions, sample_picture, samples, uploaded_pixels

# What a visitor chose here; the first three stand in the page's address as well.
PICTURES, PICTURE, SEED = "pictures", "picture", "signs"
UPLOAD, UPLOAD_SIZE, TRUE_CLASS = "cell.upload", "cell.upload_size", "cell.true_class"


def cell_panel(frequency: tuple[int, int]) -> Callable[[], None]:
    """Draw the panel for the wave (i, j): the picture on the left, the answers on the right.

    Returns:
        What takes longest, to be called when the rest of the page is drawn.
    """
    seen, answered = st.columns([3, 2], gap="large")
    with seen:
        shown = _picture_side(frequency)
    if shown is None:
        return lambda: None
    with answered:
        return draw_answers(shown)


def _picture_side(frequency: tuple[int, int]) -> WavedPicture | None:
    """Controls and pictures; returns what the answers are about, None without a picture that carries the wave."""
    st.markdown(f"##### The wave ({_signed(frequency[0])}, {_signed(frequency[1])}) on a picture")
    picture = _choose_picture()
    if picture is None:
        return None
    half = picture.size // 2
    if max(map(abs, frequency)) > half:
        st.info(
            f"Pictures of {picture.size} pixels carry at most {half} cycles per image: choose a cell nearer to the "
            "middle, or a larger picture."
        )
        return None
    paper = PAPER_EPSILON[picture.size]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    epsilon = left.slider(
        f"Size v of the wave (L2 norm per channel; the paper's is {paper:g})",
        0.0,
        4 * paper,
        paper,
        step=paper / 20,
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
    return st.session_state.get("cell.picture")


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


def _choose_picture() -> Picture | None:
    chosen = st.segmented_control(
        "Picture",
        list(SETS),
        default="CIFAR-10" if ready_classifiers("cifar10") else "Photographs",
        key=PICTURES,
        required=True,
        bind="query-params",
        label_visibility="collapsed",
    )
    kind = SETS[chosen or "CIFAR-10"]
    picture = _uploaded() if kind == "upload" else _sample(kind)
    st.session_state["cell.picture"] = picture
    return picture


def _sample(kind: str) -> Picture:
    data = samples(kind)
    chosen: dict[str, int] = st.session_state.setdefault(PICTURE, {})
    if kind not in chosen:
        text = st.query_params.get(PICTURE, "")
        chosen[kind] = int(text) if text.isdecimal() and int(text) < len(data) else 0
    position = chosen[kind]
    if st.query_params.get(PICTURE, "0") != str(position):
        st.query_params[PICTURE] = str(position)
    image_picker(
        _thumbnails(kind),
        selected=position,
        key=f"cell.picker.{kind}",
        label="Bundled pictures",
        on_pick=lambda picked: chosen.__setitem__(kind, picked),
        thumbnail=36 if kind == "cifar10" else 72,
    )
    return sample_picture(kind, position)


@st.cache_data(show_spinner=False)
def _thumbnails(kind: str) -> list[PickerImage]:
    return [
        PickerImage(pixels.transpose(1, 2, 0), caption)
        for pixels, caption in zip(samples(kind).images, captions(kind), strict=True)
    ]


def _uploaded() -> Picture | None:
    left, right = st.columns([2, 1])
    file = left.file_uploader(
        "Your picture (JPEG, PNG, WebP, GIF, BMP or TIFF, up to 20 MB; it stays on this server only while you visit)",
        key=UPLOAD,
        max_upload_size=20,
    )
    size = right.radio(
        "Used at",
        [224, 32],
        format_func=lambda pixels: f"{pixels} px, {'ImageNet' if pixels == 224 else 'CIFAR-10'} classes",
        key=UPLOAD_SIZE,
    )
    if file is None:
        return None
    try:
        pixels = uploaded_pixels(file.getvalue(), size)
    except ImageError as error:
        st.error(f"{file.name}: {error}")
        return None
    class_set = "imagenet" if size == 224 else "cifar10"
    picture = Picture(pixels, None, class_set, 0, file.name)
    names = picture.classes.names
    label = right.selectbox(
        "True class (optional)",
        range(len(names)),
        index=None,
        format_func=names.__getitem__,
        key=f"{TRUE_CLASS}.{size}",
    )
    return Picture(pixels, label, class_set, 0, file.name)


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
