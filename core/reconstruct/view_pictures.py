"""Stored drawings at 224 pixels by both searches: five words chosen by hand, and a wall of random ones. No torch.

`precomputed.make_views` makes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.data.classes import PRECOMPUTED
from core.pgd.view_settings import SEARCHES, Search

FOLDER = PRECOMPUTED / "views"
OPENING, WALL = FOLDER / "opening.json", FOLDER / "wall.json"
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
    return {**{name: known[name] for name in ("norm", "judged", "place")}, "confidence": tuple(known["confidence"])}


@dataclass(frozen=True, kw_only=True)
class WallDrawing:
    """A word of the wall as drawn by a search.

    path: of the small lossy picture. confidence: the painter's in the word. says, ranks: of each judge, its top-1
    prediction and the word's rank in its predictions, from 1.
    """

    path: Path
    confidence: float
    says: tuple[str, ...]
    ranks: tuple[int, ...]

    def recognised(self, judge: int = 0) -> bool:
        """Return whether the word is a judge's top-1 prediction."""
        return self.ranks[judge] == 1


@dataclass(frozen=True, kw_only=True)
class WallWord:
    """A random word: its ImageNet label, its name, and what each search drew."""

    label: int
    word: str
    drawings: Mapping[Search, WallDrawing]


@dataclass(frozen=True, kw_only=True)
class Wall:
    """100 words drawn by a seed, failures included, in random order, and the registry names of painter and judges."""

    painter: str
    judges: tuple[str, ...]
    side: int
    words: tuple[WallWord, ...]

    def recognised(self, search: Search, judge: int = 0) -> int:
        """Return the number of words that a judge recognises as drawn by a search."""
        return sum(word.drawings[search].recognised(judge) for word in self.words)


@cache
def stored_wall() -> Wall:
    """Load the wall."""
    content = json.loads(WALL.read_text("utf-8"))
    return Wall(
        painter=content["painter"]["name"],
        judges=tuple(judge["name"] for judge in content["judges"]),
        side=content["side"],
        words=tuple(_word(row) for row in content["words"]),
    )


def _word(row: dict[str, Any]) -> WallWord:
    drawings = {
        search: WallDrawing(
            path=judged_path(row["label"], search),
            confidence=row[search]["confidence"],
            says=tuple(row[search]["says"]),
            ranks=tuple(row[search]["ranks"]),
        )
        for search in SEARCHES
    }
    return WallWord(label=row["label"], word=row["word"], drawings=drawings)


def judged_path(label: int, search: Search) -> Path:
    """Return the file of a class's drawing on the wall, which visitors also judge, by label."""
    return FOLDER / "wall" / f"{label}-{search}.webp"
