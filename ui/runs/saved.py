"""Saved runs: show an untrusted file like a live result, or reject it with a one-sentence error."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import streamlit as st

from core.runs.file import RunFileError, read_runs
from core.shared.errors import sentence
from ui.runs.run_sentences import saved_note
from ui.runs.setup.state import RunResult
from ui.server.limits import check_upload, limits
from ui.shared.text import as_markdown, one_line
from ui.shared.url import PAGES

# Limit on the pixels of all images of one step. Files that the pages save stay below this and all other limits: 16
# incompressible pictures of 224 pixels take 59 MiB.
MAX_PIXELS = 2**20
MAX_REASON_LENGTH = 300  # characters


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
            f"{name}: too large to show, with {batch:,} images of {width:,} × {height:,} pixels in {len(run.frames):,} "
            f"frames. The limits are {most.run_images} images, {most.run_side} pixels a side, {MAX_PIXELS:,} pixels in "
            f"all and {most.run_frames:,} frames; save a smaller run"
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
            f"Open a *Run file* (`.npz`, up to {most} MB) of the page {PAGES[page]}, or one from "
            "`python -m core.reconstruct --save-run`. The page replays it step by step without computing anything."
        )
        key = f"{page}.saved.{number}"
        st.file_uploader("Run file", type="npz", key=key, max_upload_size=most, on_change=opened)
        if refused in state:
            st.error(as_markdown(sentence(state[refused])))
