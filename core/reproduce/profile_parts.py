"""Parts of a profile: what is stored of a network, and how each file is made. Does not import torch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from core.data.sample_sets import CIFAR10, SAMPLE_SETS, ClassSet, ImageDataset
from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import CorruptionOutcomes, HybridOutcomes
from core.pgd.examples import (
    Example,
    examples,
    first_methods,
    first_subjects,
    stored_path,
    with_few_frames,
)
from core.pgd.live import finished_run
from core.pgd.record import PGDRun, differences
from core.reproduce.judgements import judgements
from core.reproduce.profiled import (
    MissingDataError,
    ProfiledNetwork,
    ProfileFile,
    map_path,
)
from core.shared.files import ArchiveError
from core.sweep.corruption_sweep import CorruptionConfig
from core.sweep.grow import Table, Transforms, grow_file, missing_rows
from core.sweep.hybrid_sweep import HybridConfig, default_cutoffs
from core.sweep.story_predictions import StoredPredictions, predict_story
from core.sweep.wave_sweep import usual_sweep


def runs(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield the runs that pages open with, the shortest first; in a full profile all examples."""
    vocabulary, folder, files = network.vocabulary, Path("runs"), list[tuple[int, ProfileFile]]()
    for row in SAMPLE_SETS.values():
        if vocabulary not in (None, row.class_set):
            continue
        first = {
            stored_path(kind, subject, network.file_name, folder, method)
            for (kind, subject), method in itertools.product(first_subjects(row), first_methods(row.image_size))
        }
        for example in examples(row):
            path = example.path(network.file_name, folder)
            if path in first or not network.quick:
                make = partial(_make_run, network, example, row.classes)
                file = ProfileFile(path, make, partial(_is_current, network.name, example))
                files.append((len(example.plan.start) * example.plan.config.steps, file))
    yield from (file for _, file in sorted(files, key=lambda pair: pair[0]))


def _is_current(name: str, example: Example, path: Path) -> bool:
    """Return True if a file holds a network's run of an example with its present settings."""
    try:
        run = PGDRun.load(path)
    except ArchiveError:
        return False
    names = run.metadata["class_names"]
    targets = tuple(target if isinstance(target, str) else names[target] for target in example.plan.targets)
    return not differences(replace(example.plan, targets=targets), [name], [run])


def _make_run(network: ProfiledNetwork, example: Example, classes: ClassSet, path: Path) -> None:
    """Run an example's plan, keeping its number of frames."""
    with_few_frames(finished_run(example.plan, network.classifier(classes), path.stem)).save(path)


_QUICK_IMAGES, _QUICK_PASSES = 500, 5_000  # of a quick map: maximum number of images, and of passes under waves
_FULL_SHARE = 0.02  # share of the images under each wave of a full map


def maps(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield its map."""
    data = network.images(_QUICK_IMAGES if network.quick else None)
    n, config = len(data), usual_sweep(data.image_size, seed=network.seed)
    per_wave = max(1, _QUICK_PASSES // len(config.waves), 0 if network.quick else round(_FULL_SHARE * n))
    config = replace(config, fraction=min(1.0, per_wave / n))
    yield replace(_table(network, Heatmap, config, data), path=map_path(network.name, data))


def hybrids(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield its predictions for hybrid images."""
    data, count = network.images(None), network.count((150, 2000))
    config = HybridConfig(count, default_cutoffs(data.image_size), network.seed)
    yield _table(network, HybridOutcomes, config, data, lambda stored: stored.n >= count)


def corruptions(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield its predictions for corrupted pictures."""
    data = network.images(None)
    config = CorruptionConfig(network.count((100, 2000)), network.seed)
    pictures = min(config.pictures, len(data))
    yield _table(network, CorruptionOutcomes, config, data, lambda stored: stored.n >= pictures)


def _table(
    network: ProfiledNetwork,
    outcomes: type[Table],
    transforms: Transforms[Table],
    data: ImageDataset,
    is_enough: Callable[[Table], bool] = lambda stored: True,
) -> ProfileFile:
    """Return the file of a sweep; is_enough: returns True if a stored table with all its rows measured suffices."""

    def make(output: Path) -> Table:
        classifier, description = network.classifier(data.classes), f"{outcomes.TRANSFORM} of {network.file_name}"
        return grow_file(classifier, data, transforms, output, description=description)

    def is_complete(output: Path) -> bool:
        stored = outcomes.load(output)
        return not missing_rows(stored, transforms) and is_enough(stored)

    return ProfileFile(Path(outcomes.TRANSFORM, f"{network.file_name}.npz"), make, is_complete)


def predictions(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield the predictions for the story's picture under every wave, and its mixed pictures."""
    if network.vocabulary not in (None, CIFAR10.name):
        raise MissingDataError("need a network of CIFAR-10’s classes")
    path = Path(StoredPredictions.TRANSFORM, f"{network.file_name}.npz")
    yield ProfileFile(path, lambda file: predict_story(network.classifier(CIFAR10)).save(file))


class ProfilePart(NamedTuple):
    """A part of a profile: its name in a sentence, and what yields a network's files, or raises `MissingDataError`."""

    what: str
    items: Callable[[ProfiledNetwork], Iterator[ProfileFile]]


PARTS = {
    "runs": ProfilePart("the runs that pages open with", runs),
    "map": ProfilePart("its heat map", maps),
    "predictions": ProfilePart("the story's pictures", predictions),
    "hybrids": ProfilePart("hybrid images", hybrids),
    "corruptions": ProfilePart("corruptions", corruptions),
    "judgements": ProfilePart("judges of what it paints", judgements),
}
