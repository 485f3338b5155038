"""The stored runs, which pages show before any click: where they lie, how their files are named. No torch.

A file is KIND_SUBJECT__CLASSIFIER.npz, by views KIND_SUBJECT__CLASSIFIER__views.npz; files of one subject started from
the same images. `core.reproduce.profile` writes them, also those of `precomputed/runs`, and the app, after a download,
those of this machine.
"""

from __future__ import annotations

import re
from pathlib import Path

from core.data.classes import PRECOMPUTED
from core.data.profiles import stored_files
from core.pgd.view_settings import Search
from core.shared.files import cache_folder

RUNS = PRECOMPUTED / "runs"
_ROW = "-row"
OPENING = "opening"  # the kind of the runs that the story opens with: every class, from one blur of no class


def machine_runs() -> Path:
    """The folder of the runs that this machine has made with classifiers that were downloaded."""
    return cache_folder() / "runs"


def stored_path(kind: str, subject: str, classifier: str, folder: Path = RUNS, search: Search = "pixels") -> Path:
    """The file of one stored run; kind: "inpainting", "generation" or `OPENING`."""
    return folder / f"{kind}_{subject}__{classifier}{'' if search == 'pixels' else f'__{search}'}.npz"


def stored_classifier(path: Path) -> str:
    """The name of the classifier in a stored run's file name."""
    return path.stem.split("__")[1]


def stored_subjects(kind: str, *folders: Path) -> dict[str, list[Path]]:
    """The files of each subject, subjects and classifiers in alphabetical order; `folders`: besides the stored.

    Of two files of one name the first counts.
    """
    subjects: dict[str, list[Path]] = {}
    paths = [*stored_files("runs"), *(path for folder in folders for path in folder.glob("*.npz"))]
    by_name = {path.stem: path for path in reversed(paths) if re.fullmatch(rf"{kind}_.*__.*", path.stem)}
    for path in (by_name[stem] for stem in sorted(by_name)):
        subjects.setdefault(path.stem.partition("__")[0].removeprefix(f"{kind}_"), []).append(path)
    return subjects


def row_of(sample_set: str) -> str:
    """The subject of the runs that fill a hole in several pictures of a set: examples to look at."""
    return f"{sample_set}{_ROW}"


def is_row(subject: str) -> bool:
    """Whether a subject is such a row."""
    return subject.endswith(_ROW)
