"""The stored runs with which pages open: where they lie, and what determines each. Does not import torch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.data.class_statistics import covariance_path
from core.data.datasets import load_samples, sample_credits
from core.data.holes import hole_size, middle_square, usual_hole_size
from core.data.sample_sets import PRECOMPUTED, SAMPLE_SETS, SampleSet
from core.data.stored import stored_files
from core.pgd.methods import COMPARED, PAPER, MethodName, leading
from core.pgd.plan import RunPlan, inpainting_plan
from core.pgd.record import PGDRun, evenly_spaced
from core.pgd.settings import PENALTIES, Penalty, PGDConfig, defaults
from core.pgd.starts import StartName, draw_starts, start_facts
from core.pgd.views import MIN_CROP_SIZE

RUNS = PRECOMPUTED / "runs"


def stored_path(task: str, subject: str, classifier: str, folder: Path = RUNS, method: MethodName = PAPER) -> Path:
    """Return the file of a stored run; task: a `Task`."""
    return folder / f"{task}_{subject}__{classifier}{'' if method == PAPER else f'__{method}'}.npz"


def stored_classifier(path: Path) -> str:
    """Return the classifier in a stored run's file name."""
    return path.stem.split("__")[1]


def stored_subjects(task: str) -> dict[str, list[Path]]:
    """Return the files of each subject, in alphabetical order of subjects and classifiers.

    The first of several files with one name counts.
    """
    subjects: dict[str, list[Path]] = {}
    by_name = {path.stem: path for path in reversed(stored_files("runs")) if re.fullmatch(rf"{task}_.*__.*", path.stem)}
    for path in (by_name[stem] for stem in sorted(by_name)):
        subjects.setdefault(path.stem.partition("__")[0].removeprefix(f"{task}_"), []).append(path)
    return subjects


def row_of(sample_set: str) -> str:
    """Return the subject of the runs that fill a hole in several pictures of a set."""
    return f"{sample_set}-row"


# Number of frames kept for a small picture, for several, and for a large one.
FRAMES_OF_ONE, FRAMES_OF_SEVERAL, FRAMES_OF_LARGE = 31, 9, 7
# Offered penalties, with the suffix of each run's name.
STORED_PENALTIES: dict[Penalty, str] = {
    penalty: "" if penalty == "eq3" else f"-{penalty.replace('_', '-')}"
    for penalty, row in PENALTIES.items()
    if row.offered
}
STORED_STARTS: dict[StartName, str] = {"blur": "", "independent": "-noise"}


@dataclass(frozen=True, eq=False)
class Example:
    """One example: its task, the subject in its file name, and its plan."""

    task: str
    subject: str
    plan: RunPlan

    def path(self, classifier: str, folder: Path = RUNS) -> Path:
        """Return the file of this run by a classifier."""
        return stored_path(self.task, self.subject, classifier, folder, self.plan.config.method.name)


def draws_classes(row: SampleSet) -> bool:
    """Return whether a sample set has stored drawings: it is the first that draws these classes."""
    drawing = (other.name for other in SAMPLE_SETS.values() if other.drawn and other.class_set == row.class_set)
    return bool(row.drawn) and row.name == next(drawing, row.name)


def first_subjects(row: SampleSet) -> tuple[tuple[str, str], ...]:
    """Return task and subject of the first examples of a sample set; generation only if it has stored drawings."""
    subjects = ("inpainting", row.opening_subject), ("generation", row.class_set)
    return subjects if draws_classes(row) else subjects[:1]


def first_methods(size: int) -> tuple[MethodName, ...]:
    """Return the methods that a page opens with: two if images are large enough to show the difference."""
    return COMPARED if size >= MIN_CROP_SIZE else (PAPER,)


def examples(row: SampleSet) -> Iterator[Example]:
    """Yield every example of a sample set, one per subject and method."""
    if len(first_methods(row.image_size)) > 1:
        yield from _by_methods(row)
        return
    # One picture with each penalty, and the row of examples that the page opens with.
    picture = f"{row.name}-{row.inpainted}"
    holes: list[tuple[tuple[int, ...], Penalty, str]]
    holes = [((row.inpainted,), penalty, f"{picture}{end}") for penalty, end in STORED_PENALTIES.items()]
    holes += [(row.filled, "eq3", row_of(row.name))] if row.filled else []
    for indices, penalty, subject in holes:
        config = defaults("inpainting", row.image_size, hole_size=usual_hole_size(row.image_size))
        yield Example(
            "inpainting", subject, _hole(row, indices, middle_square(row.image_size), config, penalty=penalty)
        )
    if not draws_classes(row):
        return
    starts: dict[StartName, str] = STORED_STARTS if covariance_path(row.class_set).is_file() else {"blur": ""}
    for start, suffix in starts.items():
        plan = _drawing(row, start, defaults("generation", row.image_size))
        yield Example("generation", f"{row.class_set}{suffix}", plan)


def _by_methods(row: SampleSet) -> Iterator[Example]:
    """Yield the examples for large images: holes over objects and a drawing, by both methods in `COMPARED`."""
    holes = [(f"{row.name}-{index}", index, row.square(index), "") for index in row.holes]
    if row.opening or row.inpainted not in row.holes:
        word = row.opening.word if row.opening else ""
        holes.append((row.opening_subject, row.inpainted, row.mask(row.inpainted), word))
    for subject, index, mask, word in holes:
        config = defaults("inpainting", row.image_size, leading(COMPARED), hole_size=hole_size(mask), quick=True)
        plan = _hole(row, (index,), mask, config, word, fill=config.method.fill)
        for method in COMPARED:
            yield Example("inpainting", subject, plan.with_method(method))
    if not draws_classes(row):
        return
    plan = _drawing(row, "grey", defaults("generation", row.image_size, leading(COMPARED), quick=True))
    for method in COMPARED:
        yield Example("generation", row.class_set, plan.with_method(method))


def _hole(
    row: SampleSet, indices: Sequence[int], mask: np.ndarray, config: PGDConfig, word: str = "", **settings: Any
) -> RunPlan:
    """Return a plan that fills a hole in some pictures, with what was there or a word; `settings` as for
    `inpainting_plan`.
    """
    data, credits = load_samples(row.dataset), sample_credits(row.dataset)
    credit = "; ".join(dict.fromkeys(f"{credits[at].title}, {credits[at].author}" for at in indices))
    index = indices[0] if len(indices) == 1 else list(indices)
    return inpainting_plan(
        data.images[list(indices)],
        mask,
        [row.classes.names.index(word) if word else int(data.labels[at]) for at in indices],
        config,
        images={"dataset": data.name, "index": index, "credit": credit},
        **settings,
    )


def _drawing(row: SampleSet, start: StartName, config: PGDConfig) -> RunPlan:
    """Return a plan that draws the set's classes from one kind of start."""
    return RunPlan(
        targets=row.drawn,
        start=draw_starts(row.drawn, 1, row.name, 0, start),
        config=config,
        images=start_facts(row.drawn, row.name, start),
    )


def with_few_frames(run: PGDRun) -> PGDRun:
    """Return a run with no more frames than kept for an example."""
    pictures, *_, size = run.start.shape
    frames = FRAMES_OF_LARGE if size > 32 else FRAMES_OF_SEVERAL if pictures > 1 else FRAMES_OF_ONE
    chosen = evenly_spaced(len(run.frames), frames)
    return replace(run, frames=run.frames[chosen], frame_steps=run.frame_steps[chosen])
