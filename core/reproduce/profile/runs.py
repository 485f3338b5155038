"""Runs of a profile: the examples that pages open with."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.classifiers.registry import classifier_spec
from core.data.sample_sets import OPENING_SEED, SAMPLE_SETS, SampleSet
from core.pgd.config import paper_generation
from core.reproduce.profile.network import GRADIENT_PASSES, ProfiledNetwork, ProfileFile
from core.runs.examples import Example, examples, first_searches, first_subjects, with_few_frames
from core.runs.file import PGDRun, RunFileError
from core.runs.matching import changed_settings
from core.runs.plan import RunPlan
from core.runs.run import Run
from core.runs.starts import draw_starts, start_facts
from core.runs.stored import OPENING, stored_path
from core.shared.cli import progress_bar
from core.shared.roles import ROLES

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.data.classes import ClassSet


def runs(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield the runs that pages open with, the shortest first; in a full profile all examples."""
    yield from sorted(_files(network), key=lambda file: file.passes)


def first_paths(network: ProfiledNetwork) -> Iterator[Path]:
    """Yield the paths of the runs that pages open with."""
    for row in _rows(network):
        for (kind, subject), search in itertools.product(first_subjects(row), first_searches(row.side)):
            yield stored_path(kind, subject, network.file_name, Path("runs"), search)


def _rows(network: ProfiledNetwork) -> list[SampleSet]:
    vocabulary = classifier_spec(network.name).vocabulary
    return [row for row in SAMPLE_SETS.values() if vocabulary in (None, row.class_set)]


def _files(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    first = set(first_paths(network))
    for row in _rows(network):
        for example in (*examples(row), *_opening(row, network.name)):
            path = example.path(network.file_name, Path("runs"))
            if network.quick and path not in first:
                continue
            passes = GRADIENT_PASSES * len(example.plan.start) * example.plan.config.steps
            yield ProfileFile(
                path, passes, partial(_run, network, example, row.classes), partial(is_current, network.name, example)
            )


def _opening(row: SampleSet, name: str) -> Iterator[Example]:
    """Yield the run of the story's twins, which draw every class from one blur."""
    if row.name == "cifar10" and any(name in twins for twins in ROLES["twins"]):
        yield Example(OPENING, row.class_set, opening_plan(row, OPENING_SEED))


def opening_plan(row: SampleSet, seed: int) -> RunPlan:
    """Draw every class from one blur: the blur of no class used by the page *Draw* for a dog with this random seed."""
    names, dog = row.classes.names, ("dog",)
    blur = draw_starts(dog, 1, row.name, seed, "classless")
    facts = start_facts(dog, 1, row.name, "classless")
    start = blur.repeat(len(names), axis=0)
    return RunPlan(targets=names, start=start, config=paper_generation(row.side), seed=seed, images=facts)


def is_current(name: str, example: Example, path: Path) -> bool:
    """Return whether a file holds a network's run of an example with its present settings."""
    try:
        run = PGDRun.load(path)
    except RunFileError:
        return False
    names = run.metadata["class_names"]
    targets = tuple(target if isinstance(target, str) else names[target] for target in example.plan.targets)
    return not changed_settings(replace(example.plan, targets=targets), [name], [run])


def _run(network: ProfiledNetwork, example: Example, classes: ClassSet, path: Path) -> None:
    example_run(example.plan, network.classifier(classes), path.stem).save(path)


def example_run(plan: RunPlan, classifier: Classifier, description: str = "") -> PGDRun:
    """Run a plan, keeping an example's number of frames."""
    run = Run(plan, lambda: [classifier])
    bar = progress_bar(desc=description, total=plan.config.steps + 1, unit="step", leave=False, disable=not description)
    with bar:
        for _ in run.states():
            bar.update()
    (result,) = run.so_far()
    return with_few_frames(result)
