"""A page with nothing but the mask painter, for the tests in a browser. `?size=32` takes a small picture."""

import hashlib

import numpy as np
import streamlit as st

from core.data.samples import load_samples
from core.images.masks import encode_mask, random_square_mask, square_side
from ui.components.mask_painter import mask_painter

st.set_page_config(page_title="Mask painter", layout="wide")
size = int(st.query_params.get("size", "224"))
if st.checkbox("Other size"):
    size = 256 - size
data = load_samples("cifar10-samples" if size == 32 else "photographs")
position = 1 if st.checkbox("Other picture") else 0
name = f"mask{size}"
st.session_state.setdefault(name, np.zeros((1, size, size), dtype=bool))
st.session_state.setdefault("seed", 0)


def paint(mask: np.ndarray) -> None:
    st.session_state[name] = mask


def random_place() -> None:
    generator = np.random.default_rng(st.session_state.seed)
    st.session_state[name] = random_square_mask(square_side(size), height=size, width=size, generator=generator)
    st.session_state.seed += 1


if st.checkbox("Show the painter", value=True):
    mask_painter(
        data.images[position].transpose(1, 2, 0),
        st.session_state[name],
        side=square_side(size),
        radius=max(1, size // 28),
        key="demo",
        on_paint=paint,
        on_random=random_place,
    )
mask = st.session_state[name]
st.text(f"Python has {mask.sum()} pixels, {hashlib.sha256(encode_mask(mask).encode()).hexdigest()[:16]}")
