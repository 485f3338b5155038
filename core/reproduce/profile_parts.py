"""Files of a profile: what is stored of a network, and how each file is made. Does not import torch."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from core.classifiers.registry import (
    classifier_spec,
    classifier_state,
    list_classifiers,
    load_classifier,
    network_side,
)
from core.data.corruptions import CORRUPTIONS, STRENGTHS, energy_by_radius
from core.data.datasets import load_samples
from core.data.holes import usual_side
from core.data.sample_sets import CIFAR10, OPENING_SEED, SAMPLE_SETS, ClassSet, ImageDataset, SampleSet, usual_epsilon
from core.data.stored import classifier_facts, computed_source, dataset_facts
from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import CorruptionOutcomes, HybridOutcomes
from core.fourier.waves import half_plane, rounded_radius
from core.pgd.examples import (
    OPENING,
    Example,
    examples,
    first_searches,
    first_subjects,
    stored_classifier,
    stored_path,
    with_few_frames,
)
from core.pgd.jobs import JobConfig, PGDJob, make_job, run_batch, run_job
from core.pgd.live import finished_run
from core.pgd.pictures import (
    JudgedOutcomes,
    KindRows,
    PictureOutcomes,
    choose_judge,
    comparison_kind,
    fingerprint,
    judge_run,
)
from core.pgd.plan import RunPlan
from core.pgd.record import PGDRun, RunFileError, changed_settings
from core.pgd.search import COMPARED, Search, leading
from core.pgd.settings import Penalty, RunKind, paper_generation, usual_settings
from core.pgd.starts import StartKind, draw_starts, start_facts
from core.shared import paper
from core.shared.cli import argument, progress_bar
from core.shared.device import device_name
from core.shared.files import make_folder
from core.shared.roles import ROLES
from core.sweep.corruptions import CorruptionConfig
from core.sweep.grow import Table, Transforms, grow_file, missing_rows
from core.sweep.hybrids import HybridConfig, default_cutoffs
from core.sweep.predict import MIXED_AT
from core.sweep.processes import Processes
from core.sweep.story import STORY_SIDE, PredictionConfig, StoredPredictions, chosen_pictures
from core.sweep.waves import SweepConfig, images_per_wave, usual_map_side

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier


@dataclass(frozen=True)
class Kind:
    """A kind of results: drawings from one start, or holes filled by one penalty.

    amounts: number in quick and full profiles. search: takes the steps and the ball of a run by views; None for the
    paper's run. fewer: factor by which a profile's steps are fewer and larger. suffix, title: of the keys and figures
    of its parts in `core.reproduce`; None if it has none. of_clip: whether only the paper's CLIP has these parts.
    """

    name: str
    amounts: tuple[int, int]
    mode: Literal["inpaint", "generate"]
    start: StartKind = "blur"
    penalty: Penalty = "eq3"
    search: Search | None = None
    fewer: int = 1
    suffix: str | None = None
    title: str = ""
    of_clip: bool = False

    def job(self, size: int, count: int, seed: int, fewer: int = 1) -> JobConfig:
        """Return the job of `count` results on pictures of a side; fewer: as in the table."""
        run: RunKind = "inpainting" if self.mode == "inpaint" else "generation"
        hole = usual_side(size) if self.mode == "inpaint" else None
        values = usual_settings(run, size, hole, leading(() if self.search is None else COMPARED))
        if self.search is not None:
            values["search"] = self.search
        changes = {**values, "steps": values["steps"] // fewer, "step_size": values["step_size"] * fewer}
        return JobConfig(
            mode=self.mode, count=count, seed=seed, changes=changes, penalty=self.penalty, start=self.start
        )


KINDS = (
    Kind("blur", (0, 200), "generate", suffix="", title=", from blurs"),
    Kind("classless", (0, 200), "generate", start="classless"),
    Kind("independent", (0, 200), "generate", start="independent", suffix="-noise", title=", from pixel noise"),
    *(
        Kind(comparison_kind("classless", search), (6, 200), "generate", start="classless", search=search)
        for search in COMPARED
    ),
    Kind("eq3", (0, 200), "inpaint", suffix=""),
    Kind("mean_square", (0, 200), "inpaint", penalty="mean_square", fewer=3, suffix="-mean-square",
         title=", with the notebook’s penalty", of_clip=True),
    Kind(comparison_kind("eq3", "views"), (0, 200), "inpaint", search="views"),
)  # fmt: skip


_GRADIENT_PASSES = 3  # cost of a forward and backward pass, in forward passes
SMALL = 32  # pixels: larger pictures would take some parts too long, or have no judges
_UNFINISHED = ".unfinished"  # suffix of an incomplete file, which no page reads


def profile_name(classifier: str) -> str:
    """Return the name of a classifier's profile and of its files."""
    return re.sub(r"[^\w.-]+", "-", classifier)


@dataclass(eq=False)
class ProfiledNetwork:
    """The profiled network.

    load: loads it for a class set. quick: less data than a full profile. images: the first pictures of the data set in
    an order fixed by the seed; None for all. judge: loads the judge of its pictures onto a device; None for
    the usual one. again: whether to recompute finished files. dtype: of the maps' forward passes. processes: share the
    waves of maps.
    """

    name: str
    load: Callable[[ClassSet], Classifier]
    images: Callable[[int | None], ImageDataset]
    quick: bool
    seed: int = 0
    batch_size: int | None = None
    judge: Callable[[Any], Classifier | None] | None = None
    again: bool = False
    dtype: str = "float32"
    processes: Processes = Processes()
    _loaded: dict[ClassSet, Classifier] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """Name of the network in file names."""
        return profile_name(self.name)

    def classifier(self, classes: ClassSet) -> Classifier:
        """Return the classifier for some classes; the last one stays loaded."""
        if classes not in self._loaded:
            self._loaded.clear()
            self._loaded[classes] = self.load(classes)
        return self._loaded[classes]

    def count(self, amounts: tuple[int, int]) -> int:
        """Return the amount for a quick or a full profile."""
        return amounts[not self.quick]


@dataclass(frozen=True)
class ProfileFile:
    """A file of a profile: its path in the folder, its cost in forward passes, and its maker.

    make: writes the file, or completes it where it is incomplete; sweeps return its content. is_enough: whether an
    existing file suffices. replaces: path of a file with less data.
    """

    path: Path
    passes: float
    make: Callable[[Path], Any]
    is_enough: Callable[[Path], bool] = Path.is_file
    replaces: Path | None = None

    def is_there(self, folder: Path) -> bool:
        """Return whether a profile's folder has a sufficient file."""
        path = folder / self.path
        return path.is_file() and self.is_enough(path)

    def make_in(self, folder: Path) -> None:
        """Make the file in a profile's folder; while incomplete it has another name, which tells amounts apart."""
        path = folder / self.path
        unfinished = path.with_name(f"{path.stem}-{self.passes:.0f}{_UNFINISHED}")
        make_folder(path.parent)
        self.make(unfinished)
        unfinished.replace(path)
        if self.replaces is not None:
            (folder / self.replaces).unlink(missing_ok=True)


class MissingDataError(Exception):
    """A network or its pictures lack what a part needs; the message continues a sentence about the part."""


class ProfilePart(NamedTuple):
    """A part of a profile: its name in a sentence, and what yields a network's files, or raises `MissingDataError`."""

    what: str
    items: Callable[[ProfiledNetwork], Iterator[ProfileFile]]


_SMALL_SET = SAMPLE_SETS[CIFAR10.name]
LARGE = tuple(row for row in SAMPLE_SETS.values() if row.side > SMALL and row.drawn)
_JUDGED_AT_ONCE = 50
DIGITS = 4  # significant digits of each number
THIRD_JUDGE = "mini-clip-vit"  # from another family: the only small network with patches


def judgements(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield the file of judgements: of small pictures of CIFAR-10's classes, which all judges know, and of runs."""
    data, vocabulary = network.images(max(network.count(kind.amounts) for kind in KINDS)), _vocabulary(network)
    is_small = data.classes.names == CIFAR10.names and data.image_size <= SMALL
    jobs = {
        kind.name: kind.job(data.image_size, count, network.seed, kind.fewer)
        for kind in KINDS
        if is_small and vocabulary in (None, CIFAR10.name) and (count := network.count(kind.amounts))
    }
    if not jobs and not any(_judged(network, row) for row in LARGE):
        raise MissingDataError(
            f"need CIFAR-10’s pictures of {SMALL} pixels, or another network that knows the drawn classes"
        )
    passes = sum(_GRADIENT_PASSES * job.count * job.changes["steps"] for job in jobs.values()) or len(LARGE)
    path = Path("judgements", f"{network.file_name}.npz")
    yield ProfileFile(path, passes, partial(_make_judgements, network, data, jobs), partial(_is_enough, network, jobs))


def _vocabulary(network: ProfiledNetwork) -> str | None:
    return classifier_spec(network.name).vocabulary


def _judged(network: ProfiledNetwork, row: SampleSet) -> bool:
    """Return whether a network draws a sample set's classes and another one that knows them is ready."""
    return _vocabulary(network) in (None, row.class_set) and ready_judge(network.name, row.class_set) is not None


def _is_enough(network: ProfiledNetwork, jobs: Mapping[str, JobConfig], path: Path) -> bool:
    """Return whether a file has enough pictures of every kind, and judgements of the stored runs."""
    stored = JudgedOutcomes.load(path)
    counts = {kind["name"]: kind["n"] for kind in stored.metadata["kinds"]}
    if any(counts.get(name, 0) < job.count for name, job in jobs.items()):
        return False
    known, classes = stored.metadata["runs"], (CIFAR10.name, *(row.class_set for row in LARGE))
    return all(fingerprint(run) in known for name in classes for run in _drawn_runs(network, name, path))


def _drawn_runs(network: ProfiledNetwork, class_set: str, path: Path) -> list[PGDRun]:
    """Load the drawings of a class set that are stored beside the file."""
    kinds = "generation", OPENING
    files = (
        file
        for kind in kinds
        for file in (path.parents[1] / "runs").glob(f"{kind}_{class_set}*__{network.file_name}*.npz")
    )
    return [PGDRun.load(file) for file in sorted(files) if stored_classifier(file) == network.file_name]


def _judgements(network: ProfiledNetwork, path: Path, judge: Classifier, device: Any) -> dict[str, dict[str, Any]]:
    """Return another network's judgements of the stored runs, by fingerprint; judge: of small pictures."""
    pairs = [(run, judge) for run in _drawn_runs(network, CIFAR10.name, path)]
    for row in LARGE:
        runs = _drawn_runs(network, row.class_set, path)
        other = load_judge(network.name, row.class_set, row.classes, device) if runs else None
        pairs += [(run, other) for run in runs if other is not None]
    judged = {fingerprint(run): judge_run(run, of_run) for run, of_run in pairs}
    return {mark: judgement.to_json() for mark, judgement in judged.items() if judgement is not None}


def ready_judge(
    painter: str, vocabulary: str, weights: Mapping[str, Path] | None = None, kind: str | None = None
) -> str | None:
    """Return the judge of a network's pictures among ready networks of a vocabulary; None if there is none.

    weights: files in place of the published ones, by name. kind: of the judge; None for any.
    """
    files = weights or {}
    specs = [spec for spec in list_classifiers() if spec.vocabulary == vocabulary and kind in (None, spec.kind)]
    ready = [spec.name for spec in specs if classifier_state(spec.name, files.get(spec.name)).status == "ready"]
    return choose_judge(painter, ready)


def load_judge(
    painter: str,
    vocabulary: str,
    classes: ClassSet,
    device: Any,
    weights: Mapping[str, Path] | None = None,
    kind: str | None = None,
) -> Classifier | None:
    """Load the `ready_judge` for some classes of its vocabulary."""
    name = ready_judge(painter, vocabulary, weights, kind)
    return None if name is None else load_classifier(name, classes, device=device, weights=(weights or {}).get(name))


def _make_judgements(network: ProfiledNetwork, data: ImageDataset, jobs: Mapping[str, JobConfig], path: Path) -> None:
    """Paint and judge the missing kinds, saving the file after each; take over those of a finished file."""
    classifier = network.classifier(data.classes)
    device = classifier.device
    row = _SMALL_SET if jobs else next(row for row in LARGE if _judged(network, row))
    own_judge = network.judge if jobs else None
    judge = own_judge(device) if own_judge else load_judge(network.name, row.class_set, row.classes, device)
    assert judge is not None  # several are bundled for small pictures
    has_third = jobs and network.name != THIRD_JUDGE
    third = load_classifier(THIRD_JUDGE, CIFAR10, device=device) if has_third else None
    facts = {
        "classifier": classifier_facts(classifier),
        "judges": [classifier_facts(known) for known in (judge, third) if known is not None],
        "class_names": list(data.classes.names),
        "seed": network.seed,
        "image_size": data.image_size,
        "hole": usual_side(data.image_size),
        "dataset": dataset_facts(data),
        "source": computed_source(device_name(classifier.device)),
    }
    rows = {} if network.again else _known(path.with_name(f"{network.file_name}.npz"), facts)
    rows |= {name: row for name, row in _known(path, facts).items() if row[0]["n"] >= _count(rows, name)}
    for name, config in jobs.items():
        if _count(rows, name) < config.count:
            job = make_job(config, classifier, data, [judge, third])
            entry = {"name": name, "mode": config.mode, "n": job.count, "config": job.kind["config"]}
            rows[name] = (entry, *_painted(job, name))
            JudgedOutcomes.of([*rows.values()], **facts, runs={}).save(path)
    runs = _judgements(network, path, judge, device)
    JudgedOutcomes.of([*rows.values()], **facts, runs=runs).save(path)


def pictures(network: ProfiledNetwork, kind: Kind, data: ImageDataset, count: int) -> ProfileFile:
    """Return the folder of `count` pictures of a kind with a picture of the first ones, made batch by batch."""
    job = kind.job(data.image_size, count, network.seed)

    def make(folder: Path) -> tuple[PictureOutcomes, bytes]:
        classifier = network.classifier(data.classes)
        judge = None if network.judge is None else network.judge(classifier.device)
        work = make_job(job, classifier, data, [judge])
        painted = run_job(work, folder, network.batch_size, name=folder.name)
        (outcomes,) = painted.kinds().values()
        return outcomes, (folder / "grid.png").read_bytes()

    path = Path("pictures", f"{kind.name}_{data.name}")
    return ProfileFile(path, _GRADIENT_PASSES * count * job.changes["steps"], make)


def _count(rows: Mapping[str, KindRows], name: str) -> int:
    return int(rows[name][0]["n"]) if name in rows else 0


def _known(path: Path, facts: Mapping[str, Any]) -> dict[str, KindRows]:
    """Return the rows of a file by the same network and judges; empty for others."""
    if not path.is_file():
        return {}
    stored = JudgedOutcomes.load(path)
    if any(stored.metadata[name] != facts[name] for name in ("classifier", "judges", "class_names", "seed")):
        return {}
    return stored.parts()


def _painted(job: PGDJob, name: str) -> tuple[dict[str, list[float]], np.ndarray]:
    """Paint a job's pictures; return their (n,) numbers by column, and the (R,) energy of the change by radius."""
    numbers, changes = defaultdict[str, list[float]](list), []
    with progress_bar(desc=name, total=job.count * (job.config.steps + 1), unit="img-step", unit_scale=True) as bar:
        for first in range(0, job.count, _JUDGED_AT_ONCE):
            batch = run_batch(job, range(first, min(first + _JUDGED_AT_ONCE, job.count)), bar.update)
            for column, values in batch.numbers.items():
                numbers[column] += map(_short, values.tolist())
            changes.append(batch.run.frames[-1] / 255 - batch.run.start)  # rounded as in a run's file
    energy = energy_by_radius(np.concatenate(changes))
    energy[0] = 0
    return numbers, np.array([_short(share) for share in energy / energy.sum()])


def _short(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")


def runs(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield the runs that pages open with, the shortest first; in a full profile all examples."""
    vocabulary, folder, files = _vocabulary(network), Path("runs"), list[ProfileFile]()
    for row in SAMPLE_SETS.values():
        if vocabulary not in (None, row.class_set):
            continue
        first = {
            stored_path(kind, subject, network.file_name, folder, search)
            for (kind, subject), search in itertools.product(first_subjects(row), first_searches(row.side))
        }
        of_row = [*examples(row)]
        if row.name == "cifar10" and any(network.name in twins for twins in ROLES["twins"]):
            of_row.append(Example(OPENING, row.class_set, opening_plan(row, OPENING_SEED)))
        for example in of_row:
            path = example.path(network.file_name, folder)
            if path in first or not network.quick:
                passes = _GRADIENT_PASSES * len(example.plan.start) * example.plan.config.steps
                make = partial(_make_run, network, example, row.classes)
                files.append(ProfileFile(path, passes, make, partial(_is_current, network.name, example)))
    yield from sorted(files, key=lambda file: file.passes)


def opening_plan(row: SampleSet, seed: int) -> RunPlan:
    """Draw every class from one blur: the blur of no class used by the page *Draw* for a dog with this random seed."""
    names, dog = row.classes.names, ("dog",)
    blur = draw_starts(dog, 1, row.name, seed, "classless")
    facts = start_facts(dog, 1, row.name, "classless")
    start = blur.repeat(len(names), axis=0)
    return RunPlan(targets=names, start=start, config=paper_generation(row.side), seed=seed, images=facts)


def _is_current(name: str, example: Example, path: Path) -> bool:
    """Return whether a file holds a network's run of an example with its present settings."""
    try:
        run = PGDRun.load(path)
    except RunFileError:
        return False
    names = run.metadata["class_names"]
    targets = tuple(target if isinstance(target, str) else names[target] for target in example.plan.targets)
    return not changed_settings(replace(example.plan, targets=targets), [name], [run])


def _make_run(network: ProfiledNetwork, example: Example, classes: ClassSet, path: Path) -> None:
    example_run(example.plan, network.classifier(classes), path.stem).save(path)


def example_run(plan: RunPlan, classifier: Classifier, description: str = "") -> PGDRun:
    """Run a plan, keeping an example's number of frames."""
    return with_few_frames(finished_run(plan, classifier, description or None))


QUICK_IMAGES, QUICK_PASSES = 500, 5_000  # of a quick map: maximum number of images, and of passes under waves
_FULL_SHARE = 0.02  # share of the images under each wave of a full map
_STRENGTH_IMAGES = 1000  # of a map at equal strength, which has only the corners
_ENLARGING = ("mini-clip", paper.CLIP)  # enlarge small pictures


def maps(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield its map."""
    data = network.images(QUICK_IMAGES if network.quick else None)
    n, config = len(data), map_config(network, data)
    per_wave = max(1, QUICK_PASSES // len(config.waves), 0 if network.quick else round(_FULL_SHARE * n))
    config = replace(config, passes=min(1.0, per_wave / n))
    quick = Path("heatmaps", f"{network.file_name}_{data.name}-{QUICK_IMAGES}.npz") if n > QUICK_IMAGES else None
    yield replace(map_file(network, data, config), replaces=quick)


def map_config(network: ProfiledNetwork, data: ImageDataset) -> SweepConfig:
    """Return the settings of a map with the paper's waves, each on all images."""
    size = data.image_size
    if not (epsilon := usual_epsilon(size)):
        sides = f"{argument('image_size', '32')} or 224"
        raise ValueError(f"the paper gives no size v for {size}-pixel images; choose {sides}")
    return SweepConfig(
        side=usual_map_side(size),
        epsilon=epsilon,
        seed=network.seed,
        batch_size=network.batch_size,
        dtype=network.dtype,
    )


def map_file(
    network: ProfiledNetwork, data: ImageDataset, config: SweepConfig, path: Path | None = None
) -> ProfileFile:
    """Return the file of a map; path: in the profile, by default that of a heat map."""
    path = path or Path("heatmaps", f"{network.file_name}_{data.name}-{len(data)}.npz")
    passes = len(data) + len(config.waves) * images_per_wave(len(data), config.passes)
    return _table(network, Heatmap, config, data, passes, path=path, processes=network.processes)


def hybrids(network: ProfiledNetwork, pairs: int | None = None) -> Iterator[ProfileFile]:
    """Yield its predictions for hybrid images; pairs: their number, by default that of the profile."""
    data = network.images(None)
    count = pairs or network.count((150, 2000))
    config = HybridConfig(count, default_cutoffs(data.image_size), network.seed, network.batch_size)
    passes = config.pairs * (2 + len(config.cutoffs))
    yield _table(network, HybridOutcomes, config, data, passes, lambda stored: stored.pairs >= count)


def corruptions(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield its predictions for corrupted pictures."""
    data = network.images(None)
    config = CorruptionConfig(network.count((100, 2000)), network.seed, network.batch_size)
    pictures = min(config.pictures, len(data))
    passes = pictures * (1 + len(CORRUPTIONS) * len(STRENGTHS))
    yield _table(network, CorruptionOutcomes, config, data, passes, lambda stored: stored.pictures >= pictures)


def strength(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield the corners of its map at equal strength: waves are weakened as each CLIP's enlargement does.

    A network that enlarges pictures itself has none; only the networks compared with it have such maps.
    """
    data = network.images(QUICK_IMAGES if network.quick else _STRENGTH_IMAGES)
    if network_side(network.name) != data.image_size or data.image_size > SMALL:
        return
    config = map_config(network, data)
    cells = tuple(wave for wave in config.waves if rounded_radius(np.array([wave]))[0] > config.side // 2)
    per_wave = max(1, QUICK_PASSES // len(cells)) if network.quick else len(data)
    config = replace(config, cells=cells, passes=min(1.0, per_wave / len(data)))
    for weaken_as in sorted({enlarged for name in _ENLARGING if (enlarged := network_side(name)) is not None}):
        path = Path("strength", f"{network.file_name}_{data.name}_weakened-{weaken_as}.npz")
        yield map_file(network, data, replace(config, weaken_as=weaken_as), path)


def _table(
    network: ProfiledNetwork,
    outcomes: type[Table],
    transforms: Transforms[Table],
    data: ImageDataset,
    passes: int,
    is_enough: Callable[[Table], bool] = lambda stored: True,
    *,
    path: Path | None = None,
    processes: Processes | None = None,
) -> ProfileFile:
    """Return the file of a sweep.

    Args:
        is_enough: whether a stored table suffices, if all its rows are measured.
        path: in the profile, by default the network's in a folder of the transforms' name.
        processes: share the rows.
    """

    def make(output: Path) -> Table:
        classifier, description = network.classifier(data.classes), f"{outcomes.TRANSFORM} of {network.file_name}"
        return grow_file(classifier, data, transforms, output, processes, description)

    def is_complete(output: Path) -> bool:
        stored = outcomes.load(output)
        return not missing_rows(stored, transforms) and is_enough(stored)

    return ProfileFile(path or Path(outcomes.TRANSFORM, f"{network.file_name}.npz"), passes, make, is_complete)


def predictions(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield the predictions for the story's picture under every wave, its exact map, and its mixed pictures."""
    if _vocabulary(network) not in (None, CIFAR10.name):
        raise MissingDataError("need a network of CIFAR-10’s classes")
    passes = 1 + len(half_plane(STORY_SIDE)) + len(chosen_pictures()["mixtures"]["pairs"]) * (2 + MIXED_AT)
    data = load_samples(chosen_pictures()["samples"])
    yield _table(network, StoredPredictions, PredictionConfig(), data, passes, lambda stored: stored.is_current)


PARTS = {
    "runs": ProfilePart("the runs that pages open with", runs),
    "map": ProfilePart("its heat map", maps),
    "strength": ProfilePart("its map at equal strength", strength),
    "predictions": ProfilePart("the story's pictures", predictions),
    "hybrids": ProfilePart("hybrid images", hybrids),
    "corruptions": ProfilePart("corruptions", corruptions),
    "judgements": ProfilePart("judges of what it paints", judgements),
}
