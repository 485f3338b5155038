"""Choosing one picture on a page: a bundled sample or the visitor's own, kept while the visitor looks elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.images import ImageError
from ui.components.image_picker import PickerImage, image_picker
from ui.shared.model_cache import ready_classifiers
from ui.shared.pictures import SETS, Picture, captions, sample_picture, samples, uploaded_pixels
from ui.shared.text import as_markdown, one_line

# For holes: a cat that its hole turns into a horse for a small network, and a tabby that is not clearly one.
FIRST = {"cifar10": 33, "photographs": 0}
THUMBNAILS = {"cifar10": 36, "photographs": 72}  # CSS pixels


def choose_picture(page: str, *, address: str, first: Mapping[str, int]) -> Picture | None:
    """Draw the choice and return the picture, None while an upload is awaited.

    Args:
        page: begins the keys of what is kept for the visitor.
        address: begins the names in the page's address: `{address}pictures` and `{address}picture`.
        first: the sample to begin with, of each bundled set.
    """
    chosen = st.segmented_control(
        "Picture",
        list(SETS),
        default="CIFAR-10" if ready_classifiers("cifar10") else "Photographs",
        key=f"{address}pictures",
        required=True,
        bind="query-params",
        label_visibility="collapsed",
    )
    kind = SETS[chosen or "CIFAR-10"]
    return _uploaded(page) if kind == "upload" else _sample(page, f"{address}picture", kind, first[kind])


def _sample(page: str, name: str, kind: str, first: int) -> Picture:
    """A bundled picture; its place stands in the address under `name`."""
    places: dict[str, int] = st.session_state.setdefault(f"{page}.places", {})
    if kind not in places:
        text = st.query_params.get(name, "")
        places[kind] = int(text) if text.isdecimal() and int(text) < len(samples(kind)) else first
    if st.query_params.get(name, str(first)) != str(places[kind]):
        st.query_params[name] = str(places[kind])
    image_picker(
        _thumbnails(kind),
        selected=places[kind],
        key=f"{page}.picker.{kind}",
        label="Bundled pictures",
        on_pick=lambda picked: places.__setitem__(kind, picked),
        thumbnail=THUMBNAILS[kind],
    )
    return sample_picture(kind, places[kind])


@st.cache_data(show_spinner=False)
def _thumbnails(kind: str) -> list[PickerImage]:
    return [
        PickerImage(pixels.transpose(1, 2, 0), caption)
        for pixels, caption in zip(samples(kind).images, captions(kind), strict=True)
    ]


def _uploaded(page: str) -> Picture | None:
    kept = f"{page}.uploaded"
    file = st.file_uploader(
        "Your picture (JPEG, PNG, WebP, GIF, BMP or TIFF, up to 20 MB; it stays on this server only while you visit)",
        key=f"{page}.upload",
        max_upload_size=20,
    )
    if file is not None:
        st.session_state[kept] = file.name, file.getvalue()
    if kept not in st.session_state:
        st.info("Choose a picture of your own above, or one of the bundled ones.")
        return None
    name, data = st.session_state[kept]
    left, right = st.columns(2)
    sizes = {"224 px, ImageNet classes": 224, "32 px, CIFAR-10 classes": 32}
    size = sizes[left.radio("Used at", list(sizes), key=f"{page}.upload_size", persist_state="session")]
    try:
        pixels = uploaded_pixels(data, size)
    except ImageError as error:
        del st.session_state[kept]
        st.error(as_markdown(f"{one_line(name, 60)}: {error}"))
        return None
    class_set = "imagenet" if size == 224 else "cifar10"
    names = Picture(pixels, None, class_set, 0, name).classes.names
    label = right.selectbox(
        "True class (optional)",
        range(len(names)),
        index=None,
        format_func=names.__getitem__,
        key=f"{page}.true_class.{size}",
        persist_state="session",
    )
    return Picture(pixels, label, class_set, 0, name)
