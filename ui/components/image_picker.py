"""Thumbnails to choose one picture from, as one widget: a wrapping grid that behaves like a group of radio buttons.

The browser's half is `components/image_picker.js`: it draws, shows captions under the pointer and moves with the
arrow keys without any rerun, and reports a chosen picture once. This half packs the thumbnails into one sheet and
says which picture is selected.
"""

import base64
import hashlib
import io
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from core.images.square import square_image

LARGEST_TILE = 96  # pixels: twice the usual 48, for screens with two device pixels to one of CSS
_JPEG_QUALITY = 88
_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "image_picker",
    css=(_HERE / "image_picker.css").read_text(encoding="utf-8"),
    js=(_HERE / "image_picker.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, eq=False)
class PickerImage:
    """One picture that can be chosen.

    Attributes:
        picture: uint8 (H, W, 3). Its thumbnail shows the central square, at most 96 pixels wide.
        caption: plain text; shown below the grid, and the picture's name for screen readers.
    Raises:
        ValueError: another type or shape, or an empty caption.
    """

    picture: np.ndarray
    caption: str

    def __post_init__(self) -> None:
        picture = self.picture
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or min(picture.shape) < 1:
            raise ValueError(f"picture {self.caption!r}: wanted uint8 (H, W, 3), got {picture.dtype} {picture.shape}")
        if not self.caption.strip():
            raise ValueError("a picture wants a caption, which is also its name for screen readers; got an empty one")


@dataclass(frozen=True)
class _Sheet:
    """All thumbnails in one picture, row by row, `columns` tiles of `tile` x `tile` pixels to a row."""

    uri: str
    tile: int
    columns: int
    lossless: bool


@dataclass
class _Shown:
    """What the browser shows, as far as this session knows."""

    digest: str  # of the pictures
    token: str  # changes when, and only when, Python moves the selection or the pictures change
    pushed: int  # the selection that went out with the token
    index: int  # that, or what the visitor has chosen since


def image_picker(
    images: Sequence[PickerImage],
    *,
    selected: int,
    key: str,
    label: str,
    on_pick: Callable[[int], None],
    thumbnail: int = 48,
) -> None:
    """Show thumbnails; a click, a tap or an arrow key chooses one.

    Pictures up to 96 pixels wide are shown pixel for pixel; larger ones as small JPEG thumbnails.

    Args:
        images: at least one.
        selected: index of the chosen one.
        key: unique on the page.
        label: plain text above the grid.
        on_pick: called with the index that the visitor chose, before the rerun. It should store it, and the
            next run should pass it back as `selected`.
        thumbnail: side of a thumbnail in CSS pixels, 24 to 192. A whole multiple of small pictures' own side
            shows all their pixels equally large.
    Raises:
        ValueError: no images, `selected` is not one of them, no label, or a thumbnail size out of range.
    """
    if not images:
        raise ValueError("image_picker wants at least one image, got none")
    if not 0 <= selected < len(images):
        raise ValueError(f"selected wants an index from 0 to {len(images) - 1}, got {selected}")
    if not label.strip():
        raise ValueError("image_picker wants a label, which is also its name for screen readers; got an empty one")
    if not 24 <= thumbnail <= 192:
        raise ValueError(f"thumbnail is a side in CSS pixels, wanted 24 to 192, got {thumbnail}")
    digest = _digest(images)
    sheet = _sheet(digest, [image.picture for image in images])
    shown = _synchronise(key, digest, int(selected))
    _component(
        key=key,
        # The same data as in the last run, unless Python moves the selection or changes the pictures: Streamlit
        # then sends no thumbnails, and an answer to an old click does not take back a newer one.
        data={
            "key": key,
            "token": shown.token,
            "selected": shown.pushed,
            "digest": digest,
            "label": label,
            "captions": [image.caption for image in images],
            "thumbnail": thumbnail,
            "sheet": sheet.uri,
            "tile": sheet.tile,
            "columns": sheet.columns,
            "crisp": sheet.lossless and thumbnail >= sheet.tile,
        },
        on_choice_change=lambda: _chosen(key, len(images), on_pick),
    )


def _synchronise(key: str, digest: str, selected: int) -> _Shown:
    name = f"{key}.shown"
    shown: _Shown | None = st.session_state.get(name)
    if shown is None or (shown.digest, shown.index) != (digest, selected):
        shown = st.session_state[name] = _Shown(digest, uuid.uuid4().hex, selected, selected)
    return shown


def _chosen(key: str, count: int, on_pick: Callable[[int], None]) -> None:
    shown: _Shown | None = st.session_state.get(f"{key}.shown")
    match st.session_state[key].get("choice"):
        # A choice among pictures that have since given way to others means nothing any more.
        case {"index": int(index), "token": str(token), "digest": str(digest)} if (
            0 <= index < count and shown is not None and digest == shown.digest
        ):
            # One made before the browser heard of Python's last move was overwritten there: it goes out again.
            if token == shown.token:
                shown.index = index
            on_pick(index)


def _digest(images: Sequence[PickerImage]) -> str:
    """Equal for equal pictures in the same order and the same memory layout; a millisecond or two."""
    digest = hashlib.blake2b(digest_size=16)
    for image in images:
        digest.update(repr((image.picture.shape, image.picture.strides)).encode())
        digest.update(image.picture.ravel(order="K"))  # as it lies in memory: copying would take longer
    return digest.hexdigest()


@st.cache_resource(max_entries=32, show_spinner=False)
def _sheet(digest: str, _pictures: list[np.ndarray]) -> _Sheet:
    """Pack pictures into one. Cached under the digest: pictures are encoded once for all reruns and visitors."""
    squares = [_central_square(picture) for picture in _pictures]
    largest = max(len(square) for square in squares)
    tile, lossless = min(largest, LARGEST_TILE), largest <= LARGEST_TILE
    columns = int(np.ceil(np.sqrt(len(squares))))
    rows = -(-len(squares) // columns)
    sheet = np.zeros((rows * tile, columns * tile, 3), np.uint8)
    for index, square in enumerate(squares):
        row, column = divmod(index, columns)
        sheet[row * tile : (row + 1) * tile, column * tile : (column + 1) * tile] = _resized(square, tile)
    buffer = io.BytesIO()
    if lossless:
        Image.fromarray(sheet).save(buffer, "PNG", optimize=True)
    else:
        Image.fromarray(sheet).save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    kind = "png" if lossless else "jpeg"
    uri = f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
    return _Sheet(uri, tile, columns, lossless)


def _central_square(picture: np.ndarray) -> np.ndarray:
    side = min(picture.shape[:2])
    return square_image(picture, side, resize_to=side)  # nothing but a cut


def _resized(square: np.ndarray, side: int) -> np.ndarray:
    if len(square) < side:  # a small picture among larger ones: enlarged, its pixels stay pixels
        return np.asarray(Image.fromarray(square).resize((side, side), Image.Resampling.NEAREST))
    return square_image(square, side, resize_to=side)
