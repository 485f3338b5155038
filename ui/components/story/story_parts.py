"""Parts of the story: a painting, tabs of its chapters, and the visitor as judge.

`painting.js` shows what a network paints from a sketch. `chapter_steps.js` draws the tabs with Back and Next; each
chapter has its own URL. `judge_round.js` asks, then tells what was right, and writes the score; it reports the
choices and a wish for a new round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.data.picture_files import png_data_uri
from core.pgd.drawings import SIZE
from ui.components.mount import index_from, lossy_data_uri, register

_painting = register("story/painting.js")
_tabs = register("story/chapter_steps.js")
_judge = register("story/judge_round.js")


@dataclass(frozen=True, kw_only=True)
class Painting:
    """Contents of the chapter *Sketch*: pictures and plain sentences.

    phase: "new" before a run, "growing" during it, "ended" after it. views, paper: pictures by many views and by the
    paper's method, WebP or its file. claim: on how sure the painter is. judged: on what the second network sees, or
    during a run how it goes. agrees: True if the second network recognises the word. about_paper: below its picture.
    growth: file with pictures of how it grew, below each other, which the browser plays once; None for none.
    ways: next steps to offer, "again" (by another seed) and "blobs" (on the empty canvas).
    """

    phase: str
    views: Path | bytes
    paper: Path | bytes
    claim: str
    judged: str = ""
    agrees: bool = False
    about_paper: str
    growth: Path | None = None
    ways: tuple[str, ...] = ()


def painting(
    scene: Painting, picture: np.ndarray, start: str, *, key: str, on_again: Callable[[], None] = lambda: None
) -> None:
    """Show the painting, and on a phone what it starts from in its corner; texts change together with the pictures.

    picture: the sketch or the photo, uint8 (S, S, 3). start: "sketch" or "photo". key: unique on the page.
    on_again: called when the visitor asks for another try.
    """
    _painting(key=key, data=pack_painting(scene, picture, start), on_again_change=on_again)


def pack_painting(scene: Painting, picture: np.ndarray, start: str) -> dict[str, Any]:
    """Return JSON for the browser."""
    sketch = _start_uri(picture.tobytes(), len(picture))
    return {**vars(scene), **pictures_of(scene), "sketch": sketch, "start": start, "size": SIZE}


def pictures_of(scene: Painting) -> dict[str, str]:
    """Return a painting's pictures as data URIs, by field; empty for none."""
    growth = "" if scene.growth is None else lossy_data_uri(scene.growth)
    return {"views": lossy_data_uri(scene.views), "paper": lossy_data_uri(scene.paper), "growth": growth}


@lru_cache(16)
def _start_uri(pixels: bytes, size: int) -> str:
    return png_data_uri(np.frombuffer(pixels, np.uint8).reshape(size, size, 3))


def step_tabs(
    names: Sequence[str],
    links: Sequence[str],
    current: int,
    *,
    parameter: str,
    on_go: Callable[[int], None],
    leads: bool = True,
) -> None:
    """Show the tabs.

    Args:
        names: step names in order. links: their values of the URL's `parameter`.
        current: the one on the screen, from 1.
        on_go: called with the step that the visitor chose, before the rerun; the next run should pass it as `current`.
        leads: whether Next is the page's primary button.
    """
    key = "story.tabs"
    data = {"names": list(names), "links": list(links), "current": current, "parameter": parameter, "leads": leads}
    _tabs(key=key, data=data, on_go_change=index_from(key, "go", range(1, len(names) + 1), on_go))


@dataclass(frozen=True, kw_only=True)
class Round:
    """Questions of *You are the judge*.

    questions: each with the URI of its `picture`, its `options`, the index of the `right` one, and its `method`. seed:
    of the round. methods: what the drawings of each method must do, in words that follow a number.
    """

    questions: Sequence[Mapping[str, Any]]
    seed: int
    methods: Mapping[str, str]


def judge(
    asked: Round,
    chosen: Sequence[int],
    *,
    on_choose: Callable[[tuple[int, ...]], None],
    on_more: Callable[[], None],
    on_open: Callable[[int], None],
) -> None:
    """Show the first question that is not answered yet, or the score.

    Args:
        asked: the round; a new seed starts a new one. chosen: indices of the options chosen so far.
        on_choose: called with all choices so far. on_more: called when the visitor asks for another round. on_open:
            called with the index of the question with the drawing that the visitor opens on *Paint*.
    """
    key, count = "story.judge", len(asked.questions)

    def choose() -> None:
        choices = st.session_state[key].get("choose")
        if isinstance(choices, list) and len(choices) <= count and all(k in range(5) for k in choices):
            on_choose(tuple(choices))

    data = {**vars(asked), "chosen": list(chosen), "url": "", "app": ""}
    opens = index_from(key, "open", range(count), on_open)
    _judge(key=key, data=data, on_choose_change=choose, on_more_change=on_more, on_open_change=opens)
