"""Visitor's own start for *Draw*: a sketch or a picture."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import streamlit as st

from core.data.painted import PALETTE, SIDE, SKETCHES, decode_sketch, draw_sketch, encode_sketch
from core.data.pixels import square_image
from core.data.sample_sets import SampleSet
from ui.components.sketch_painter import sketch_painter
from ui.runs.setup.settings import choose_picture
from ui.shared import url
from ui.shared.picture_rows import enlarge

PAGE = "generation"
LINKED = f"{PAGE}-sketch"  # in the URL
FIRST = next(iter(SKETCHES))
_KEPT = f"{PAGE}.sketch"


def keep_sketch(picture: np.ndarray) -> None:
    """Make a uint8 (32, 32, 3) picture the visitor's sketch; for callbacks."""
    st.session_state[_KEPT] = picture


def sketch_start(on_sketch: Callable[[str], None]) -> np.ndarray:
    """Draw the painter with the bundled sketches above it; return uint8 (32, 32, 3).

    on_sketch: called with a bundled sketch's class when the visitor chooses it.
    """
    state = st.session_state
    if _KEPT not in state:
        state[_KEPT] = draw_sketch(FIRST)
        with suppress(ValueError):
            if linked := url.text(LINKED):
                state[_KEPT] = decode_sketch(linked, SIDE)

    def take() -> None:
        if (name := state[f"{PAGE}.bundled_sketch"]) is not None:
            keep_sketch(draw_sketch(name))
            on_sketch(name)
            state[f"{PAGE}.bundled_sketch"] = None

    st.selectbox(
        "Bundled sketch to begin with",
        list(SKETCHES),
        index=None,
        placeholder="horse, ship, frog, …",
        key=f"{PAGE}.bundled_sketch",
        on_change=take,
    )
    sketch_painter(state[_KEPT], key=f"{PAGE}.painter", on_paint=keep_sketch, background=PALETTE["sky blue"])
    text = None
    try:
        text = encode_sketch(state[_KEPT])
    except ValueError:
        st.markdown("This picture has too many details for a link, so *Share* leaves it out.")
    url.put(LINKED, text, encode_sketch(draw_sketch(FIRST)))
    return state[_KEPT]


def picture_start(row: SampleSet) -> tuple[np.ndarray, str] | None:
    """Draw the choice of a picture; return it, uint8 (side, side, 3), and its caption, or None without one."""
    if (picture := choose_picture(PAGE, row.title, st.container())) is None:
        return None
    st.image(picture.pixels.transpose(1, 2, 0), caption=picture.caption, width=150)
    return square_image(picture.pixels.transpose(1, 2, 0), row.side, resize_to=row.side), picture.caption


def to_starts(picture: np.ndarray, side: int, count: int) -> np.ndarray:
    """Return (count, 3, side, side) float32 in [0, 1], the picture once per target, enlarged by an integer factor."""
    planes = enlarge(picture, side).transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    return np.repeat(planes[None], count, axis=0)
