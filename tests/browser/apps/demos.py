"""Each component alone on a page, for browser tests; one server runs them all without torch.

`?demo=mask`; `?demo=sketch`; `?demo=frame`; `?demo=job`, an endless one.
"""

import hashlib
import time
from collections.abc import Iterator
from functools import partial

import numpy as np
import streamlit as st

from core.data.datasets import load_samples
from core.data.holes import encode_mask, square_size
from core.data.picture_files import png_data_uri
from core.data.sketches import PALETTE, draw_sketch
from ui.components.painters.painters import mask_painter, photo_frame, sketch_painter
from ui.server.jobs import JobManager
from ui.server.streamlit_internals import session_id, tab_id


def mask() -> None:
    """The mask painter."""
    picture = load_samples("photographs").images[int(st.checkbox("Other picture"))].transpose(1, 2, 0)
    painted = st.session_state.setdefault("mask", np.zeros((1, 224, 224), dtype=bool))
    paint = partial(st.session_state.__setitem__, "mask")
    mask_painter(picture, painted, square=square_size(224), key="demo", on_paint=paint)
    st.text(f"Python has {painted.sum()} pixels, {digest(encode_mask(painted).encode())}")


def sketch() -> None:
    """The sketch painter."""
    size = 64 if st.checkbox("Other size") else 32
    name, white = f"sketch{size}", PALETTE["white"]
    st.session_state.setdefault(name, np.full((size, size, 3), white, dtype=np.uint8))
    paint = partial(st.session_state.__setitem__, name)
    if st.button("ship"):
        paint(draw_sketch("ship"))
    if st.checkbox("Show the painter", value=True):
        sketch_painter(st.session_state[name], key="demo", on_paint=paint, background=white)
    st.text(f"Python has {digest(st.session_state[name].tobytes())}")


def frame() -> None:
    """A photo under its frame, wide or tall."""
    height, width = (300, 200) if "tall" in st.query_params else (200, 300)
    source = png_data_uri(np.tile(np.linspace(0, 255, width, dtype=np.uint8)[:, None], (height, 1, 3)))
    place = st.session_state.setdefault("place", 0.5)
    move = partial(st.session_state.__setitem__, "place")
    photo_frame(source, (width, height), place, key="demo", on_move=move, alt="a gradient")
    st.text(f"Python has {place:.2f}")
    st.text("".join(f"{line}\n" for line in range(60)))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def job() -> None:
    """An endless job in the only slot; a closed tab is noticed within a second."""
    if st.button("Start"):
        st.session_state.job = manager(float(st.query_params.get("quiet", 1))).submit(
            count, owner=session_id(), tab=tab_id()
        )
    running = st.session_state.get("job")

    @st.fragment(run_every=0.2 if running and running.active else None)
    def live() -> None:
        if running is None:
            return
        running.beat()
        st.text(f"{running.status}, {running.position} in line, {running.done} steps")
        if running.active and st.button("End the run"):
            running.stop()
            st.rerun()

    live()


@st.cache_resource
def manager(quiet: float) -> JobManager:
    return JobManager(
        quiet_seconds=quiet, is_connected=lambda owner: st.runtime.get_instance().is_active_session(owner)
    )


def count() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        time.sleep(0.05)
        yield number


st.set_page_config(page_title="Components", layout="wide")
{page.__name__: page for page in (mask, sketch, frame, job)}[st.query_params["demo"]]()
