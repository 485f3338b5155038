"""Each component alone on a page, for browser tests; one server runs them all without torch.

`?demo=maps`; `?demo=pictures`; `?demo=mask`; `?demo=sketch`; `?demo=job`, an endless one.
"""

import hashlib
import time
from collections.abc import Iterator
from functools import partial

import numpy as np
import streamlit as st

from core.data.datasets import load_samples, sample_credits
from core.data.holes import encode_mask, square_side
from core.data.sketches import PALETTE, draw_sketch
from core.shared.numbers import Interval, wave_name
from tests.browser.apps.demo_values import SIDES, demo_value
from ui.components.maps.maps import MapView, ShownMaps, heatmap_view
from ui.components.painters.painters import mask_painter, sketch_painter
from ui.components.pictures.pictures import Thumbnails, image_picker, pack_thumbnails
from ui.server.jobs import JobManager
from ui.server.streamlit_internals import session_id


def run_number() -> int:
    """Number of this visitor's script run, from 1."""
    st.session_state.runs = st.session_state.get("runs", 0) + 1
    return st.session_state.runs


def maps() -> None:
    """The heat map component. Values are a known function of the frequency, `demo_value`."""
    number, chosen = run_number(), st.session_state.setdefault("frequency", (3, -4))
    select = partial(st.session_state.__setitem__, "frequency")
    st.button("Preset (0, 12)", on_click=select, args=((0, 12),))
    if st.checkbox("Show the maps", value=True):
        shown = ShownMaps([demo_map(k) for k in range(len(SIDES))], "viridis", (0, 0.9))
        heatmap_view(shown, selected=chosen, key="demo", on_select=select)
    st.text(f"Run {number}: Python has {wave_name(chosen)}")


def demo_map(number: int) -> MapView:
    side = SIDES[number]
    i, j = np.mgrid[:side, :side] - side // 2
    values = demo_value(number, i, j)
    values[(i > 9) & (j > 9)] = np.nan
    return MapView(
        title=f"Classifier {'AB'[number]}",
        subtitle=f"CIFAR-10, 10,000 images, clean error {8 + 12 * number} %",
        values=values / 100,
        interval=Interval(values, (values - 1) / 100, (values + 1) / 100),
    )


def pictures() -> None:
    """The image picker, with the bundled samples."""
    number, picked = run_number(), st.session_state.setdefault("picked", 7)
    pick = partial(st.session_state.__setitem__, "picked")
    image_picker(thumbnails(), selected=picked, key="demo", label="Image", on_pick=pick)
    st.text(f"Run {number}: Python has picture {picked}")


@st.cache_resource(show_spinner=False)
def thumbnails() -> Thumbnails:
    captions = [credit.title for credit in sample_credits("cifar10-samples")]
    return pack_thumbnails(load_samples("cifar10-samples").images.transpose(0, 2, 3, 1), captions)


def mask() -> None:
    """The mask painter."""
    picture = load_samples("photographs").images[int(st.checkbox("Other picture"))].transpose(1, 2, 0)
    painted = st.session_state.setdefault("mask", np.zeros((1, 224, 224), dtype=bool))
    paint = partial(st.session_state.__setitem__, "mask")
    mask_painter(picture, painted, square=square_side(224), key="demo", on_paint=paint)
    st.text(f"Python has {painted.sum()} pixels, {digest(encode_mask(painted).encode())}")


def sketch() -> None:
    """The sketch painter."""
    size = 64 if st.checkbox("Other size") else 32
    name, white = f"sketch{size}", PALETTE["white"]
    st.session_state.setdefault(name, np.full((size, size, 3), white, dtype=np.uint8))
    paint = partial(st.session_state.__setitem__, name)
    if st.button("ship"):
        paint(draw_sketch("ship", size))
    if st.checkbox("Show the painter", value=True):
        sketch_painter(st.session_state[name], key="demo", on_paint=paint, background=white)
    st.text(f"Python has {digest(st.session_state[name].tobytes())}")


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def job() -> None:
    """An endless job in the only slot; a closed tab is noticed within a second."""
    if st.button("Start"):
        st.session_state.job = manager().submit(count, owner=session_id())
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
def manager() -> JobManager:
    return JobManager(quiet_seconds=1, is_connected=lambda owner: st.runtime.get_instance().is_active_session(owner))


def count() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        time.sleep(0.05)
        yield number


st.set_page_config(page_title="Components", layout="wide")
{page.__name__: page for page in (maps, pictures, mask, sketch, job)}[st.query_params["demo"]]()
