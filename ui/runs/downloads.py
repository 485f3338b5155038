"""A PGD run to take away: picture, animation, numbers, and the file that repeats it. Made when asked for."""

from __future__ import annotations

import io
import json

import numpy as np
import streamlit as st
from PIL import Image

from core.runs.file import PGDRun
from ui.maps.downloads import file_stem
from ui.runs.figures import to_picture
from ui.runs.words import target_of

MIN_FRAME_SIDE = 224  # pixels: smaller frames are enlarged smoothly, or players would show a stamp
MAX_FRAMES = 61
SECONDS = 4.0  # length of an animation, and then a second to look at its end


def run_png(run: PGDRun, row: int) -> bytes:
    """The last frame of image `row`, pixel for pixel."""
    return _encode([Image.fromarray(to_picture(run.frames[-1, row]))], "PNG")


def run_animation(run: PGDRun, row: int, kind: str) -> bytes:
    """Frames of image `row` as an endless "GIF" (256 colours a frame) or a lossless "WEBP"."""
    chosen = np.unique(np.linspace(0, len(run.frames) - 1, min(len(run.frames), MAX_FRAMES)).round().astype(int))
    scale = max(1, -(-MIN_FRAME_SIDE // max(run.frames.shape[-2:])))
    frames = [Image.fromarray(to_picture(run.frames[k, row])) for k in chosen]
    size = scale * frames[0].width, scale * frames[0].height
    return _encode([frame.resize(size, Image.Resampling.BICUBIC) for frame in frames], kind)


def run_json(run: PGDRun) -> bytes:
    """Settings, provenance, curves, first and last predictions of all images of the run."""
    rows = range(len(run.start))
    content = {
        **run.metadata,
        "curves": {name: curve.T.tolist() for name, curve in run.curves.items()},
        "terms": {name: term.T.tolist() for name, term in run.terms.items()},
        "top_classes_before": [run.top_classes(row, last=False) for row in rows],
        "top_classes_after": [run.top_classes(row, last=True) for row in rows],
    }
    return (json.dumps(content, indent=1) + "\n").encode("utf-8")


def run_stem(run: PGDRun, row: int) -> str:
    """How the files of image `row` are called, without their ending: short, and safe on every system."""
    parts = (run.metadata["kind"], run.metadata["classifier"]["name"], target_of(run, row))
    stem = "-".join(filter(None, (file_stem(part[:60])[:40].strip("-") for part in parts)))
    return f"{stem}-{row + 1}" if len(run.start) > 1 else stem


def run_downloads(run: PGDRun, row: int, *, key: str) -> None:
    """A row of buttons; `key` is unique on the page."""
    stem = run_stem(run, row)
    kinds = {
        "PNG": (lambda: run_png(run, row), "png"),
        "GIF": (lambda: run_animation(run, row, "GIF"), "gif"),
        "WebP": (lambda: run_animation(run, row, "WEBP"), "webp"),
        "JSON": (lambda: run_json(run), "json"),
        "Run file": (run.to_bytes, "npz"),
    }
    with st.container(horizontal=True, gap="small"):
        for label, (make, suffix) in kinds.items():
            st.download_button(
                label,
                make,
                f"{stem}.{suffix}",
                key=f"{key}.{row}.{suffix}",
                on_click="ignore",
                icon=":material/download:",
            )


def _encode(frames: list[Image.Image], kind: str) -> bytes:
    first, *others = frames
    buffer = io.BytesIO()
    if kind == "PNG":
        first.save(buffer, "PNG", optimize=True)
        return buffer.getvalue()
    pause = round(1000 * SECONDS / len(frames))
    durations = [pause] * len(others) + [1000]
    options = {"lossless": True, "method": 1} if kind == "WEBP" else {"optimize": False}
    first.save(buffer, kind, save_all=True, append_images=others, duration=durations, loop=0, **options)
    return buffer.getvalue()
