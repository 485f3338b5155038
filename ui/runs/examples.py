"""Stored runs, of the same type as live ones: what the pages show before any click. No torch.

A file is `precomputed/runs/KIND_SUBJECT__CLASSIFIER.npz`; files of one subject started from the same images.
"""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from core.data.classes import PRECOMPUTED
from core.runs.file import PGDRun, RunFileError
from ui.runs.view import Result

RUNS = PRECOMPUTED / "runs"
SIDE_BY_SIDE = 2


@st.cache_resource(show_spinner=False)
def _stored(kind: str) -> dict[str, list[PGDRun]]:
    """Runs by subject, subjects and classifiers in alphabetical order. A file that cannot be read is left out."""
    found: dict[str, list[PGDRun]] = {}
    for path in sorted(RUNS.glob(f"{kind}_*__*.npz"), key=lambda path: path.stem):
        subject = path.stem.partition("__")[0].removeprefix(f"{kind}_")
        try:
            found.setdefault(subject, []).append(PGDRun.load(path))
        except (RunFileError, OSError):
            continue
    return found


def stored_example(kind: str, size: int | None, classifiers: Collection[str], penalty: str = "norm") -> Result | None:
    """The stored runs that are nearest to what the visitor has chosen; None if none is stored.

    Args:
        kind: "inpainting" or "generation".
        size: side of the picture in pixels, None for any.
        classifiers: names of the chosen ones.
        penalty: of Eq. 3; it matters less than the size, and more than the classifiers.
    """
    best: tuple[int, str, list[PGDRun]] | None = None
    for subject, runs in _stored(kind).items():
        chosen = [run for run in runs if run.metadata["classifier"]["name"] in classifiers]
        alike = runs[0].metadata["objective"].get("penalty", penalty) == penalty
        score = 20 * (runs[0].start.shape[-1] == size) + 10 * alike + len(chosen)
        if best is None or score > best[0]:
            best = score, subject, (chosen or runs)[:SIDE_BY_SIDE]
    if best is None:
        return None
    _, subject, runs = best
    together = tuple(run for run in runs if run.frame_steps.tolist() == runs[0].frame_steps.tolist())
    names = "+".join(run.metadata["classifier"]["name"] for run in together)
    return Result(f"stored.{subject}.{names}", together, "A stored example, made by the same code as your own runs.")
