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

from core.pgd.run import frame_differences
from ui.components.mount import register

MAX_POINTS = 160  # per curve: longer curves are drawn as an envelope

_component = register("replay")
Ranked = Sequence[tuple[str, float]]


@dataclass(frozen=True, eq=False)
class Track:
    """One classifier's run in a replay: F frames of B images, a curve of S states. Texts are plain.

    title: title above the picture. frames: (F, B, 3, H, W) uint8.
    curve: (S, B) float32, target probability.
    colour: the classifier's colour, e.g. "#0072B2".
    before, after: for each image, the likeliest classes and their probabilities in the first and the last frame; may be
        empty.
    about: the task and the classifier's training.
    network: the classifier's title in sentences, if shorter than `title`.
    every: steps between measurements; in between, and until the run's last step, the curve repeats the last one.
    """

    title: str
    frames: np.ndarray
    curve: np.ndarray
    colour: str
    before: Sequence[Ranked] = ()
    after: Sequence[Ranked] = ()
    about: str = ""
    network: str = ""
    every: int = 1


@dataclass(frozen=True)
class RunProgress:
    """Progress of an unfinished run; a "new" one has not begun, and its *Run* button reports like *Continue*.

    text: status text; during a run it follows the step. seconds: how long to play the frames until the next ones
    arrive.
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
    """Return JSON for the browser.

    Args:
        start: (B, 3, H, W) uint8, the reference of wipe and change.
        frame_steps: F steps, rising.
        original: (B, 3, H, W) uint8, the pictures without their holes, or None.
        live: progress of an unfinished run, or None.
        about: `id` of the run (a new run starts with its first image in view); `kind`, "inpainting" or "generation";
            `targets`, the target class of each image; `steps`, end of the chart's axis; `planned`, the run's steps if
            it does not end early.
    """
    # Not for live frames: unpacking one may take longer than the time until the next.
    packed = live is None or live.state in ("new", "paused")
    states, _ = envelope(np.arange(len(tracks[0].curve), dtype=np.float32)[:, None])
    data = about | {
        "height": start.shape[2],
        "width": start.shape[3],
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
        data: from `pack_replay`. key: unique on the page; the same for all runs, so that the position is kept.
        seek: who started the run: "visitor" scrolls to the replay once unless its pictures are visible, "page" unless
            the replay is.
        events: callbacks for "pause", "resume" and "stop" of an unfinished run.
    """
    calls = {f"on_{name}_change": events.get(name, lambda: None) for name in ("pause", "resume", "stop")}
    _component(key=key, data={"key": key, "seek": seek, **data}, **calls)


def envelope(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the minimum, mean and maximum of up to 160 groups of neighbouring states, to avoid moire in an oscillating
    curve.

    The first and the last state are separate groups, so that a curve's ends equal the numbers beside it.

    Args:
        values: (S, R), S states of R curves.
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
    known = [step for step in frame_steps if step < len(track.curve)]  # of a run that has not begun, nothing
    texts = {name: value for name, value in vars(track).items() if name not in ("frames", "curve")}
    return texts | {
        "frames": _bytes(frame_differences(track.frames), packed),
        "values": _base64(track.curve[known].astype("<f4").tobytes()),
        "curves": _base64(envelope(track.curve)[0].astype("<f4").tobytes()),
    }


def _bytes(array: np.ndarray, packed: bool) -> str:
    raw = np.ascontiguousarray(array).tobytes()
    return _base64(zlib.compress(raw, 6) if packed else raw)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
