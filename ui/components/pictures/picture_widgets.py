"""Thumbnails to choose a picture from, and two pictures in one.

`tiles.js` draws a grid or a line of thumbnails like radio buttons in a toolbar and moves with the arrow keys without a
rerun; a click, a tap, Enter or the space bar reports a picture. `mixer.js` computes `core.fourier.waves.hybrid` at each
cutoff of its slider and updates picture, bars and sentences without a rerun. Below the slider, its track shows what
each network sees at every cutoff.
"""

from __future__ import annotations

import base64
import hashlib
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image

from core.data.picture_files import square_image
from ui.components.mount import index_from, mount_synchronised, pack_pixels, register

MAX_TILE = 96  # pixels: twice the usual 48, for screens with two device pixels to one of CSS
_QUALITY = 82

_picker = register("pictures/picker.js")
_mixer = register("pictures/mixer.js")


@dataclass(frozen=True)
class Thumbnails:
    """Pictures to choose from, made by `pack_thumbnails`.

    Attributes:
        captions: plain text for each picture, as tooltip and for screen readers.
        sheet: data URI of one picture that holds all of them, row by row.
        tile: size of each thumbnail in the sheet, in pixels. columns: thumbnails per row of the sheet.
        lossless: True if the thumbnails have the original pixels.
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
    buffer, file_format = io.BytesIO(), "png" if lossless else "webp"
    sheet.save(buffer, file_format, optimize=True, quality=_QUALITY)
    uri = f"data:image/{file_format};base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return Thumbnails(tuple(captions), uri, tile, columns, lossless)


@dataclass(frozen=True)
class TileStyle:
    """Style of thumbnails.

    size: size of each in CSS pixels; a whole multiple of a small picture's own size shows all its pixels equally large.
    across: this many fill the width, instead of `size`; fewer in a narrow window. line: one line that scrolls.
    ticks: True for each with a tick; none if empty. names: below each; none if empty. opens: CSS class of the part that
    a choice changes and scrolls into view. adds: caption of a last tile, a plus, that adds a picture; empty for none.
    """

    size: int = 48
    across: int = 0
    line: bool = False
    ticks: Sequence[bool] = ()
    names: Sequence[str] = ()
    opens: str = ""
    adds: str = ""


STRIP = TileStyle(size=40, line=True)


def tiles_json(thumbnails: Thumbnails, selected: int, label: str, style: TileStyle) -> dict[str, Any]:
    """Return JSON for the browser; `selected` is the index of the chosen picture, -1 for none."""
    crisp = thumbnails.lossless and style.size >= thumbnails.tile
    about = {"digest": thumbnails.digest, "selected": selected, "label": label, "crisp": crisp}
    return {**vars(thumbnails), **vars(style), **about}


def image_picker(
    thumbnails: Thumbnails,
    *,
    selected: int,
    key: str,
    label: str,
    on_pick: Callable[[int], None],
    style: TileStyle = TileStyle(),
) -> None:
    """Show thumbnails; a click, a tap, Enter or the space bar chooses one, the arrow keys look through them.

    Args:
        selected: index of the chosen picture, -1 for none.
        key: unique on the page.
        label: name of the grid for screen readers.
        on_pick: called with the index that the visitor chose, before the rerun, even when that is the same again. It
            should store it, and the next run should pass it back as `selected`. That of a tile that adds a picture
            follows the others.
    """
    data = tiles_json(thumbnails, selected, label, style)
    indices = range(len(thumbnails.captions) + bool(style.adds))
    _picker(key=key, data=data, on_pick_change=index_from(key, "pick", indices, on_pick))


@dataclass(frozen=True, eq=False)
class Mixed:
    """Predictions of one network; texts are plain.

    colour: CSS. classes: the low picture's class and the high picture's. shares: for each cutoff, the probabilities of
    both. others: for each cutoff, the most probable of all other classes and its probability. says: for each cutoff,
    its prediction, with an article. sees: for each cutoff, 0 or 1 if it clearly sees that class, else 2. switches:
    index of the cutoff from which it sees the first class; None if there is none. hints: for each cutoff, where to drag
    the slider; may be empty.
    """

    title: str
    colour: str
    classes: tuple[str, str]
    shares: Sequence[tuple[float, float]]
    others: Sequence[tuple[str, float]]
    says: Sequence[str]
    sees: Sequence[int]
    switches: int | None
    hints: Sequence[str]


@dataclass(frozen=True, eq=False)
class Mixture:
    """Two pictures to mix and the networks' predictions.

    low, high: (3, H, H) uint8, the pictures that give the low and the high frequencies. captions: of both, plain text.
    cutoffs: (C,) of the slider, cycles per image, in equal ratios. networks: may be none. strip: pictures to
    choose from. second: index of the chosen one. strip_title: above them, plain text. strip_style: how they look.
    """

    low: np.ndarray
    high: np.ndarray
    captions: tuple[str, str]
    cutoffs: Sequence[float]
    networks: Sequence[Mixed]
    strip: Thumbnails
    second: int
    strip_title: str
    strip_style: TileStyle = STRIP


def hybrid_mixer(
    mixture: Mixture,
    *,
    selected: int,
    key: str,
    on_choose: Callable[[int], None],
    on_pick: Callable[[int], None],
    subject: int = 0,
) -> None:
    """Show the mixture with its slider.

    Args:
        selected: index of the cutoff.
        subject: a cutoff that the visitor chose for another subject is forgotten.
        key: unique on the page.
        on_choose: called with the index of the chosen cutoff before the rerun. It should store it, and the next run
            should pass it back as `selected`.
        on_pick: called with the index of the thumbnail that the visitor chose.
    """
    count = len(mixture.cutoffs)

    mount_synchronised(
        _mixer,
        key,
        selected,
        read=lambda value: value if isinstance(value, int) and 0 <= value < count else None,
        on_choice=on_choose,
        data=pack_mixture(mixture) | {"about": [subject, *mixture.cutoffs]},
        on_pick_change=index_from(key, "pick", range(len(mixture.strip.captions)), on_pick),
    )


def pack_mixture(mixture: Mixture) -> dict[str, Any]:
    """Return JSON for the browser; pictures are RGB rows."""
    pixels = [pack_pixels(picture) for picture in (mixture.low, mixture.high)]
    low, high = (
        {"pixels": packed, "caption": caption} for packed, caption in zip(pixels, mixture.captions, strict=True)
    )
    return {
        "pair": hashlib.blake2b("".join(pixels).encode(), digest_size=16).hexdigest(),
        "size": mixture.low.shape[-1],
        "low": low,
        "high": high,
        "cutoffs": list(mixture.cutoffs),
        "networks": [asdict(network) for network in mixture.networks],
        "strip": {
            **tiles_json(mixture.strip, mixture.second, mixture.strip_title, mixture.strip_style),
            "title": mixture.strip_title,
        },
    }
