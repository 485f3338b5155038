"""Stored runs, of the same type as live ones: what the pages show before any click. Does not import torch."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from core.runs.file import PGDRun, RunFileError
from core.runs.stored import stored_subjects
from ui.runs.view import Result

SIDE_BY_SIDE = 2


@st.cache_resource(show_spinner=False)
def _stored(kind: str) -> dict[str, list[PGDRun]]:
    """Runs by subject. A file that cannot be read is left out."""
    found: dict[str, list[PGDRun]] = {}
    for subject, paths in stored_subjects(kind).items():
        for path in paths:
            try:
                found.setdefault(subject, []).append(PGDRun.load(path))
            except (RunFileError, OSError):
                continue
    return found


def stored_runs(kind: str) -> list[PGDRun]:
    """All stored runs of "inpainting" or "generation"."""
    return [run for runs in _stored(kind).values() for run in runs]


def stored_example(kind: str, size: int | None, classifiers: Collection[str], variant: str) -> Result | None:
    """The stored runs that are nearest to what the visitor has chosen; None if none is stored.

    Args:
        kind: "inpainting" or "generation".
        size: side of the picture in pixels, None for any.
        classifiers: names of the chosen ones.
        variant: penalty of Eq. 3, or kind of start; it matters less than the size, and more than the classifiers.
    """
    best: tuple[int, str, list[PGDRun]] | None = None
    for subject, runs in _stored(kind).items():
        chosen = [run for run in runs if run.metadata["classifier"]["name"] in classifiers]
        facts = runs[0].metadata
        alike = variant in (facts["objective"].get("penalty"), facts["images"].get("start"))
        score = 20 * (runs[0].start.shape[-1] == size) + 10 * alike + len(chosen)
        if best is None or score > best[0]:
            best = score, subject, (chosen or runs)[:SIDE_BY_SIDE]
    if best is None:
        return None
    _, subject, runs = best
    together = tuple(run for run in runs if run.frame_steps.tolist() == runs[0].frame_steps.tolist())
    names = "+".join(run.metadata["classifier"]["name"] for run in together)
    return Result(f"stored.{subject}.{names}", together, "A stored example, made by the same code as your own runs.")
