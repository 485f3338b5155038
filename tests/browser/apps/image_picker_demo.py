"""A page with nothing but the image picker, for the tests in a browser.

`?set=photographs`, `?thumbnail=64`. The pictures are the bundled samples.
"""

import streamlit as st

from core.data.samples import load_samples, sample_credits
from ui.components.image_picker import Thumbnails, image_picker, pack_thumbnails


@st.cache_resource(show_spinner=False)
def thumbnails(name: str) -> Thumbnails:
    captions = [credit.title for credit in sample_credits(name)]
    return pack_thumbnails(load_samples(name).images.transpose(0, 2, 3, 1), captions)


st.set_page_config(page_title="Image picker", layout="wide")
st.session_state.setdefault("picked", 7)
st.session_state.setdefault("runs", 0)
st.session_state.runs += 1


def pick(index: int) -> None:
    st.session_state.picked = index


st.button("Preset 42", on_click=pick, args=(42,))
image_picker(
    thumbnails(st.query_params.get("set", "cifar10-samples")),
    selected=st.session_state.picked,
    key="demo",
    label="Image",
    on_pick=pick,
    side=int(st.query_params.get("thumbnail", "48")),
)
st.text(f"Run {st.session_state.runs}: Python has picture {st.session_state.picked}")
