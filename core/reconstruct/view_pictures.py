"""Stored drawings at 224 pixels by both searches: files and metadata. No torch.

`precomputed.make_view_pictures` makes them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.data.classes import PRECOMPUTED
from core.pgd.view_settings import SEARCHES, Search

FOLDER = PRECOMPUTED / "views"
OPENING, JUDGED = FOLDER / "opening.json", FOLDER / "judged.json"
SIDE = 224  # of pictures, in pixels
WORDS = ("volcano", "golden retriever", "teapot", "macaw", "lion")  # chosen by hand, in display order
CARDS = {name: FOLDER / f"card-{name}.webp" for name in ("hole", "judge")}  # things to try


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Drawing of a word by a search, from a grey start.

    strip: frames stacked vertically, a lossy picture, or its file. confidence: the painter's in the word, per frame.
    norm: L2 norm of the change. judged: top-1 prediction of an independent network for the last frame; empty without
    one. place: rank of the word in its predictions, from 1. judge: its name; empty for `judge_name`.
    """

    search: Search
    strip: Path | bytes
    confidence: tuple[float, ...]
    norm: float
    judged: str = ""
    place: int = 0
    judge: str = ""


def strip_path(word: str, search: Search) -> Path:
    """Return the file of a drawing's frames."""
    return FOLDER / f"opening-{word.replace(' ', '-')}-{search}.webp"


@cache
def _opening() -> dict[str, Any]:
    return json.loads(OPENING.read_text())


def painter_name() -> str:
    """Return the registry name of the classifier that drew them."""
    return _opening()["painter"]["name"]


def judge_name() -> str:
    """Return the registry name of the judge whose predictions are stored with them."""
    return _opening()["judge"]["name"]


@cache
def opening_drawings(word: str) -> tuple[Drawing, ...]:
    """Load a word of `WORDS` as drawn by both searches, from the same start, with the same steps and ball."""
    known = _opening()["words"][word]
    return tuple(Drawing(search=search, strip=strip_path(word, search), **_read(known[search])) for search in SEARCHES)


def _read(known: dict[str, Any]) -> dict[str, Any]:
    return {**known, "confidence": tuple(known["confidence"])}


def judged_path(label: int, search: Search) -> Path:
    """Return the file of a class's drawing for visitors to judge, by label."""
    return FOLDER / f"{label}-{search}.webp"
