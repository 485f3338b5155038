"""From sketch to waves: how fast the waves are that a network adds, measured in the pictures that the chapter shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.data.corruptions import energy_by_radius, fraction_above
from core.pgd.methods import COMPARED
from core.pgd.starts import StartName
from core.shared.numbers import join_list
from ui.runs.state import RunResult
from ui.story.beginning import Beginning, of_tile

FAST = 8  # cycles per image, above which a wave is called fast here
_FEW, _MOST, _CLEARLY = 1 / 3, 0.5, 0.1  # fractions from which a sentence says so


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


def measured(begin: Beginning, result: RunResult | None) -> FastWaves:
    """Measure what the chapter shows: the result, else the stored painting, else the start alone."""
    if result is not None:
        paper, views = (run.frames[-1, 0].astype(np.float32) / np.float32(255) for run in result.runs)
        return fast_waves(result.runs[1].start[0], views, paper)
    if begin.stored is not None:
        return _stored(begin.name, begin.word)
    return fast_waves(begin.plan.start[0])


@lru_cache(64)
def _stored(name: str, word: str) -> FastWaves:
    """Measure the files of a stored painting."""
    begin = of_tile(name, word)
    row = begin.stored
    assert row is not None
    pictures = (row.drawings[method].pixels() for method in COMPARED)
    paper, views = (picture.transpose(2, 0, 1).astype(np.float32) / np.float32(255) for picture in pictures)
    return fast_waves(begin.plan.start[0], views, paper)


def waves_text(waves: FastWaves, start: StartName) -> str:
    """Return the bridge in the marks of `chapters.paragraphs`; it says of waves only what the numbers say."""
    parts = ["**Every picture is a sum of waves**: slow waves make the shapes, fast waves the edges."]
    parts.append(f"Call waves above {FAST} cycles per image fast.")
    shares = [] if start == "grey" else [(f"this {'photo' if start == 'photo' else 'smooth sketch'}", waves.start)]
    differ = False
    if waves.views is not None and waves.paper is not None:
        shares += [("what many views added", waves.views), ("what the paper’s method added", waves.paper)]
        differ = waves.paper > _MOST and waves.paper - waves.views > _CLEARLY
    if shares:
        parts.append(f"They make up {join_list([f'{_percent(part)} of {what}' for what, part in shares])}.")
    if differ and waves.views is not None and waves.views < _FEW:
        parts.append("Many views add mostly shapes.")
    if differ:
        parts.append("The paper’s method adds mostly fast waves, which look like noise to us.")
    question = "Which waves does a network rely on? That is what the paper asks. [Add a wave →](?chapter=wave)"
    return f"{' '.join(parts)}\n\n{question}"


def bars_html(waves: FastWaves, start: StartName) -> str:
    """Return the same numbers as bars; empty before anything is painted."""
    if waves.views is None or waves.paper is None:
        return ""
    rows = [("Added by many views", waves.views), ("Added by the paper’s method", waves.paper)]
    if start != "grey":
        rows.insert(0, ("The photo" if start == "photo" else "The smooth sketch", waves.start))
    cells = "".join(
        f'<span>{title}</span><span class="bar" style="--share:{100 * part:.1f}%"></span><span>{_percent(part)}</span>'
        for title, part in rows
    )
    return f'<div class="fast-waves"><b>Above {FAST} cycles per image</b>{cells}</div>'


def _percent(fraction: float) -> str:
    return "under 1%" if fraction < 0.005 else f"{round(100 * fraction)}%"
