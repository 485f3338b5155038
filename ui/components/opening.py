"""The scene that the story opens with: one blur, and what each of two networks makes of it when asked for a class.

The browser's half is `opening.js`: it plays the stored frames once, by itself, and mixes neighbours in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from core.runs.file import PGDRun
from ui.components.mount import place_from, register
from ui.components.packing import pack_pixels

_component = register("opening")


def opening(
    runs: Sequence[PGDRun],
    titles: Sequence[str],
    captions: Sequence[str],
    chosen: int,
    *,
    on_ask: Callable[[int], None],
) -> None:
    """Show the chips of the classes, and the scene of the chosen one.

    Args:
        runs: of one start and the same frame steps; image k is to become class k.
        titles: of the networks. captions: beneath the start and each result, plain text.
        chosen: place of the class. on_ask: called with the place that the visitor asks for, before the rerun.
    """
    key, data = "story.opening", pack_opening(runs, titles, captions, chosen)
    _component(key=key, data=data, on_ask_change=place_from(key, "ask", range(len(data["names"])), on_ask))


def pack_opening(runs: Sequence[PGDRun], titles: Sequence[str], captions: Sequence[str], chosen: int) -> dict[str, Any]:
    """What the browser gets, as JSON: frames as rows of red, green and blue, and a probability for every step."""
    first = runs[0]
    return {
        "names": list(first.metadata["class_names"]),
        "chosen": chosen,
        "size": first.start.shape[-1],
        "steps": first.frame_steps.tolist(),
        "captions": list(captions),
        "networks": [
            {
                "title": title,
                "frames": pack_pixels(run.frames[:, chosen]),
                "shares": [round(float(share), 4) for share in run.curves["target_probability"][:, chosen]],
            }
            for run, title in zip(runs, titles, strict=True)
        ],
    }
