"""Replay of runs of one or two classifiers in the browser: pictures, curves and numbers, step by step.

`replay.js` holds all frames, draws picture, wipe and amplified change from their exact bytes, and steps through them
without a rerun. During a run each redraw sends it the frames since the previous redraw, which it plays in order; it
reports *Pause*, *Continue* and *Stop*.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from core.runs.file import SURE, frame_differences
from ui.components.mount import register

MAX_POINTS = 160  # per curve: longer curves are drawn as an envelope

_component = register("replay")
Ranked = Sequence[tuple[str, float]]


@dataclass(frozen=True, eq=False)
class Track:
    """One classifier's run in a replay: F frames of B images, curves of S states. Texts are plain.

    title: title above the picture. frames: (F, B, 3, H, W) uint8.
    curves: (3, S, B) float32, target probability, loss and L2 norm of the change.
    colour: the classifier's colour, e.g. "#0072B2".
    before, after: for each image, the likeliest classes with their shares of 1, of the first and the last frame; may
        be empty, and without any image nothing is shown.
    sure: for each image, the step at which the classifier was first sure of the target, None where it never was, and
        the mean change by then, of 1, None where that is not known; empty while the run goes on.
    about: what it had to do, and what the classifier was trained for. card: URL of its card, empty where there is none.
    network: the classifier's title in sentences, where that above the picture says more.
    """

    title: str
    frames: np.ndarray
    curves: np.ndarray
    colour: str
    before: Sequence[Ranked] = ()
    after: Sequence[Ranked] = ()
    sure: Sequence[tuple[int | None, float | None]] = ()
    about: str = ""
    card: str = ""
    network: str = ""


@dataclass(frozen=True)
class RunProgress:
    """Progress of a run that has not come to its end; a "new" one has not begun, and *Run* reports as *Continue* does.

    text: for people; of a run that goes on, it follows the step. seconds: for which its frames last, until the next
    ones come.
    """

    state: Literal["new", "queued", "running", "paused", "stopped"]
    text: str = ""
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
    """Return what the browser gets, as JSON.

    Args:
        start: (B, 3, H, W) uint8, what wipe and change compare with.
        frame_steps: F steps, rising.
        original: (B, 3, H, W) uint8, the pictures without their holes; None where there are none.
        live: for a run that has not ended.
        about: `id` of the run, as another run begins with its first image in view; `kind`, "inpainting" or
            "generation"; `targets`, what each image is to become; `steps`, where the charts' axis ends; `budget`, the
            largest change allowed.
    Raises:
        ValueError: the parts do not fit together.
    """
    for track in tracks:
        if track.frames.shape != (len(frame_steps), *start.shape) or track.frames.dtype != np.uint8:
            raise ValueError(
                f"a replay wants uint8 frames of {(len(frame_steps), *start.shape)}, got {track.frames.dtype} "
                f"{track.frames.shape}"
            )
    # A frame that is soon replaced is not worth it, and unpacking may take longer than until the next one comes.
    packed = live is None or live.state in ("new", "paused")
    states, _ = envelope(np.arange(tracks[0].curves.shape[1], dtype=np.float32)[:, None])
    data = about | {
        "height": start.shape[2],
        "width": start.shape[3],
        "sure": SURE,
        "frame_steps": list(frame_steps),
        "packed": packed,
        "start": _bytes(start, packed),
        "original": None if original is None else _bytes(original, packed),
        "curve_steps": states[0, 1].tolist(),
        "models": [_pack(track, frame_steps, packed) for track in tracks],
        "live": None if live is None else vars(live),
    }
    return data | {"version": hashlib.blake2b(repr(data).encode("utf-8", "replace"), digest_size=16).hexdigest()}


def replay(data: Mapping[str, Any], *, key: str, seek: str = "", **events: Callable[[], object]) -> None:
    """Show a packed replay.

    Args:
        data: from `pack_replay`. key: unique on the page; the same for all runs, so that the place stays.
        seek: who started the run: "visitor" scrolls there once unless its pictures are in sight, "page" unless it is.
        events: what to call on "pause", "resume" and "stop" of a run that has not come to its end.
    """
    calls = {f"on_{name}_change": events.get(name, lambda: None) for name in ("pause", "resume", "stop")}
    _component(key=key, data={"key": key, "seek": seek, **data}, **calls)


def envelope(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest, mean and highest value of up to 160 groups of neighbouring states: no moire where a curve swings.

    The first and the last state are groups of their own: a curve begins and ends with the numbers beside it.

    Args:
        values: (S, R), one for each state and curve.
    Returns:
        (R, 3, N) float32, and the (N,) first state of each group.
    """
    count = min(len(values), MAX_POINTS)
    # Of no state there is no group.
    firsts = np.append(0, np.linspace(1, len(values) - 1, max(0, count - 1)).astype(int))[:count]
    sizes = np.diff(firsts, append=len(values))[:, None]
    parts = (
        np.minimum.reduceat(values, firsts),
        np.add.reduceat(values, firsts, dtype=np.float64) / sizes,
        np.maximum.reduceat(values, firsts),
    )
    return np.stack(parts).transpose(2, 0, 1).astype(np.float32), firsts


def _pack(track: Track, frame_steps: Sequence[int], packed: bool) -> dict[str, Any]:
    known = [step for step in frame_steps if step < track.curves.shape[1]]  # of a run that has not begun, nothing
    return vars(track) | {
        "frames": _bytes(frame_differences(track.frames), packed),
        "values": _base64(track.curves[:, known].astype("<f4").tobytes()),
        "curves": _base64(np.stack([envelope(curve)[0] for curve in track.curves], axis=1).astype("<f4").tobytes()),
    }


def _bytes(array: np.ndarray, packed: bool) -> str:
    raw = np.ascontiguousarray(array).tobytes()
    return _base64(zlib.compress(raw, 6) if packed else raw)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
