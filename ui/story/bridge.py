"""From sketch to waves: how fast the waves are that a network adds, measured in the pictures that the chapter shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from core.data.corruptions import energy_by_radius, fraction_above
from core.pgd.methods import COMPARED
from core.pgd.starts import StartName
from core.shared.numbers import join_list
from ui.runs.state import RunResult
from ui.story.story_start import StoryStart, of_tile

FAST = 8  # cycles per image, above which a wave is called fast here
# Every word of the bridge, and the fractions from which a sentence says so; the article's engine/bridge.js gets the
# same. "share" and "shares" are filled in, by a fraction and its part, and by all shares.
TEXTS: dict[str, Any] = {
    "lead": "**Every picture is a sum of waves**: slow waves make the shapes, fast waves the edges.",
    "fast": f"We call waves with more than {FAST} cycles across the image “fast”.",
    "shares": "They make up {}.",
    "share": "{} of {}",
    "parts": {
        "sketch": "the smooth sketch",
        "photo": "the photo",
        "views": "what many views added",
        "paper": "what the paper’s method added",
    },
    "shapes": "Many views add mostly shapes.",
    "noise": "The paper’s method adds mostly fast waves, which look like noise to us.",
    "question": "Which waves does a network rely on? That is what the paper asks. [Add a wave →](?chapter=wave)",
    "title": f"Above {FAST} cycles per image",
    "bars": {
        "sketch": "The smooth sketch",
        "photo": "The photo",
        "views": "Added by many views",
        "paper": "Added by the paper’s method",
    },
    "few": "under 1%",
    "above": FAST,
    "mostly_shapes": 1 / 3,
    "mostly_fast": 0.5,
    "clearly": 0.1,
}


@dataclass(frozen=True)
class FastWaves:
    """Fractions of energy above `FAST`, without the mean colour: of the start, and of what each method added to it.

    views, paper: None before anything is painted.
    """

    start: float
    views: float | None = None
    paper: float | None = None


def fast_waves(start: np.ndarray, views: np.ndarray | None = None, paper: np.ndarray | None = None) -> FastWaves:
    """Measure pictures, each (3, H, W) float in [0, 1]; views, paper: painted from `start` by each method."""
    changes = (None if picture is None else picture - start for picture in (views, paper))
    return FastWaves(_above(start), *(None if change is None else _above(change) for change in changes))


def _above(change: np.ndarray) -> float:
    return fraction_above(energy_by_radius(change[None]), FAST)


def measured(chosen: StoryStart, result: RunResult | None) -> FastWaves:
    """Measure what the chapter shows: the result, else the stored painting, else the start alone."""
    if result is not None:
        paper, views = (run.frames[-1, 0].astype(np.float32) / np.float32(255) for run in result.runs)
        return fast_waves(result.runs[1].start[0], views, paper)
    if chosen.stored is not None:
        return _stored(chosen.name, chosen.word)
    return fast_waves(chosen.plan.start[0])


@lru_cache(64)
def _stored(name: str, word: str) -> FastWaves:
    """Measure the files of a stored painting."""
    chosen = of_tile(name, word)
    row = chosen.stored
    assert row is not None
    pictures = (row.drawings[method].pixels() for method in COMPARED)
    paper, views = (picture.transpose(2, 0, 1).astype(np.float32) / np.float32(255) for picture in pictures)
    return fast_waves(chosen.plan.start[0], views, paper)


def waves_text(waves: FastWaves, start: StartName) -> str:
    """Return the bridge in the marks of `chapters.paragraphs`; it says of waves only what the numbers say."""
    rows, text, differ = _rows(waves, start), [TEXTS["lead"], TEXTS["fast"]], False
    if rows:
        shares = [TEXTS["share"].format(_percent(part), TEXTS["parts"][name]) for name, part in rows]
        text.append(TEXTS["shares"].format(join_list(shares)))
    if waves.views is not None and waves.paper is not None:
        differ = waves.paper > TEXTS["mostly_fast"] and waves.paper - waves.views > TEXTS["clearly"]
        text += [TEXTS["shapes"]] * (differ and waves.views < TEXTS["mostly_shapes"])
    text += [TEXTS["noise"]] * differ
    return f"{' '.join(text)}\n\n{TEXTS['question']}"


def bars_html(waves: FastWaves, start: StartName) -> str:
    """Return the same numbers as bars; empty before anything is painted."""
    if waves.views is None or waves.paper is None:
        return ""
    cells = "".join(
        f'<span>{TEXTS["bars"][name]}</span><span class="bar" style="--share:{100 * part:.1f}%"></span>'
        f"<span>{_percent(part)}</span>"
        for name, part in _rows(waves, start)
    )
    return f'<div class="fast-waves"><b>{TEXTS["title"]}</b>{cells}</div>'


def _rows(waves: FastWaves, start: StartName) -> list[tuple[str, float]]:
    """Return the known fractions, by name in `TEXTS`; none for a canvas that we made."""
    rows = [] if start == "grey" else [("photo" if start == "photo" else "sketch", waves.start)]
    if waves.views is not None and waves.paper is not None:
        rows += [("views", waves.views), ("paper", waves.paper)]
    return rows


def _percent(fraction: float) -> str:
    return TEXTS["few"] if fraction < 0.005 else f"{round(100 * fraction)}%"
