"""Choosing one picture on a page: a bundled sample or the visitor's own, kept while the visitor looks elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

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


def chosen_picture(page: str, *, url_prefix: str, first: Mapping[str, int], kind: str = "CIFAR-10") -> Picture | None:
    """The picture that this visitor, a link or the page chose; None where that is an upload that is not here.

    Args:
        page: begins the keys of what is kept for the visitor.
        url_prefix: begins the names of the URL's parameters: `{url_prefix}pictures` and `{url_prefix}picture`.
        first: the sample to begin with, of each bundled set.
        kind: of `SETS`, to begin with; where nobody knows CIFAR-10, it is photographs.
    """
    key, state = f"{url_prefix}pictures", st.session_state
    default = kind if kind != "CIFAR-10" or ready_classifiers("cifar10") else "Photographs"
    if state.get(key) not in SETS:
        linked = st.query_params.get(key)
        state[key] = linked if linked in SETS else default
    _into_url(key, state[key], default)
    chosen = SETS[state[key]]
    if chosen == "upload":
        return state.get(_own(page))
    places, parameter = _places(page), f"{url_prefix}picture"
    if chosen not in places:
        place = whole_number(st.query_params.get(parameter, ""))
        places[chosen] = first[chosen] if place is None or place >= len(samples(chosen)) else place
    _into_url(parameter, str(places[chosen]), str(first[chosen]))
    return sample_picture(chosen, places[chosen])


def picture_strip(page: str, *, url_prefix: str) -> PictureStrip | None:
    """The pictures beside the chosen one; None where that is an upload. Call it after `chosen_picture`."""
    kind = SETS[st.session_state[f"{url_prefix}pictures"]]
    return None if kind == "upload" else PictureStrip(_thumbnails(kind), _places(page)[kind])


def pick_picture(page: str, place: int, *, url_prefix: str) -> None:
    """Take another picture of the chosen set; for callbacks."""
    _places(page)[SETS[st.session_state[f"{url_prefix}pictures"]]] = place


def open_library(page: str) -> None:
    """Show the library from the next run on; for callbacks."""
    st.session_state[_open(page)] = True


def picture_library(page: str, *, url_prefix: str, first: Mapping[str, int]) -> None:
    """A dialog with all bundled pictures and the visitor's own, while it is open; a choice closes it.

    Args:
        page, url_prefix, first: as `chosen_picture` takes them.
    """
    # Asked in every run: a run that follows by itself, such as the one that loads torch, must not close it.
    if st.session_state.get(_open(page)):
        st.dialog("Choose a picture", width="medium", on_dismiss=partial(_close, page))(_library)(
            page, f"{url_prefix}pictures", first
        )


def _library(page: str, set_key: str, first: Mapping[str, int]) -> None:
    """The dialog's content."""
    if not st.session_state[_open(page)]:
        st.rerun()  # something was chosen: the whole page, without the dialog
    label = st.segmented_control(
        "Picture",
        list(SETS),
        default=st.session_state[set_key],
        key=f"{page}.kind",
        required=True,
        label_visibility="collapsed",
    )
    kind = SETS[label]
    if kind == "upload":
        own = _uploaded(page)
        use = partial(_take, page, set_key, label, own)
        st.button("Use this picture", type="primary", disabled=own is None, on_click=use, key=f"{page}.use")
        return
    image_picker(
        _thumbnails(kind),
        selected=_places(page).get(kind, first[kind]),
        key=f"{page}.picker.{kind}",
        label="Bundled pictures",
        on_pick=partial(_take, page, set_key, label),
        side=THUMBNAILS[kind],
    )


def _take(page: str, set_key: str, label: str, chosen: int | Picture | None) -> None:
    """Show a sample, by its place in the set, or the visitor's own picture; for callbacks."""
    if isinstance(chosen, int):
        _places(page)[SETS[label]] = chosen
    else:
        st.session_state[_own(page)] = chosen
    st.session_state[set_key] = label
    _close(page)


def _close(page: str) -> None:
    st.session_state[_open(page)] = False


def _open(page: str) -> str:
    return f"{page}.library_open"


def _own(page: str) -> str:
    return f"{page}.own"


def _places(page: str) -> dict[str, int]:
    return st.session_state.setdefault(f"{page}.places", {})


def _into_url(parameter: str, value: str, default: str) -> None:
    """What differs from the default stands in the URL; what a link said stays as long as it is true."""
    if st.query_params.get(parameter, default) != value:
        st.query_params[parameter] = value


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
        return None
    name, found = st.session_state[kept]
    if isinstance(found, str):
        st.error(as_markdown(f"{one_line(name, 60)}: {found}"))
        return None
    st.markdown(as_markdown(one_line(name, 60)))
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
