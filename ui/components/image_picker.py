"""Picture picker: a grid or a line of thumbnails that behaves like radio buttons in a toolbar.

`image_picker.js` draws, shows captions under the pointer and moves with the arrow keys without a rerun; a click, a tap,
Enter or the space bar reports a picture. This module sets the selected one.
"""

from __future__ import annotations

import base64
import hashlib
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from core.data.picture_files import square_image
from ui.components.mount import place_from, register

MAX_TILE = 96  # pixels: twice the usual 48, for screens with two device pixels to one of CSS
_QUALITY = 82

_component = register("image_picker")


@dataclass(frozen=True)
class Thumbnails:
    """Pictures to choose from, made by `pack_thumbnails`.

    Attributes:
        captions: plain text for each picture; shown below a grid, and its name for screen readers.
        sheet: data URI of one picture that holds all of them, row by row.
        tile: side of each thumbnail in the sheet, in pixels. columns: thumbnails per row of the sheet.
        lossless: whether the thumbnails have the original pixels.
    """

    captions: tuple[str, ...]
    sheet: str
    tile: int
    columns: int
    lossless: bool

    @property
    def digest(self) -> str:
        """Return a digest of the pictures in this order."""
        return hashlib.blake2b(self.sheet.encode(), digest_size=16).hexdigest()

    def to_json(self, selected: int) -> dict[str, Any]:
        """Return JSON for the browser; `selected` is the index of the chosen picture."""
        return {**vars(self), "digest": self.digest, "selected": selected}


def pack_thumbnails(pictures: np.ndarray, captions: Sequence[str]) -> Thumbnails:
    """Pack pictures into one sheet: losslessly up to 96 pixels wide, larger ones as small lossy WebPs.

    Args:
        pictures: uint8 (N, S, S, 3), N >= 1.
        captions: N texts.
    """
    tile, lossless = min(pictures.shape[1], MAX_TILE), pictures.shape[1] <= MAX_TILE
    columns = math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    tiles = np.zeros((rows * columns, tile, tile, 3), np.uint8)
    tiles[: len(pictures)] = [square_image(picture, tile, resize_to=tile) for picture in pictures]
    sheet = Image.fromarray(tiles.reshape(rows, columns, tile, tile, 3).swapaxes(1, 2).reshape(rows * tile, -1, 3))
    buffer, kind = io.BytesIO(), "png" if lossless else "webp"
    sheet.save(buffer, kind, optimize=True, quality=_QUALITY)
    uri = f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return Thumbnails(tuple(captions), uri, tile, columns, lossless)


def image_picker(
    thumbnails: Thumbnails,
    *,
    selected: int,
    key: str,
    label: str,
    on_pick: Callable[[int], None],
    side: int = 48,
    columns: int = 0,
    line: bool = False,
    ticks: Sequence[bool] = (),
) -> None:
    """Show thumbnails; a click, a tap, Enter or the space bar chooses one, the arrow keys look through them.

    Args:
        selected: index of the chosen picture.
        key: unique on the page.
        label: name of the grid for screen readers.
        on_pick: called with the index that the visitor chose, before the rerun, even when that is the same again. It
            should store it, and the next run should pass it back as `selected`.
        side: of a thumbnail, in CSS pixels. A whole multiple of small pictures' own side shows all their pixels
            equally large.
        columns: so many fill the width, in place of `side`; fewer in a narrow window.
        line: one line that scrolls, without the caption of the picture under the pointer.
        ticks: whether each thumbnail has a tick; none if empty.
    """
    crisp = thumbnails.lossless and side >= thumbnails.tile
    _component(
        key=key,
        data={
            **thumbnails.to_json(selected),
            "label": label,
            "thumbnail": side,
            "across": columns,
            "line": line,
            "ticks": list(ticks),
            "crisp": crisp,
        },
        on_pick_change=place_from(key, "pick", range(len(thumbnails.captions)), on_pick),
    )
