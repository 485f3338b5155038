"""Choice of a picture, a bundled sample or the visitor's own, and rows of pictures side by side."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import cast

import numpy as np
import streamlit as st

from core.data.datasets import load_samples, sample_credits
from core.data.picture_files import framed_square, png_data_uri, square_image, to_uint8, whole_uploads
from core.data.sample_sets import SAMPLE_SETS, ClassSet, ImageDataset
from core.data.words import everyday_name
from core.shared.device import class_probabilities
from ui.components.mount import lossy_data_uri, webp_strip
from ui.components.painters.painters import photo_frame
from ui.components.pictures.picture_widgets import Thumbnails, TileStyle, image_picker, pack_thumbnails
from ui.server.cache import classifier_for, single_flight_cache
from ui.server.limits import check_upload
from ui.shared import url
from ui.shared.page import MISSING, forget_missing, press_once, say_if_missing
from ui.shared.url import as_markdown, one_line

MAX_MB = 20  # of an uploaded picture
_SHOWN_SIZE, _SHOWN_QUALITY = 448, 88  # of a photo under its frame
MIDDLE = 0.5  # the position of a photo's frame at first
UPLOAD = "Yours"  # instead of a sample set: the visitor's own picture


@dataclass(frozen=True, eq=False)
class Picture:
    """Picture with its metadata. Two are equal if all fields except caption and photo are.

    pixels: (3, H, W) uint8, H = W. label: index of the true class in `classes`; None for an upload without one.
    sample_set: name of its sample set, or of the one an upload stands in for. position: index in its data set, which
    seeds the signs of its waves. own: True for an upload. photo: the whole photo that an upload was cropped from.
    """

    pixels: np.ndarray
    label: int | None
    sample_set: str
    position: int
    caption: str
    own: bool = False
    photo: Photo | None = None

    @cached_property
    def _identity(self) -> tuple[object, ...]:
        return self.sample_set, self.label, self.position, self.own, hashlib.blake2b(self.pixels.tobytes()).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def size(self) -> int:
        return self.pixels.shape[-1]

    @property
    def image(self) -> np.ndarray:
        """(3, H, W) float32 in [0, 1]."""
        return self.pixels.astype(np.float32) / 255

    @property
    def class_set(self) -> str:
        return SAMPLE_SETS[self.sample_set].class_set

    @property
    def classes(self) -> ClassSet:
        return SAMPLE_SETS[self.sample_set].classes


@single_flight_cache(max_entries=500)
def predicted(name: str, classes: ClassSet, template: str | None, picture: Picture) -> np.ndarray:
    """Return the (K,) probabilities of a picture by a classifier; classes, template: as `classifier_for` takes them."""
    return class_probabilities(classifier_for(name, classes, template), picture.image[None])[0]


def picture_kinds() -> dict[str, str]:
    """Return the sources of pictures: the title in menus and URLs, mapped to a sample set's name or `UPLOAD`."""
    return {**{row.title: row.name for row in SAMPLE_SETS.values()}, UPLOAD: UPLOAD}


@cache
def samples(name: str) -> ImageDataset:
    """Load the pictures of a sample set, for all visitors: they never change."""
    return load_samples(SAMPLE_SETS[name].dataset)


@cache
def captions(name: str) -> list[str]:
    """Return a line per sample: its class and, unless all share one author, its title, author and licence."""
    data = samples(name)
    classes = [everyday_name(data.classes.names[label]) for label in data.labels]
    credits = sample_credits(SAMPLE_SETS[name].dataset)
    if len({credit.author for credit in credits}) == 1:
        return classes
    credited = zip(classes, credits, strict=True)
    return [f"{label}: {credit.title}, {credit.author}, {credit.licence}" for label, credit in credited]


def sample_picture(name: str, position: int) -> Picture:
    """Return a bundled sample."""
    data = samples(name)
    label = int(data.labels[position])
    return Picture(data.images[position], label, name, position, captions(name)[position])


@dataclass(frozen=True, eq=False)
class Photo:
    """A whole photo under a frame: a visitor's, from `uploaded_photo`, or a bundled one.

    pixels: uint8 (H, W, 3); its shorter side matches that set's pictures. shown: URL of a larger copy for the browser.
    name: of the visitor's file, or what the bundled photo shows.
    """

    pixels: np.ndarray
    shown: str
    name: str
    bundled: bool = False

    @property
    def is_square(self) -> bool:
        return self.pixels.shape[0] == self.pixels.shape[1]

    def framed(self, sample_set: str, position: float = MIDDLE) -> Picture:
        """Return its square at a position from 0 to 1 along the longer side, used like pictures of a set."""
        pixels = framed_square(self.pixels, position).transpose(2, 0, 1).copy()
        return Picture(pixels, None, sample_set, 0, self.name, own=True, photo=self)


def uploaded_photo(data: bytes, size: int, name: str) -> Photo:
    """Decode a visitor's file of this name; the photo's shorter side has `size` pixels. The result is not cached.

    Raises:
        ValueError: the file is not a readable picture, or larger than allowed; the message says which.
    """
    check_upload(data, MAX_MB)
    pixels, large = whole_uploads(data, (size, _SHOWN_SIZE))
    return Photo(pixels, lossy_data_uri(webp_strip(large.transpose(2, 0, 1)[None], _SHOWN_QUALITY)), name)


def frame_photo(photo: Photo, position: float, *, key: str, on_move: Callable[[float], None], named: str = "") -> None:
    """Show a photo under a frame that the visitor moves, and say so below.

    key, on_move: as for `photo_frame`. named: what the photo shows, said first.
    """
    photo_frame(photo.shown, photo.pixels.shape[1::-1], position, key=key, on_move=on_move, alt=photo.name)
    if not photo.is_square:
        st.caption(f"{named}{'. ' if named else ''}Drag the frame to the part you want.")


@dataclass(frozen=True, eq=False)
class Figure:
    """Picture with its caption. picture: uint8 (H, W, 3). title: in bold. note: below the title."""

    title: str
    note: str
    picture: np.ndarray


def to_picture(image: np.ndarray) -> np.ndarray:
    """Convert (3, H, W), uint8 or float in [0, 1], to uint8 (H, W, 3)."""
    return np.ascontiguousarray(image.transpose(1, 2, 0)) if image.dtype == np.uint8 else to_uint8(image)


def enlarge(picture: np.ndarray, size: int) -> np.ndarray:
    """Enlarge (H, W, 3) by the largest integer factor that keeps it within `size`; each pixel becomes a square."""
    times = max(1, size // len(picture))
    return picture.repeat(times, axis=0).repeat(times, axis=1)


def picture_row(figures: Sequence[Figure], *, tile: int = 130) -> str:
    """Return pictures side by side as HTML, as many in a row as fit; lossless, enlarged smoothly."""
    parts = []
    for figure in figures:
        note = f"<br><span>{html.escape(figure.note)}</span>" if figure.note else ""
        alt = html.escape(f"{figure.title}: {figure.note}" if figure.note else figure.title, quote=True)
        parts.append(
            f'<figure><img src="{png_data_uri(figure.picture)}" alt="{alt}">'
            f"<figcaption><b>{html.escape(figure.title)}</b>{note}</figcaption></figure>"
        )
    return f'<div class="run-row" style="--tile:{tile}px">{"".join(parts)}</div>'


FREQUENCIES = "cell"  # page in keys of the session: *Frequencies*; others are those of runs, by their paths


def _in_url(page: str) -> str:
    """Return the parameter of the URL, and key in the session, of the set of a page's picture."""
    return "pictures" if page == FREQUENCIES else f"{page}-pictures"


def _first(page: str, sample_set: str) -> int:
    """Return the index of a set's default sample on a page."""
    row = SAMPLE_SETS[sample_set]
    return {FREQUENCIES: row.first, "generation": row.photo}.get(page, row.inpainted)


def chosen_picture(page: str, usual: str) -> Picture | None:
    """Return the picture chosen by the visitor, a link or the page; None for an upload that is missing.

    usual: default of `picture_kinds`.
    """
    key, state, kinds = _in_url(page), st.session_state, picture_kinds()
    if state.get(key) not in kinds:
        linked = url.text(key)
        state[key] = linked if linked in kinds else usual
    url.put(key, state[key], usual)
    chosen = kinds[state[key]]
    if chosen == UPLOAD:
        return _own_picture(page)
    positions, parameter = _positions(page), key.removesuffix("s")
    if chosen not in positions:
        index = url.number(parameter, range(len(samples(chosen))))
        positions[chosen] = _first(page, chosen) if index is None else index
    url.put(parameter, str(positions[chosen]), str(_first(page, chosen)))
    return sample_picture(chosen, positions[chosen])


def forget_picture(page: str) -> None:
    """Forget which picture of a page is chosen; the URL then says it."""
    st.session_state.pop(_in_url(page), None)
    _positions(page).clear()


def page_picture(page: str, usual: str) -> Picture:
    """Return the picture of a page of runs, the usual one instead of a missing upload, and draw the open upload.

    usual: as in `chosen_picture`.
    """
    picture = chosen_picture(page, usual)
    if picture is None:
        st.session_state[_in_url(page)], st.session_state[f"{page}.{MISSING}"] = usual, True
        picture = chosen_picture(page, usual)
    say_if_missing(page)
    draw_upload(page)
    assert picture
    return picture


_LINE = TileStyle(line=True)


def picture_line(page: str, style: TileStyle = _LINE) -> None:
    """Draw *Your photo* and the pictures of the chosen set, in a line or a grid; after `page_picture`."""
    strip, selected, pick = picture_strip(page)
    with st.container(horizontal=style.line, vertical_alignment="center", gap="small", key=f"{page}.strip"):
        own = partial(open_upload, page)
        st.button("Your photo", icon=":material/add_photo_alternate:", key=f"{page}.choice", on_click=own)
        image_picker(
            strip,
            selected=selected,
            key=f"{page}.line.{strip.digest}",
            label="Pictures",
            on_pick=pick,
            style=style,
        )


def picture_strip(page: str) -> tuple[Thumbnails, int, Callable[[int], None]]:
    """Return thumbnails of the upload, if any, and of a set, the selected index, and a callback that selects another.

    Call it after `chosen_picture`.
    """
    sample_set = st.session_state[f"{page}.line"] = _shown_set(page)
    own = _own_picture(page, sample_set)
    begin = int(own is not None)  # index of the first bundled picture
    selected = _positions(page).get(sample_set, _first(page, sample_set)) + begin
    if picture_kinds()[st.session_state[_in_url(page)]] == UPLOAD:
        selected = 0 if begin else -1

    def pick(index: int) -> None:
        if index < begin:
            use_own_picture(page, sample_set)
        else:
            take_picture(page, sample_set, index - begin)

    return _with_own(page, own, sample_set) if own else thumbnails(sample_set), selected, pick


def _shown_set(page: str) -> str:
    """Return the set of the chosen picture, which another one of the visitor's own would be used like."""
    chosen, own = picture_kinds()[st.session_state[_in_url(page)]], _own_picture(page)
    if chosen != UPLOAD:
        return chosen
    return st.session_state.get(f"{page}.line", next(iter(SAMPLE_SETS))) if own is None else own.sample_set


def _with_own(page: str, own: Picture, sample_set: str) -> Thumbnails:
    """Return the thumbnails of the visitor's picture and a set, kept in this session only."""
    key, state = f"{page}.own_strip", st.session_state
    if key not in state or state[key][0] is not own:
        pictures = np.concatenate([own.pixels[None], samples(sample_set).images]).transpose(0, 2, 3, 1)
        state[key] = own, pack_thumbnails(pictures, [own.caption, *captions(sample_set)])
    return state[key][1]


def take_picture(page: str, sample_set: str, chosen: int | Picture | None) -> None:
    """Choose a sample of the set `sample_set` by its index, or an uploaded picture. Call it before `chosen_picture`."""
    forget_missing(page)
    if isinstance(chosen, int):
        _positions(page)[sample_set] = chosen
    else:
        st.session_state[f"{page}.own"] = chosen
        for name in (_LIKE, _SHRUNK):
            st.session_state.pop(f"{page}.{name}", None)
    st.session_state[_in_url(page)] = UPLOAD if sample_set == UPLOAD else SAMPLE_SETS[sample_set].title


def use_own_picture(page: str, sample_set: str) -> bool:
    """Choose the visitor's picture, used like those of a set; return False if there is none for that set."""
    if _own_picture(page, sample_set) is None:
        return False
    st.session_state[f"{page}.{_LIKE}"], st.session_state[_in_url(page)] = sample_set, UPLOAD
    return True


def open_upload(page: str) -> None:
    """Open the upload and the browser's choice of a file; for callbacks."""
    st.session_state[f"{page}.uploads"] = st.session_state.get(f"{page}.uploads", 0) + 1
    st.session_state[f"{page}.picking"] = True


def _close_upload(page: str) -> None:
    st.session_state[f"{page}.picking"] = False


def draw_upload(page: str, *, about: str = "") -> None:
    """Draw the dialog with the upload, if it is open, and `about`, Markdown on what happens to the photo."""
    # Drawn in every run: an automatic rerun, such as the one that loads torch, must not close it.
    if st.session_state.get(f"{page}.picking"):
        st.dialog("Your photo", width="medium", on_dismiss=partial(_close_upload, page))(_upload)(page, about)


def _upload(page: str, about: str) -> None:
    """Draw the dialog's content; the middle of a photo is chosen first, and the page has the frame that moves it."""
    if (photo := _uploaded(page, about)) is None:
        return
    st.session_state[frame_place(page)] = MIDDLE
    take_picture(page, UPLOAD, photo.framed(_set_of_uploads(page)))
    _close_upload(page)
    st.rerun()


def _uploaded(page: str, about: str) -> Photo | None:
    """Draw the upload; return the photo."""
    file = st.file_uploader(
        f"{about} JPEG, PNG, WebP, GIF, BMP or TIFF, up to {MAX_MB} MB; kept only during your visit".strip(),
        key=f"{page}.upload",
        max_upload_size=MAX_MB,
    )
    press_once("[role=dialog] input[type=file]", st.session_state[f"{page}.uploads"])
    if file is None:
        return None
    try:
        return uploaded_photo(file.getvalue(), SAMPLE_SETS[_set_of_uploads(page)].image_size, file.name)
    except ValueError as error:
        st.error(as_markdown(f"“{one_line(file.name, 60)}”: {error}."))
        return None


def frame_own_photo(page: str) -> bool:
    """Draw the visitor's photo under a frame that moves, if it is chosen and not square; return whether it is."""
    state, own = st.session_state, own_photo(page)
    photo = own.photo if own is not None and state[_in_url(page)] == UPLOAD else None
    if own is None or photo is None or photo.is_square:
        return False

    def move(position: float) -> None:
        state[frame_place(page)], state[f"{page}.own"] = position, photo.framed(own.sample_set, position)
        state.pop(f"{page}.{_SHRUNK}", None)

    named = photo.name if photo.bundled else ""
    frame_photo(photo, state[frame_place(page)], key=f"{page}.frame", on_move=move, named=named)
    return True


def frame_place(page: str) -> str:
    """Return the session key of the frame's position on an uploaded photo."""
    return f"{page}.frame-place"


# Sample sets in keys of the session: the one that the visitor's picture is used like, and the picture shrunk for it.
_LIKE, _SHRUNK = "own_like", "own_shrunk"
_LARGEST_SET = max(SAMPLE_SETS.values(), key=lambda row: row.image_size).name


def _set_of_uploads(page: str) -> str:
    """Return the set that a new photo is treated like: on *Frequencies* the largest, else the displayed one."""
    return _LARGEST_SET if page == FREQUENCIES else _shown_set(page)


def own_photo(page: str) -> Picture | None:
    """Return the visitor's original photo, or None."""
    return cast("Picture | None", st.session_state.get(f"{page}.own"))


def _own_picture(page: str, sample_set: str = "") -> Picture | None:
    """Return the visitor's picture for a set, by default for the one it is used like; None if there is none.

    On *Frequencies* networks see pictures of several sizes, and a large one is shrunk for a set of small ones.
    """
    state, own = st.session_state, own_photo(page)
    row = SAMPLE_SETS.get(sample_set or state.get(f"{page}.{_LIKE}", ""))
    if own is None or row is None or row.name == own.sample_set:
        return own
    if page != FREQUENCIES or row.image_size > own.size:
        return None
    if f"{page}.{_SHRUNK}" not in state:
        pixels = square_image(own.pixels.transpose(1, 2, 0), row.image_size, resize_to=row.image_size)
        state[f"{page}.{_SHRUNK}"] = replace(own, pixels=pixels.transpose(2, 0, 1).copy(), sample_set=row.name)
    return cast(Picture, state[f"{page}.{_SHRUNK}"])


def _positions(page: str) -> dict[str, int]:
    return st.session_state.setdefault(f"{page}.positions", {})


@cache
def thumbnails(sample_set: str) -> Thumbnails:
    """Pack the bundled pictures of a set."""
    return pack_thumbnails(samples(sample_set).images.transpose(0, 2, 3, 1), captions(sample_set))
