"""The stored runs in `precomputed/runs`: what they start from, and how their files are named. Does not import torch.

A file is KIND_SUBJECT__CLASSIFIER.npz; files of one subject started from the same images. `precomputed.make_runs`
writes them, the pages show them before any click.
"""

from __future__ import annotations

from pathlib import Path

from core.data.classes import PRECOMPUTED

RUNS = PRECOMPUTED / "runs"
_ROW = "-row"


def stored_path(kind: str, subject: str, classifier: str) -> Path:
    """The file of one stored run; kind: "inpainting" or "generation"."""
    return RUNS / f"{kind}_{subject}__{classifier}.npz"


def stored_subjects(kind: str) -> dict[str, list[Path]]:
    """The files of each subject, subjects and classifiers in alphabetical order."""
    found: dict[str, list[Path]] = {}
    for path in sorted(RUNS.glob(f"{kind}_*__*.npz"), key=lambda path: path.stem):
        found.setdefault(path.stem.partition("__")[0].removeprefix(f"{kind}_"), []).append(path)
    return found


def row_of(sample_set: str) -> str:
    """The subject of the runs that fill a hole in several pictures of a set: examples to look at."""
    return f"{sample_set}{_ROW}"


def is_row(subject: str) -> bool:
    """Whether a subject is such a row."""
    return subject.endswith(_ROW)
