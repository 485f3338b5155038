"""Each component alone on a page, for browser tests; one server runs them all without torch.

`?demo=maps`, `&maps=2` (1 to 4);
`?demo=pictures`; `?demo=mask`, `&size=32`; `?demo=sketch`, `&size=64`;
`?demo=job`, an endless one.
"""

import hashlib
import time
from collections.abc import Iterator

import numpy as np
import streamlit as st

from core.data.datasets import load_samples, sample_credits
from core.data.holes import encode_mask, square_side
from core.data.sketches import PALETTE, SKETCHES, draw_sketch
from core.fourier.heatmap import PERCENT
from core.shared.numbers import Interval, wave_name
from tests.browser.apps.demo_values import SIDES, demo_value
from ui.components.maps.maps import MapView, ShownMaps, heatmap_view
from ui.components.painters.painters import mask_painter, sketch_painter
from ui.components.pictures.pictures import Thumbnails, image_picker, pack_thumbnails
from ui.server.jobs import JobManager
from ui.server.streamlit_internals import session_id


def query(name: str, default: str) -> str:
    return st.query_params.get(name, default)


def run_number() -> int:
    """Number of this visitor's script run, from 1."""
    st.session_state.runs = st.session_state.get("runs", 0) + 1
    return st.session_state.runs


def maps() -> None:
    """The heat map component. Values are a known function of the frequency, `demo_value`."""
    number = run_number()
    st.session_state.setdefault("frequency", (3, -4))

    def select(frequency: tuple[int, int]) -> None:
        st.session_state.frequency = frequency

    st.button("Preset (0, 12)", on_click=select, args=((0, 12),))
    if st.checkbox("Show the maps", value=True):
        views = [demo_map(k) for k in range(int(query("maps", "2")))]
        shown = ShownMaps(views, "viridis", (0, 0.9))
        heatmap_view(shown, selected=st.session_state.frequency, key="demo", on_select=select)
    st.text(f"Run {number}: Python has {wave_name(st.session_state.frequency)}")


def demo_map(number: int) -> MapView:
    side = SIDES[number]
    i, j = np.mgrid[:side, :side] - side // 2
    values = demo_value(number, i, j)
    values[(i > 9) & (j > 9)] = np.nan
    return MapView(
        title=f"Classifier {'ABCD'[number]}",
        subtitle=f"CIFAR-10, 10,000 images, clean error {8 + 12 * number} %",
        values=values / 100,
        interval=Interval(values, (values - 1) / 100, (values + 1) / 100),
        value_label="error",
        unit=PERCENT,
    )


def pictures() -> None:
    """The image picker, with the bundled samples."""
    number = run_number()
    st.session_state.setdefault("picked", 7)

    def pick(index: int) -> None:
        st.session_state.picked = index

    st.button("Preset 42", on_click=pick, args=(42,))
    image_picker(thumbnails(), selected=st.session_state.picked, key="demo", label="Image", on_pick=pick)
    st.text(f"Run {number}: Python has picture {st.session_state.picked}")


@st.cache_resource(show_spinner=False)
def thumbnails() -> Thumbnails:
    captions = [credit.title for credit in sample_credits("cifar10-samples")]
    return pack_thumbnails(load_samples("cifar10-samples").images.transpose(0, 2, 3, 1), captions)


def mask() -> None:
    """The mask painter."""
    size = int(query("size", "224"))
    if st.checkbox("Other size"):
        size = 256 - size
    data = load_samples("cifar10-samples" if size == 32 else "photographs")
    position = 1 if st.checkbox("Other picture") else 0
    name = f"mask{size}"
    st.session_state.setdefault(name, np.zeros((1, size, size), dtype=bool))

    def paint(painted: np.ndarray) -> None:
        st.session_state[name] = painted

    if st.checkbox("Show the painter", value=True):
        mask_painter(
            data.images[position].transpose(1, 2, 0),
            st.session_state[name],
            side=square_side(size),
            key="demo",
            on_paint=paint,
        )
    painted = st.session_state[name]
    st.text(f"Python has {painted.sum()} pixels, {digest(encode_mask(painted).encode())}")


def sketch() -> None:
    """The sketch painter."""
    size = int(query("size", "32"))
    if st.checkbox("Other size"):
        size = 96 - size
    name = f"sketch{size}"
    st.session_state.setdefault(name, np.full((size, size, 3), PALETTE["white"], dtype=np.uint8))

    def paint(picture: np.ndarray) -> None:
        st.session_state[name] = picture

    for column, drawn in zip(st.columns(len(SKETCHES)), SKETCHES, strict=True):
        if column.button(drawn):
            paint(draw_sketch(drawn, size))
    if st.checkbox("Show the painter", value=True):
        sketch_painter(st.session_state[name], key="demo", on_paint=paint)
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
