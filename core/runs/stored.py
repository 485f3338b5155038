"""Files of stored runs, which pages open with: their folders and names. No torch.

A file is named KIND_SUBJECT__CLASSIFIER.npz, by views KIND_SUBJECT__CLASSIFIER__views.npz; files of one subject have
the same starts. `core.reproduce.profile` writes them, including those of `precomputed/runs`.
"""

from __future__ import annotations

import re
from pathlib import Path

from core.data.classes import PRECOMPUTED
from core.data.profiles import stored_files
from core.pgd.view_settings import Search

RUNS = PRECOMPUTED / "runs"
_ROW = "-row"
OPENING = "opening"  # kind of the story's first runs: every class, from one blur of no class


def stored_path(kind: str, subject: str, classifier: str, folder: Path = RUNS, search: Search = "pixels") -> Path:
    """Return the file of a stored run; kind: "inpainting", "generation" or `OPENING`."""
    return folder / f"{kind}_{subject}__{classifier}{'' if search == 'pixels' else f'__{search}'}.npz"


def stored_classifier(path: Path) -> str:
    """Return the classifier in a stored run's file name."""
    return path.stem.split("__")[1]


def stored_subjects(kind: str) -> dict[str, list[Path]]:
    """Return the files of each subject, in alphabetical order of subjects and classifiers.

    The first of several files with one name counts.
    """
    subjects: dict[str, list[Path]] = {}
    by_name = {path.stem: path for path in reversed(stored_files("runs")) if re.fullmatch(rf"{kind}_.*__.*", path.stem)}
    for path in (by_name[stem] for stem in sorted(by_name)):
        subjects.setdefault(path.stem.partition("__")[0].removeprefix(f"{kind}_"), []).append(path)
    return subjects


def row_of(sample_set: str) -> str:
    """Return the subject of the runs that fill a hole in several pictures of a set."""
    return f"{sample_set}{_ROW}"


def is_row(subject: str) -> bool:
    """Return whether a subject is such a row."""
    return subject.endswith(_ROW)
