"""A page with nothing but the sketch painter, for the tests in a browser. `?size=64` takes another side."""

import hashlib

import numpy as np
import streamlit as st

from core.images.sketch import PALETTE, SKETCHES, draw_sketch
from ui.components.sketch_painter import sketch_painter

st.set_page_config(page_title="Sketch painter", layout="wide")
size = int(st.query_params.get("size", "32"))
if st.checkbox("Other size"):
    size = 96 - size
name = f"sketch{size}"
st.session_state.setdefault(name, np.full((size, size, 3), PALETTE["white"], dtype=np.uint8))


def paint(picture: np.ndarray) -> None:
    st.session_state[name] = picture


for column, sketch in zip(st.columns(len(SKETCHES)), SKETCHES, strict=True):
    if column.button(sketch):
        paint(draw_sketch(sketch, size))

if st.checkbox("Show the painter", value=True):
    sketch_painter(st.session_state[name], key="demo", on_paint=paint)
st.text(f"Python has {hashlib.sha256(st.session_state[name].tobytes()).hexdigest()[:16]}")
