"""The scene that the story opens with: a word, and what a network draws of it by each search from one start.

The browser's half is `opening.js`: it plays the stored frames once, by itself, and mixes neighbours in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from core.reconstruct.view_pictures import SIDE, Drawing
from ui.components.mount import place_from, register
from ui.components.packing import webp_data_uri

_component = register("opening")


def opening(
    labels: Sequence[str],
    chosen: int,
    drawings: Sequence[Drawing],
    captions: Sequence[tuple[str, str, str]],
    *,
    on_ask: Callable[[int], None],
) -> None:
    """Show chips of the words, and the drawings of the chosen one.

    Args:
        chosen: place of the word. drawings: of that word, of the same number of frames.
        captions: of each drawing its title, what it is, and what a judge says of it, plain text.
        on_ask: called with the place that the visitor asks for, before the rerun.
    """
    key, data = "story.opening", pack_opening(labels, chosen, drawings, captions)
    _component(key=key, data=data, on_ask_change=place_from(key, "ask", range(len(labels)), on_ask))


def pack_opening(
    labels: Sequence[str], chosen: int, drawings: Sequence[Drawing], captions: Sequence[tuple[str, str, str]]
) -> dict[str, Any]:
    """Return what the browser gets, as JSON: a drawing's frames below each other, and a probability for every one."""
    return {
        "words": list(labels),
        "chosen": chosen,
        "size": SIDE,
        "drawings": [
            {
                "title": title,
                "about": about,
                "judged": judged,
                "strip": webp_data_uri(drawing.strip),
                "shares": drawing.confidence,
            }
            for drawing, (title, about, judged) in zip(drawings, captions, strict=True)
        ],
    }
