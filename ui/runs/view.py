"""Finished runs: what stands below the replay."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.runs.file import PGDRun
from ui.runs.words import likeness, losses, origin, outcome, run_title
from ui.shared.sentences import sentence_markdown
from ui.shared.text import as_markdown


def outcome_words(runs: Sequence[PGDRun]) -> str:
    """Markdown of what has come of the runs: a paragraph for each, and one on all of them."""
    return "\n\n".join([*map(sentence_markdown, outcome(runs)), as_markdown(likeness(runs))]).strip()


def provenance(runs: Sequence[PGDRun]) -> None:
    """Losses and origin of each run."""
    for run in runs:
        numbers = as_markdown(losses(run, 0)) if len(run.start) == 1 else ""
        st.markdown(f"**{as_markdown(run_title(run, runs))}.** {numbers} {as_markdown(origin(run))}")
