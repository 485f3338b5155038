"""A page with nothing but the image picker, for the tests in a browser.

`?set=photographs`, `?thumbnail=64`. The pictures are the bundled samples.
"""

import time

import streamlit as st

from core.data.samples import load_samples, sample_credits
from ui.components.image_picker import PickerImage, image_picker


@st.cache_resource(show_spinner=False)
def pictures(name: str) -> list[PickerImage]:
    samples = load_samples(name)
    return [
        PickerImage(image.transpose(1, 2, 0), credit.title)
        for image, credit in zip(samples.images, sample_credits(name), strict=True)
    ]


st.set_page_config(page_title="Image picker", layout="wide")
st.session_state.setdefault("picked", 7)
st.session_state.setdefault("name", st.query_params.get("set", "cifar10-samples"))
st.session_state.setdefault("runs", 0)
st.session_state.runs += 1


def pick(index: int) -> None:
    st.session_state.picked = index


def other() -> None:
    """Other pictures under the same key, as a page does when the data set changes; the choice is 7 in both."""
    st.session_state.name = "photographs" if st.session_state.name == "cifar10-samples" else "cifar10-samples"
    st.session_state.picked = 7


st.button("Preset 42", on_click=pick, args=(42,))
st.button("Other pictures", on_click=other)
images = pictures(st.session_state.name)
started = time.perf_counter()
if st.checkbox("Show the picker", value=True):
    image_picker(
        images,
        selected=st.session_state.picked,
        key="demo",
        label="Image",
        on_pick=pick,
        thumbnail=int(st.query_params.get("thumbnail", "48")),
    )
milliseconds = 1000 * (time.perf_counter() - started)
st.text(f"Run {st.session_state.runs}: Python has picture {st.session_state.picked}, {milliseconds:.1f} ms")
