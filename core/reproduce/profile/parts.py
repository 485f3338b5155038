"""Parts of a profile: a row for each kind of file, with the function that makes it. Does not import torch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.claims.gradient_spectrum import load_gradients
from core.classifiers.registry import classifier_spec
from core.data.dataset import ImageDataset
from core.data.datasets import load_dataset
from core.data.sample_sets import SAMPLE_SETS, usual_epsilon
from core.fourier.basis import half_plane, largest_side
from core.images.corruptions import CORRUPTIONS, STRENGTHS
from core.runs.examples import Example, examples, fast_example, first_searches, first_subjects, with_few_frames
from core.runs.file import PGDRun
from core.runs.plan import RunPlan
from core.runs.run import Run
from core.runs.stored import stored_path
from core.shared import paper
from core.shared.cli import progress_bar
from core.sweep.corruption.measure import CorruptionConfig
from core.sweep.corruption.outcomes import CorruptionOutcomes
from core.sweep.hybrid.outcomes import HybridOutcomes
from core.sweep.hybrid.pairs import HybridConfig, default_cutoffs
from core.sweep.loop.config import SweepConfig
from core.sweep.output import run_sweep
from core.sweep.processes import Processes
from core.sweep.transforms import BATCH, Transforms, grow_in_file

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.data.classes import ClassSet

SAMPLES = "cifar10-samples"
GRADIENT_PASSES = 3  # what a pass forward and back costs, in passes forward
QUICK_IMAGES, QUICK_PASSES = 1000, 10_000  # of a quick map: images at most, and passes under waves
FULL_SHARE = 0.02  # of the images under each wave of a full map
UNFINISHED = ".unfinished"  # ends the name of a file that grows: no page reads it
SMALL = 32  # pixels: of larger pictures the gradient has too many waves to be followed along each


@dataclass(eq=False)
class Network:
    """The network whose profile is made.

    load: it, for a class set; a quick profile and a full one differ by how much of the data they take. images: the
    first pictures of the data set in an order that the seed fixes; None for all.
    """

    name: str
    load: Callable[[ClassSet], Classifier]
    images: Callable[[int | None], ImageDataset]
    quick: bool
    seed: int = 0
    batch_size: int | None = None
    _loaded: dict[ClassSet, Classifier] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """The network's name as part of a file's."""
        return re.sub(r"[^\w.-]+", "-", self.name)

    def classifier(self, classes: ClassSet) -> Classifier:
        """Return it for some classes; the last one stays loaded."""
        if classes not in self._loaded:
            self._loaded.clear()
            self._loaded[classes] = self.load(classes)
        return self._loaded[classes]

    def count(self, amounts: tuple[int, int]) -> int:
        """Choose between the amounts of a quick and of a full profile."""
        return amounts[not self.quick]


@dataclass(frozen=True)
class Item:
    """One file of a profile: its path in the folder, what it costs in passes forward, and what writes it.

    is_there: whether a file is what would be made, or more.
    """

    path: Path
    passes: float
    make: Callable[[Path], None]
    is_there: Callable[[Path], bool] = Path.is_file


@dataclass(frozen=True)
class Part:
    """A kind of file.

    key: for the option --parts. what: within a sentence. items: the files of a network, in order.
    """

    key: str
    what: str
    items: Callable[[Network], Iterator[Item]]


def usual_dataset(vocabulary: str | None, data_dir: Path | None = None) -> str:
    """Name CIFAR-10 where it is here, else its bundled pictures; the photographs for networks of ImageNet's classes."""
    if vocabulary not in (None, "cifar10"):
        return next(row.dataset for row in SAMPLE_SETS.values() if row.class_set == vocabulary)
    try:
        load_dataset("cifar10", data_dir, limit=1)
    except FileNotFoundError:
        return SAMPLES
    return "cifar10"


def _maps(network: Network) -> Iterator[Item]:
    data = network.images(QUICK_IMAGES if network.quick else None)
    if not usual_epsilon(data.image_size):
        raise ValueError(f"the paper gives no size v for {data.image_size}-pixel images; choose --image-size 32 or 224")
    side = paper.MAP_SIDE.get(data.image_size, min(63, largest_side(data.image_size, data.image_size)))
    waves, n = len(half_plane(side)), len(data)
    per_wave = max(1, QUICK_PASSES // waves) if network.quick else max(1, round(FULL_SHARE * n))
    config = SweepConfig(
        side=side,
        epsilon=usual_epsilon(data.image_size),
        seed=network.seed,
        batch_size=network.batch_size,
        passes=min(1.0, per_wave / n),
    )

    def make(path: Path) -> None:
        run_sweep(network.classifier(data.classes), data, config, path, Processes(), "map")

    path = Path("heatmaps", f"{network.file_name}_{data.name}-{n}.npz")
    yield Item(path, n + waves * min(per_wave, n), partial(_grown, make, n))


def _hybrids(network: Network) -> Iterator[Item]:
    data = network.images(None)
    config = HybridConfig(network.count((200, 2000)), default_cutoffs(data.image_size), seed=network.seed)
    passes = config.pairs * (2 + len(config.cutoffs))
    item = _table(network, "hybrids", config, data, passes)
    yield replace(item, is_there=lambda path: path.is_file() and HybridOutcomes.load(path).pairs >= config.pairs)


def _corruptions(network: Network) -> Iterator[Item]:
    data = network.images(None)
    config = CorruptionConfig(network.count((150, 2000)), network.seed)
    pictures = min(config.pictures, len(data))
    passes = pictures * (1 + len(CORRUPTIONS) * len(STRENGTHS))
    item = _table(network, "corruptions", config, data, passes)
    yield replace(item, is_there=lambda path: path.is_file() and CorruptionOutcomes.load(path).pictures >= pictures)


def _table(network: Network, folder: str, config: Transforms[Any], data: ImageDataset, passes: int) -> Item:
    def make(path: Path) -> None:
        classifier = network.classifier(data.classes)
        grow_in_file(config, classifier, data, path, batch_size=network.batch_size or BATCH, description=folder)

    return Item(Path(folder, f"{network.file_name}.npz"), passes, partial(_grown, make, passes))


def _gradients(network: Network) -> Iterator[Item]:
    data, bent_over = network.images(network.count((100, 1000))), network.count((10, 50))
    if data.image_size > SMALL:
        return
    waves = len(half_plane(largest_side(data.image_size, data.image_size)))

    def make(path: Path) -> None:
        from core.reproduce.profile.gradients import measure_gradient

        measure_gradient(network.classifier(data.classes), data, path, bent_over=bent_over)

    passes = GRADIENT_PASSES * len(data) + waves * bent_over
    yield Item(
        Path("gradients", f"{network.file_name}.npz"),
        passes,
        make,
        lambda path: path.is_file() and load_gradients(path)[network.name].pictures >= len(data),
    )


def _runs(network: Network) -> Iterator[Item]:
    """Yield the runs that pages open with; in a full profile every example."""
    vocabulary = classifier_spec(network.name).vocabulary
    for row in SAMPLE_SETS.values():
        if vocabulary not in (None, row.class_set):
            continue
        first = first_subjects(row)
        for example in examples(row):
            if network.quick:
                if (example.kind, example.subject) not in first:
                    continue
                if example.kind == "inpainting" and len(first_searches(row.side)) == 1:
                    example = fast_example(example)
            search = example.plan.config.search
            path = stored_path(example.kind, example.subject, network.file_name, Path("runs"), search)
            passes = GRADIENT_PASSES * len(example.plan.start) * example.plan.config.steps
            yield Item(path, passes, partial(_run, network, example, row.classes))


def _run(network: Network, example: Example, classes: ClassSet, path: Path) -> None:
    example_run(example.plan, network.classifier(classes), path.stem).save(path)


def example_run(plan: RunPlan, classifier: Classifier, description: str = "") -> PGDRun:
    """Run a plan, with as many frames as are kept of an example."""
    run = Run(plan, lambda: [classifier])
    bar = progress_bar(desc=description, total=plan.config.steps + 1, unit="step", leave=False, disable=not description)
    with bar:
        for _ in run.states():
            bar.update()
    (result,) = run.so_far()
    return with_few_frames(result)


def _grown(make: Callable[[Path], None], count: int, path: Path) -> None:
    """Let a file of so many pictures grow under another name, and give it its own once it is whole."""
    unfinished = path.with_name(f"{path.stem}-{count}{UNFINISHED}")
    make(unfinished)
    unfinished.replace(path)


PARTS = {
    part.key: part
    for part in (
        Part("map", "its heat map", _maps),
        Part("hybrids", "hybrid images", _hybrids),
        Part("corruptions", "corruptions", _corruptions),
        Part("gradient", "the gradient of its loss", _gradients),
        Part("runs", "the runs that pages open with", _runs),
    )
}
