"""Packs of the first chapter: what one paints over in the article, and stored paintings."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.data.sample_sets import imagenet
from core.data.sketches import SKETCH_SIZE, SKETCHES
from core.data.words import vocabulary
from core.pgd.drawings import GalleryWord, drawn_sketches, opening_words
from ui.components.mount import pack_bytes
from ui.components.painters.painters import sketch_kit
from ui.components.pictures.pictures import TileStyle, pack_thumbnails, tiles_json
from ui.components.story.story import pack_painting
from ui.runs.gallery import stored_word
from ui.story.sketch import EMPTY, bundled, stored

STYLE = TileStyle(size=56, opens="sketch-painting")
COLOUR = "red"  # the brush's first


def painting_packs() -> dict[str, Any]:
    """Return what one starts from and, under the name that its row has as "stored", each stored painting."""
    names = (EMPTY, *SKETCHES)
    words = {EMPTY: opening_words()[0], **{name: sketch.word for name, sketch in SKETCHES.items()}}
    sketches = {name: bundled(name) for name in names}
    paintings = {f"painting-{name}": _painting(row, sketches[name]) for name, row in _painted().items()}
    rows = [
        {
            "name": name,
            "word": words[name],
            "pixels": pack_bytes(sketches[name]),
            "photo": "",
            "stored": f"painting-{name}" * (f"painting-{name}" in paintings),
        }
        for name in names
    ]
    captions = ["An empty canvas: any word, without a sketch", *(words[name] for name in names[1:])]
    thumbnails = pack_thumbnails(np.stack(list(sketches.values())), captions)
    red, green, blue = sketches[EMPTY][0, 0].tolist()
    starts = {
        "starts": rows,
        "first": names.index(next(iter(SKETCHES))),
        "tiles": tiles_json(thumbnails, -1, "Sketches and photos to start from", STYLE),
        "painter": sketch_kit(SKETCH_SIZE, (red, green, blue), COLOUR),
        "known": len(vocabulary(imagenet())),
    }
    return {"starts": starts, **paintings}


def _painted() -> dict[str, GalleryWord]:
    """Return the stored paintings by the name of what they started from."""
    empty = stored_word(opening_words()[0])
    return drawn_sketches() | ({} if empty is None else {EMPTY: empty})


def _painting(row: GalleryWord, sketch: np.ndarray) -> dict[str, Any]:
    """Return a scene of the painting's component; the page has the sketch."""
    scene = pack_painting(stored(row), sketch)
    return {name: value for name, value in scene.items() if name not in ("sketch", "size")}
