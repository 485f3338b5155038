"""Opening a saved run again: an untrusted file is shown as a live result is, or refused with a one-sentence error."""

from __future__ import annotations

import hashlib

import streamlit as st

from core.errors import sentence
from core.runs.file import RunFileError, read_runs
from ui.runs.view import Result
from ui.runs.words import sample_set_of, saved_note
from ui.shared.limits import check_upload, limits
from ui.shared.text import as_markdown, one_line

TITLES = {"inpainting": "Inpainting", "generation": "Generation"}
# Of all images of one step together. What the pages can save stays below this and all limits: 16 pictures of 224
# pixels that do not compress take 59 MiB.
MAX_PIXELS = 2**20
MAX_REASON_LENGTH = 300  # characters


def read_saved_run(data: bytes, file_name: str, page: str) -> Result:
    """A run file as a result of `page` ("inpainting" or "generation").

    Raises:
        RunFileError: it is no run file, or damaged, of the other page, or too large to be shown; one sentence.
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
        raise RunFileError(f"{name}: a run of the page {TITLES[kind]}, not of {TITLES[page]}; open it there")
    batch, _, height, width = run.start.shape
    if (
        batch > most.run_images
        or len(run.frames) > most.run_frames
        or max(height, width) > most.run_side
        or batch * height * width > MAX_PIXELS
    ):
        raise RunFileError(
            f"{name}: {batch:,} images of {width:,} × {height:,} pixels in {len(run.frames):,} frames are too many to "
            f"be shown; wanted at most {most.run_images} images, {most.run_side} pixels a side, {MAX_PIXELS:,} pixels "
            f"in all and {most.run_frames:,} frames: save a smaller run"
        )
    row = sample_set_of(run)
    # One picture of a known side goes into the page's painter; of all else the page has no counterpart.
    fixed = page != "inpainting" or len(run.start) > 1 or row is None or row.side != height or width != height
    return Result(f"opened.{hashlib.sha256(data).hexdigest()[:16]}", runs, saved_note(runs, file_name), fixed=fixed)


def opened_run(page: str) -> Result | None:
    """The run that this visitor has opened on a page."""
    return st.session_state.get(f"{page}.opened")


def close_run(page: str) -> None:
    """Show again what was shown before; nothing happens where no run was opened."""
    st.session_state.pop(f"{page}.opened", None)


def open_button(page: str) -> None:
    """A small button with a place for a run file; a file that cannot be shown changes nothing else."""
    most = limits().run_file_mb
    refused, number = f"{page}.refused_file", st.session_state.setdefault(f"{page}.openings", 0)
    with st.popover("Open a saved run", icon=":material/folder_open:", key=f"{page}.open.{number}"):
        st.markdown(
            f"A *Run file* (`.npz`) of the page {TITLES[page]}, up to {most} MB, saved here or elsewhere, or one "
            "that `python -m core.reconstruct --save-run` wrote. It is shown step by step; nothing is computed again."
        )
        # Another key for every opened file: the browser's next one starts empty, and the server forgets the bytes.
        file = st.file_uploader("Run file", type="npz", key=f"{page}.saved.{number}", max_upload_size=most)
        if file is None:
            st.session_state.pop(refused, None)
            return
        known, reason = st.session_state.get(refused, (None, ""))
        if known != file.file_id:
            try:
                st.session_state[f"{page}.opened"] = read_saved_run(file.getvalue(), file.name, page)
            except RunFileError as error:
                reason = one_line(error, MAX_REASON_LENGTH)
                st.session_state[refused] = file.file_id, reason
            else:
                st.session_state[f"{page}.openings"] = number + 1
                st.session_state.pop(f"{page}.error", None)
                st.rerun()
        st.error(as_markdown(sentence(reason)))
