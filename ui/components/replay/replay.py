"""Replay of runs in the browser: large pictures that grow, from the exact bytes of every stored moment.

`replay.js` holds all frames, draws them and the comparison of start and moment, and moves through them without a rerun.
During a run each redraw sends it the frames since the previous redraw, which it plays in order; it reports *Stop* and
*Continue*.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from core.pgd.record import frame_differences
from ui.components.mount import index_from, register

_component = register("replay/replay.js")


@dataclass(frozen=True)
class Caption:
    """Texts of a run's pictures, plain. title: its role. judged: per picture, what a second network says, or empty.

    recognised: per picture, True if that is the target. painter: who is sure of it.
    """

    title: str
    judged: Sequence[str] = ()
    recognised: Sequence[bool] = ()
    painter: str = "The painter"


@dataclass(frozen=True, eq=False)
class Track:
    """One run: F frames of B images, (F, B, 3, H, W) uint8, and the target probability of S states, (S, B)."""

    caption: Caption
    frames: np.ndarray
    curve: np.ndarray


@dataclass(frozen=True)
class RunProgress:
    """Progress of an unfinished run; a "new" one has not begun.

    text: what one sees, and the time left. step: of the newest state. seconds: how long to play the frames until the
    next ones arrive.
    """

    state: Literal["new", "queued", "running", "stopped"]
    text: str = ""
    step: int = 0
    seconds: float = 0.0


def pack_replay(
    tracks: Sequence[Track],
    start: np.ndarray,
    frame_steps: Sequence[int],
    *,
    original: np.ndarray | None = None,
    live: RunProgress | None = None,
    **about: Any,
) -> dict[str, Any]:
    """Return JSON for the browser.

    Args:
        start: (B, 3, H, W) uint8, what *Compare* shows. frame_steps: F steps, rising.
        original: (B, 3, H, W) uint8, shown next to the results, or None. live: progress of an unfinished run, or None.
        about: `id` of the run; `lead`, whether the last picture is larger than the others; `border`, where a comparison
            with the start begins, in per cent of the width, or 0 for none; `alone`, left, top and side of what the
            judge sees of one picture, or None for all of it; `targets`, the target class of each image; `steps`, the
            run's planned steps; `note`, a line for the end.
    """
    return _with_version(
        about
        | {
            "height": start.shape[2],
            "width": start.shape[3],
            "frame_steps": list(frame_steps),
            "start": _bytes(start),
            "original": None if original is None else _bytes(original),
            "models": [_pack(track, frame_steps) for track in tracks],
            "live": None if live is None else vars(live),
        }
    )


def with_tries(
    data: Mapping[str, Any],
    frames: np.ndarray,
    chosen: int,
    says: Sequence[tuple[str, bool]] = (),
    picked: int | None = None,
    titles: Sequence[str] = (),
) -> dict[str, Any]:
    """Return packed pictures of one try with those of all tries, for the visitor to choose one.

    Args:
        frames: (F, T, 3, H, W) uint8; F is 1 or that of the packed pictures. chosen: place of the packed try.
        says: a second network's prediction of each, plain, and True if it is the target; none during a run.
        picked: place of the try that this network picked, or None.
        titles: of tries from different starts.
    """
    packed = _bytes(frame_differences(frames))
    about = {"count": frames.shape[1], "chosen": chosen, "says": says, "picked": picked, "titles": list(titles)}
    return {**data, "tries": {"frames": packed, **about}}


def replay(
    data: Mapping[str, Any],
    *,
    key: str,
    seek: bool = False,
    change: str = "",
    choose: Callable[[int], None] = lambda k: None,
    **events: Callable[[], object],
) -> None:
    """Show packed pictures.

    Args:
        data: from `pack_replay`. key: unique on the page; the same for all runs.
        seek: True to scroll to the pictures once if they are out of view, after the visitor starts a run.
        change: text of a phone's button that leads from the pictures to the page's painter.
        events: callbacks for "resume" and "stop" of an unfinished run.
        choose: called with the place of the try that the visitor chose.
    """
    calls = {f"on_{name}_change": events.get(name, lambda: None) for name in ("resume", "stop")}
    tries = range(data.get("tries", {}).get("count", 0))
    calls["on_choose_change"] = index_from(key, "choose", tries, choose)
    _component(key=key, data={"key": key, "seek": seek, "change": change, **data}, **calls)


def _pack(track: Track, frame_steps: Sequence[int]) -> dict[str, Any]:
    known = [step for step in frame_steps if step < len(track.curve)]  # of a run that has not begun, nothing
    return {
        **vars(track.caption),
        "frames": _bytes(frame_differences(track.frames)),
        "values": track.curve[known].ravel().tolist(),
    }


def _with_version(data: dict[str, Any]) -> dict[str, Any]:
    return data | {"version": hashlib.blake2b(repr(data).encode("utf-8", "replace"), digest_size=16).hexdigest()}


def _bytes(array: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(np.ascontiguousarray(array).tobytes(), 1)).decode("ascii")
