"""Finished runs: what stands below the replay, and what can be taken away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from core.runs.file import PGDRun
from ui.runs.downloads import run_downloads
from ui.runs.words import comparison, likeness, losses, origin, run_title, target_of
from ui.shared.text import as_markdown


@dataclass(frozen=True, eq=False)
class Result:
    """Runs to be shown that are at rest.

    id: another one for each result. note: what it is, for people; plain text. go_on: takes up a run that was stopped.
    stored: whether it is an example that comes with the project. fixed: whether it was asked for by itself, and stays
    whatever is chosen.
    """

    id: str
    runs: tuple[PGDRun, ...]
    note: str
    go_on: Callable[[], object] | None = None
    stored: bool = False
    fixed: bool = False


def download_menu(runs: Sequence[PGDRun], *, key: str) -> None:
    """One menu for all classifiers and pictures of a result."""
    with st.popover("Download", icon=":material/download:", key=f"{key}.download"):
        row = 0
        if len(runs[0].start) > 1:
            targets = [f"{k + 1}: {target_of(runs[0], k)}" for k in range(len(runs[0].start))]
            row = st.selectbox("Picture", range(len(targets)), format_func=targets.__getitem__, key=f"{key}.row")
        run_downloads(runs, row, key=f"{key}.downloads")


def outcome_words(runs: Sequence[PGDRun]) -> str:
    """What has come of the runs, Markdown."""
    return f"**{as_markdown(comparison(runs))}** {as_markdown(likeness(runs))}".strip()


def provenance(runs: Sequence[PGDRun]) -> None:
    """Losses and origin of each run."""
    for run in runs:
        numbers = as_markdown(losses(run, 0)) if len(run.start) == 1 else ""
        st.markdown(f"**{as_markdown(run_title(run))}.** {numbers} {as_markdown(origin(run))}")
