"""Finished runs: what stands below the replay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from core.runs.file import PGDRun
from ui.runs.words import likeness, losses, origin, outcome, run_title
from ui.shared.text import as_markdown

UNIT = "\N{NO-BREAK SPACE}%"  # a number and its sign stay in one line


@dataclass(frozen=True, eq=False)
class Result:
    """Runs to be shown that are at rest.

    id: another one for each result. note: what it is, for people; plain text. go_on: takes up a run that was stopped.
    stored: whether it is an example that comes with the project. opened: what a visitor who has opened it closes; else
    empty. before: what was shown before it was opened.
    """

    id: str
    runs: tuple[PGDRun, ...]
    note: str
    go_on: Callable[[], object] | None = None
    stored: bool = False
    opened: str = ""
    before: Result | None = None


def outcome_words(runs: Sequence[PGDRun]) -> str:
    """What has come of the runs, Markdown: a paragraph for each, and one on all of them."""
    parts = [[as_markdown(part).replace(" %", UNIT) for part in sentence] for sentence in outcome(runs)]
    told = [f"{begin}**{number}**{end}" for begin, number, end in parts]
    return "\n\n".join([*told, as_markdown(likeness(runs))]).strip()


def provenance(runs: Sequence[PGDRun]) -> None:
    """Losses and origin of each run."""
    for run in runs:
        numbers = as_markdown(losses(run, 0)) if len(run.start) == 1 else ""
        st.markdown(f"**{as_markdown(run_title(run, runs))}.** {numbers} {as_markdown(origin(run))}")
