"""Runs as files: downloads of a picture, an animation and a run file, and the upload of a saved run.

An uploaded file is untrusted: it is shown like a live result, or rejected with a one-sentence error.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence

import streamlit as st
from PIL import Image, ImageDraw, ImageFont

from core.runs.file import PGDRun, RunFileError, evenly_spaced, pack_runs, read_runs
from core.shared.errors import sentence
from core.shared.sentences import count_of
from ui.maps.files import file_stem
from ui.runs.run_sentences import run_title, saved_note, target_of
from ui.runs.setup.state import RunResult
from ui.server.limits import check_upload, limits
from ui.shared.downloads import download_button
from ui.shared.picture_rows import to_picture
from ui.shared.text import as_markdown, one_line
from ui.shared.url import PAGES

MIN_FRAME_SIDE = 224  # pixels: smaller frames are enlarged smoothly, since players would show them tiny
GAP, LINE = 8, 24  # pixels between pictures; height of their captions
MAX_FRAMES = 61
SECONDS = 4.0  # length of an animation; the last frame stays for another second
# Limit on the pixels of all images of one step. Files that the pages save stay below this and all other limits: 16
# incompressible pictures of 224 pixels take 59 MiB.
MAX_PIXELS = 2**20
MAX_REASON_LENGTH = 300  # characters


def run_picture(runs: Sequence[PGDRun], row: int) -> bytes:
    """Return a PNG of image `row`: the original, if any, beside each run's result."""
    buffer = io.BytesIO()
    _side_by_side(runs, row, -1).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def run_animation(runs: Sequence[PGDRun], row: int) -> bytes:
    """Return the same pictures step by step, as a looping lossless WebP."""
    count = min(len(run.frames) for run in runs)
    chosen = evenly_spaced(count, MAX_FRAMES).tolist()
    first, *rest = [_side_by_side(runs, row, k) for k in chosen]
    buffer = io.BytesIO()
    durations = [round(1000 * SECONDS / len(chosen))] * len(rest) + [1000]
    first.save(buffer, "WEBP", save_all=True, append_images=rest, duration=durations, loop=0, lossless=True, method=1)
    return buffer.getvalue()


def _side_by_side(runs: Sequence[PGDRun], row: int, frame: int) -> Image.Image:
    original = runs[0].original
    pictures = [] if original is None else [("Original", original[row])]
    pictures += [(run_title(run, runs), run.frames[frame, row]) for run in runs]
    height, width = runs[0].start.shape[-2:]
    scale = max(1, -(-MIN_FRAME_SIDE // max(height, width)))
    height, width = scale * height, scale * width
    sheet = Image.new("RGB", (len(pictures) * (width + GAP) - GAP, height + LINE), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for k, (title, pixels) in enumerate(pictures):
        left = k * (width + GAP)
        sheet.paste(Image.fromarray(to_picture(pixels)).resize((width, height), Image.Resampling.BICUBIC), (left, 0))
        pen.text((left, height + 4), title.encode("latin-1", "replace").decode("latin-1")[:34], "black", font)
    return sheet


def run_stem(runs: Sequence[PGDRun], row: int) -> str:
    """Return the file name of image `row` without suffix: short and valid on every system."""
    names = dict.fromkeys(run.metadata["classifier"]["name"] for run in runs)
    searches = dict.fromkeys(run.config.search for run in runs)
    by = () if [*searches] == ["pixels"] else searches
    parts = (runs[0].metadata["kind"], *names, *by, target_of(runs[0], row))
    stem = "-".join(filter(None, (file_stem(part[:60])[:40].strip("-") for part in parts)))
    return f"{stem}-{row + 1}" if len(runs[0].start) > 1 else stem


def download_menu(runs: Sequence[PGDRun], *, key: str) -> None:
    """Draw a menu of downloads for all classifiers and pictures of a result; `key` is unique on the page."""
    with st.popover("Download", icon=":material/download:", key=f"{key}.download"):
        row = 0
        if len(runs[0].start) > 1:
            targets = [f"{k + 1}: {target_of(runs[0], k)}" for k in range(len(runs[0].start))]
            row = st.selectbox("Picture", range(len(targets)), format_func=targets.__getitem__, key=f"{key}.row")
        kinds = {
            "Picture": (lambda: run_picture(runs, row), "png"),
            "Animation": (lambda: run_animation(runs, row), "webp"),
            "Run file": (lambda: pack_runs(runs), "npz"),
        }
        with st.container(horizontal=True, gap="small"):
            for label, (make, suffix) in kinds.items():
                name = f"{run_stem(runs, row)}.{suffix}"
                download_button(label, make, name, key=f"{key}.{row}.{suffix}", icon=":material/download:")


def read_saved_run(data: bytes, file_name: str, page: str) -> RunResult:
    """Load a run file as a result of `page` ("inpainting" or "generation").

    Raises:
        RunFileError: the file is not a run file, is damaged, belongs to the other page, or is too large to show; the
            message is one sentence.
    """
    name, most = f"“{one_line(file_name, 60)}”", limits()
    try:
        check_upload(data, most.run_file_mb)
    except ValueError as error:
        raise RunFileError(f"{name}: {error}") from error
    runs = read_runs(data, name=name, limit=most.run_content_mb * 2**20)
    run, *_ = runs
    kind = run.metadata["kind"]
    if kind != page:
        raise RunFileError(f"{name}: a run of the page {PAGES[kind]}; open it there, not on {PAGES[page]}")
    batch, _, height, width = run.start.shape
    if (
        batch > most.run_images
        or len(run.frames) > most.run_frames
        or max(height, width) > most.run_side
        or batch * height * width > MAX_PIXELS
    ):
        raise RunFileError(
            f"{name}: too large to show, with {count_of(batch, 'image')} of {width:,} × {height:,} pixels in "
            f"{count_of(len(run.frames), 'frame')}. The limits are {most.run_images} images, {most.run_side} pixels "
            f"a side, {MAX_PIXELS:,} pixels in all and {most.run_frames:,} frames; save a smaller run"
        )
    id = f"opened.{hashlib.sha256(data).hexdigest()[:16]}"
    return RunResult(id, runs, saved_note(runs, file_name), opened="the saved run")


def open_button(page: str, show: Callable[[RunResult], None]) -> None:
    """Draw a small button that opens an upload of a run file; a rejected file changes nothing else.

    show: called with the file's runs, before the rerun.
    """
    state, most = st.session_state, limits().run_file_mb
    refused, number = f"{page}.refused_file", state.setdefault(f"{page}.openings", 0)

    def opened() -> None:
        state.pop(refused, None)
        if (file := state[f"{page}.saved.{number}"]) is None:
            return
        try:
            show(read_saved_run(file.getvalue(), file.name, page))
        except RunFileError as error:
            state[refused] = one_line(error, MAX_REASON_LENGTH)
        else:
            # A new key per opened file: the next upload starts empty, and the server frees the bytes.
            state[f"{page}.openings"] = number + 1

    with st.popover("Open a saved run", icon=":material/folder_open:", key=f"{page}.open.{number}"):
        st.markdown(
            f"Open a run file (`.npz`, up to {most} MB) of the page {PAGES[page]}, or one from "
            "`python -m core.reconstruct --save-run`. The page replays it step by step without computing anything."
        )
        key = f"{page}.saved.{number}"
        st.file_uploader("Run file", type="npz", key=key, max_upload_size=most, on_change=opened)
        if refused in state:
            st.error(as_markdown(sentence(state[refused])))
