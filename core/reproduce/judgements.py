"""Many pictures of a network, drawn and filled, and what other networks see in them. Does not import torch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from core.classifiers.registry import classifier_state, list_classifiers, load_classifier
from core.data.holes import usual_hole_size
from core.data.sample_sets import CIFAR10, SAMPLE_SETS, ClassSet, ImageDataset, SampleSet
from core.data.stored import classifier_facts, computed_source, dataset_facts
from core.pgd.examples import stored_classifier
from core.pgd.jobs import PGDJob, make_job, run_batch
from core.pgd.methods import COMPARED, METHODS, MethodName
from core.pgd.picture_outcomes import (
    JudgedOutcomes,
    KindRows,
    choose_judge,
    comparison_kind,
    fingerprint,
    judge_run,
)
from core.pgd.plan import JobConfig
from core.pgd.record import PGDRun
from core.pgd.settings import Penalty, Task, defaults
from core.pgd.starts import StartName
from core.reproduce.profiled import MAX_PROFILED_SIZE, MissingDataError, ProfiledNetwork, ProfileFile
from core.shared.cli import progress_bar
from core.shared.device import device_name

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier


@dataclass(frozen=True)
class Series:
    """A series of results: drawings from one start, or holes filled by one penalty.

    amounts: number in quick and full profiles. compared: a method in the steps and the ball of "views"; None for the
    paper's run. fewer: factor by which its steps are fewer and larger. suffix, title: of the keys and figures of its
    parts in `core.reproduce`; None if it has none.
    """

    name: str
    amounts: tuple[int, int]
    task: Task
    start: StartName = "blur"
    penalty: Penalty = "eq3"
    compared: MethodName | None = None
    fewer: int = 1
    suffix: str | None = None
    title: str = ""

    def job(self, size: int, count: int, seed: int) -> JobConfig:
        """Return the job of `count` results on images of a size."""
        hole_size = usual_hole_size(size) if self.task == "inpainting" else None
        config = defaults(self.task, size, "paper" if self.compared is None else "views", hole_size=hole_size)
        config = replace(
            config,
            steps=config.steps // self.fewer,
            step_size=config.step_size * self.fewer,
            method=config.method.variant(self.compared or "paper"),
        )
        return JobConfig(task=self.task, count=count, seed=seed, config=config, penalty=self.penalty, start=self.start)


SERIES = (
    Series("blur", (0, 200), "generation", suffix="", title=", from blurs"),
    Series("classless", (0, 200), "generation", start="classless"),
    Series("independent", (0, 200), "generation", start="independent", suffix="-noise", title=", from pixel noise"),
    *(
        Series(
            comparison_kind("classless", method),
            (6 if method in COMPARED else 0, 200),
            "generation",
            start="classless",
            compared=method,
        )
        for method in METHODS
    ),
    Series("eq3", (0, 200), "inpainting", suffix=""),
    Series("mean_square", (0, 200), "inpainting", penalty="mean_square", fewer=3),
    Series(comparison_kind("eq3", "views"), (0, 200), "inpainting", compared="views"),
)

_LARGE = tuple(row for row in SAMPLE_SETS.values() if row.image_size > MAX_PROFILED_SIZE and row.drawn)
_JUDGED_AT_ONCE = 50
SECOND_JUDGE = "mini-clip-vit"  # from another family: the only small network with patches


def judgements(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield the file of judgements: of small pictures of CIFAR-10's classes, which all judges know, and of runs."""
    data, vocabulary = network.images(max(network.count(series.amounts) for series in SERIES)), network.vocabulary
    is_small = data.classes.names == CIFAR10.names and data.image_size <= MAX_PROFILED_SIZE
    jobs = {
        series.name: series.job(data.image_size, count, network.seed)
        for series in SERIES
        if is_small and vocabulary in (None, CIFAR10.name) and (count := network.count(series.amounts))
    }
    if not jobs and not any(_judged(network, row) for row in _LARGE):
        raise MissingDataError(
            f"need CIFAR-10’s pictures of {MAX_PROFILED_SIZE} pixels, or a second network that knows the drawn classes"
        )
    path = Path("judgements", f"{network.file_name}.npz")
    yield ProfileFile(path, partial(_make_judgements, network, data, jobs), partial(_is_enough, network, jobs))


def _judged(network: ProfiledNetwork, row: SampleSet) -> bool:
    """Return True if a network draws a sample set's classes and another one that knows them is ready."""
    return network.vocabulary in (None, row.class_set) and ready_judge(network.name, row.class_set) is not None


def _is_enough(network: ProfiledNetwork, jobs: Mapping[str, JobConfig], path: Path) -> bool:
    """Return True if a file has enough pictures of every series by its settings, and judgements of the stored runs."""
    stored = JudgedOutcomes.load(path)
    entries = {entry["name"]: entry for entry in stored.metadata["kinds"]}
    if any(name not in entries or not _suffices(entries[name], job) for name, job in jobs.items()):
        return False
    known, classes = stored.metadata["runs"], (CIFAR10.name, *(row.class_set for row in _LARGE))
    return all(fingerprint(run) in known for name in classes for run in _drawn_runs(network, name, path))


def _has_settings(entry: Mapping[str, Any], job: JobConfig) -> bool:
    """Return True if the stored pictures of a series were made by the settings of its job."""
    return job.config is not None and entry["config"] == job.config.to_json()


def _suffices(entry: Mapping[str, Any], job: JobConfig) -> bool:
    """Return True if a job has nothing to add to the stored pictures of its series."""
    return entry["n"] >= job.count and _has_settings(entry, job)


def _drawn_runs(network: ProfiledNetwork, class_set: str, path: Path) -> list[PGDRun]:
    """Load the drawings of a class set from the folder of the file."""
    files = (path.parents[1] / "runs").glob(f"generation_{class_set}*__{network.file_name}*.npz")
    return [PGDRun.load(file) for file in sorted(files) if stored_classifier(file) == network.file_name]


def _judgements(network: ProfiledNetwork, path: Path, judge: Classifier, device: Any) -> dict[str, dict[str, Any]]:
    """Return a second network's judgements of the stored runs, by fingerprint; judge: of small pictures."""
    pairs = [(run, judge) for run in _drawn_runs(network, CIFAR10.name, path)]
    for row in _LARGE:
        runs = _drawn_runs(network, row.class_set, path)
        other = load_judge(network.name, row.class_set, row.classes, device) if runs else None
        pairs += [(run, other) for run in runs if other is not None]
    judged = {fingerprint(run): judge_run(run, of_run) for run, of_run in pairs}
    return {mark: judgement.to_json() for mark, judgement in judged.items() if judgement is not None}


def ready_judge(painter: str, vocabulary: str, weights: Mapping[str, Path] = MappingProxyType({})) -> str | None:
    """Return the judge of a network's pictures among ready networks of a vocabulary; None if there is none.

    weights: files instead of the published ones, by name.
    """
    names = [spec.name for spec in list_classifiers() if spec.vocabulary == vocabulary]
    return choose_judge(
        painter, [name for name in names if classifier_state(name, weights.get(name)).status == "ready"]
    )


def load_judge(
    painter: str, vocabulary: str, classes: ClassSet, device: Any, weights: Mapping[str, Path] = MappingProxyType({})
) -> Classifier | None:
    """Load the `ready_judge` for some classes of its vocabulary."""
    name = ready_judge(painter, vocabulary, weights)
    return None if name is None else load_classifier(name, classes, device=device, weights=weights.get(name))


def _make_judgements(network: ProfiledNetwork, data: ImageDataset, jobs: Mapping[str, JobConfig], path: Path) -> None:
    """Paint and judge the missing series, saving the file after each; keep those of a finished file.

    A series by other settings is painted again.
    """
    classifier = network.classifier(data.classes)
    device = classifier.device
    row = SAMPLE_SETS[CIFAR10.name] if jobs else next(row for row in _LARGE if _judged(network, row))
    own_judge = network.judge if jobs else None
    judge = own_judge(device=device) if own_judge else load_judge(network.name, row.class_set, row.classes, device)
    assert judge is not None  # several are bundled for small pictures
    has_second = jobs and network.name != SECOND_JUDGE
    second = load_classifier(SECOND_JUDGE, CIFAR10, device=device) if has_second else None
    facts = {
        "classifier": classifier_facts(classifier),
        "judges": [classifier_facts(known) for known in (judge, second) if known is not None],
        "class_names": list(data.classes.names),
        "seed": network.seed,
        "image_size": data.image_size,
        "hole_size": usual_hole_size(data.image_size),
        "dataset": dataset_facts(data),
        "source": computed_source(device_name(classifier.device)),
    }
    rows = _known(path.with_name(f"{network.file_name}.npz"), facts)
    rows |= {name: row for name, row in _known(path, facts).items() if row[0]["n"] >= _count(rows, name)}
    for name, config in jobs.items():
        if name not in rows or not _suffices(rows[name][0], config):
            job = make_job(config, classifier, data, [judge, second])
            entry = {"name": name, "task": config.task, "n": job.count, "config": job.kind["config"]}
            rows[name] = (entry, _painted(job, name))
            JudgedOutcomes.of([*rows.values()], **facts, runs={}).save(path)
    runs = _judgements(network, path, judge, device)
    JudgedOutcomes.of([*rows.values()], **facts, runs=runs).save(path)


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


def _painted(job: PGDJob, name: str) -> dict[str, list[float]]:
    """Paint a job's pictures; return their (n,) numbers by column."""
    numbers = defaultdict[str, list[float]](list)
    with progress_bar(desc=name, total=job.count * (job.config.steps + 1), unit="img-step", unit_scale=True) as bar:
        for first in range(0, job.count, _JUDGED_AT_ONCE):
            batch = run_batch(job, range(first, min(first + _JUDGED_AT_ONCE, job.count)), bar.update)
            for column, values in batch.numbers.items():
                numbers[column] += map(_short, values.tolist())
    return numbers


def _short(number: float) -> float:
    return float(f"{number:.4g}")
