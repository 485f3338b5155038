"""Read the replay component's data as the browser does, written independently of the packing."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from tests.ui.page_runner import components


def replay_data(app: AppTest) -> dict[str, Any]:
    """The JSON data of the page's replay; examples come after it."""
    return components(app, "models")[0]


def frames_of(data: dict[str, Any], k: int) -> np.ndarray:
    """(F, B, 3, H, W) uint8 of the k-th classifier."""
    raw = np.frombuffer(zlib.decompress(base64.b64decode(data["models"][k]["frames"])), dtype=np.uint8)
    shape = (len(data["frame_steps"]), len(data["targets"]), 3, data["height"], data["width"])
    frames = raw.reshape(shape).astype(int)
    for frame in range(1, len(frames)):
        frames[frame] = (frames[frame] + frames[frame - 1]) % 256
    return frames.astype(np.uint8)


def numbers_of(data: dict[str, Any], k: int) -> np.ndarray:
    """(F, B): target probability at each frame."""
    return np.reshape(data["models"][k]["values"], (-1, len(data["targets"])))
