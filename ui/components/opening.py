"""Opening scene of the story: a word and a network's drawings of it by each search from the same start.

`opening.js` plays the stored frames once and blends neighbouring frames.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from core.pgd.drawings import SIDE, Drawing
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
    """Show the words as chips, and the drawings of the chosen word.

    Args:
        chosen: index of the word. drawings: drawings of that word, with equally many frames.
        captions: title, description and a judge's verdict for each drawing, plain text.
        on_ask: called with the index of the word that the visitor chose, before the rerun.
    """
    key, data = "story.opening", pack_opening(labels, chosen, drawings, captions)
    _component(key=key, data=data, on_ask_change=place_from(key, "ask", range(len(labels)), on_ask))


def pack_opening(
    labels: Sequence[str], chosen: int, drawings: Sequence[Drawing], captions: Sequence[tuple[str, str, str]]
) -> dict[str, Any]:
    """Return JSON for the browser: each drawing's frames, stacked vertically, and a probability per frame."""
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
