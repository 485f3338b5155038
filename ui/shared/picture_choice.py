"""Choosing one picture on a page: a bundled sample or the visitor's own, kept while the visitor looks elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.data.classes import CLASS_SETS, IMAGE_SIZES
from ui.components.image_picker import Thumbnails, image_picker, pack_thumbnails
from ui.shared.limits import limits
from ui.shared.model_cache import ready_classifiers
from ui.shared.pictures import SETS, Picture, captions, sample_picture, samples, uploaded_pixels
from ui.shared.text import as_markdown, one_line, whole_number

THUMBNAILS = {"cifar10": 36, "photographs": 72}  # CSS pixels


@dataclass(frozen=True)
class PictureStrip:
    """The bundled pictures of the chosen set, for a component with its own thumbnails; `selected` is a place."""

    thumbnails: Thumbnails
    selected: int


def choose_picture(
    page: str, *, url_prefix: str, first: Mapping[str, int], grid: bool = True, kind: str = "CIFAR-10"
) -> Picture | None:
    """Draw the choice and return the picture, None while an upload is awaited.

    Args:
        page: begins the keys of what is kept for the visitor.
        url_prefix: begins the names of the URL's parameters: `{url_prefix}pictures` and `{url_prefix}picture`.
        first: the sample to begin with, of each bundled set.
        grid: draw the thumbnails, too. kind: of `SETS`, to begin with; where nobody knows CIFAR-10, it is photographs.
    """
    chosen = st.segmented_control(
        "Picture",
        list(SETS),
        default=kind if kind != "CIFAR-10" or ready_classifiers("cifar10") else "Photographs",
        key=f"{url_prefix}pictures",
        required=True,
        bind="query-params",
        label_visibility="collapsed",
    )
    name = SETS[chosen or "CIFAR-10"]
    return _uploaded(page) if name == "upload" else _sample(page, f"{url_prefix}picture", name, first[name], grid)


def picture_strip(page: str, *, url_prefix: str) -> PictureStrip | None:
    """What `choose_picture` chose from; None where that is an upload."""
    kind = _kind(url_prefix)
    return None if kind == "upload" else PictureStrip(_thumbnails(kind), _places(page)[kind])


def pick_picture(page: str, place: int, *, url_prefix: str) -> None:
    """Take another picture of the chosen set; call it before `choose_picture`, as callbacks do."""
    _places(page)[_kind(url_prefix)] = place


def _kind(url_prefix: str) -> str:
    return SETS[st.session_state.get(f"{url_prefix}pictures") or "CIFAR-10"]


def _places(page: str) -> dict[str, int]:
    return st.session_state.setdefault(f"{page}.places", {})


def _sample(page: str, parameter: str, kind: str, first: int, grid: bool) -> Picture:
    """A bundled picture; its place stands in the URL's `parameter`."""
    places = _places(page)
    if kind not in places:
        place = whole_number(st.query_params.get(parameter, ""))
        places[kind] = first if place is None or place >= len(samples(kind)) else place
    if st.query_params.get(parameter, str(first)) != str(places[kind]):
        st.query_params[parameter] = str(places[kind])
    if grid:
        image_picker(
            _thumbnails(kind),
            selected=places[kind],
            key=f"{page}.picker.{kind}",
            label="Bundled pictures",
            on_pick=lambda picked: places.__setitem__(kind, picked),
            side=THUMBNAILS[kind],
        )
    return sample_picture(kind, places[kind])


@st.cache_resource(show_spinner=False)
def _thumbnails(kind: str) -> Thumbnails:
    return pack_thumbnails(samples(kind).images.transpose(0, 2, 3, 1), captions(kind))


def _uploaded(page: str) -> Picture | None:
    kept = f"{page}.uploaded"
    most = limits()
    file = st.file_uploader(
        f"Your picture (JPEG, PNG, WebP, GIF, BMP or TIFF, up to {most.picture_mb} MB and {most.picture_megapixels} "
        "megapixels; it stays on this server only while you visit)",
        key=f"{page}.upload",
        max_upload_size=most.picture_mb,
    )
    if file is not None and st.session_state.get(f"{kept}_id") != file.file_id:
        # Once for each file, not in every run; in this session alone, and gone with it.
        st.session_state[f"{kept}_id"] = file.file_id
        st.session_state[kept] = _read_upload(file.name, file.getvalue())
    if kept not in st.session_state:
        st.info("Choose a picture of your own above, or one of the bundled ones.")
        return None
    name, found = st.session_state[kept]
    if isinstance(found, str):
        st.error(as_markdown(f"{one_line(name, 60)}: {found}"))
        return None
    left, right = st.columns(2)
    uses = {"224 px, ImageNet classes": "imagenet", "32 px, CIFAR-10 classes": "cifar10"}
    class_set = uses[left.radio("Used at", list(uses), key=f"{page}.upload_size", persist_state="session")]
    size, names = IMAGE_SIZES[class_set], CLASS_SETS[class_set]().names
    label = right.selectbox(
        "True class (optional)",
        range(len(names)),
        index=None,
        format_func=names.__getitem__,
        key=f"{page}.true_class.{size}",
        persist_state="session",
    )
    return Picture(found[size], label, class_set, 0, name)


def _read_upload(name: str, data: bytes) -> tuple[str, dict[int, np.ndarray] | str]:
    """A file's name, and its pixels by size or the sentence that says why there are none."""
    try:
        return name, uploaded_pixels(data)
    except ValueError as error:
        return name, str(error)
