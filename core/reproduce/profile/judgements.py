"""A profile's file of judgements: small drawings and filled holes by both searches, and stored runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.classifiers.registry import classifier_spec, classifier_state, list_classifiers, load_classifier
from core.data.classes import CIFAR10
from core.data.dataset import ImageDataset
from core.data.provenance import classifier_facts, computed_source, dataset_facts
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.images.masks import usual_side
from core.images.radii import energy_by_radius
from core.reconstruct.batches import run_batch
from core.reconstruct.job import JobConfig, PGDJob, make_job
from core.reproduce.profile.kinds import KINDS
from core.reproduce.profile.network import GRADIENT_PASSES, SMALL, MissingDataError, ProfiledNetwork, ProfileFile
from core.runs.file import PGDRun
from core.runs.judgement import COLUMNS, THIRD, choose_judge, fingerprint, judge_run, top1
from core.runs.picture_outcomes import JudgedOutcomes, Opinion
from core.runs.stored import OPENING, stored_classifier
from core.shared.cli import progress_bar
from core.shared.device import device_name
from core.sweep.predictions import class_probabilities

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.data.classes import ClassSet

SMALL_SET = SAMPLE_SETS[CIFAR10.name]
LARGE = tuple(row for row in SAMPLE_SETS.values() if row.side > SMALL and row.drawn)
BATCH = 50
DIGITS = 4  # significant digits of each number
THIRD_JUDGE = "mini-clip-vit"  # from another family: the only small network with patches
Row = tuple[dict[str, Any], np.ndarray, np.ndarray]  # facts on a kind, its (C, n) numbers, its (R,) energy


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
    passes = sum(GRADIENT_PASSES * job.count * job.changes["steps"] for job in jobs.values()) or len(LARGE)
    path = Path("judgements", f"{network.file_name}.npz")
    yield ProfileFile(path, passes, partial(_make, network, data, jobs), partial(_is_enough, network, jobs))


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
    known = stored.metadata["runs"].keys() | stored.metadata.get("large_runs", {}).keys()
    classes = (CIFAR10.name, *(row.class_set for row in LARGE))
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


def _opinions(network: ProfiledNetwork, path: Path, device: Any) -> dict[str, dict[str, Any]]:
    """Return another network's predictions for the stored drawings of large pictures; empty if no judge is ready."""
    opinions: dict[str, dict[str, Any]] = {}
    for row in LARGE:
        runs = _drawn_runs(network, row.class_set, path)
        judge = load_judge(network.name, row.class_set, row.classes, device) if runs else None
        if judge is not None:
            opinions |= {fingerprint(run): asdict(_opinion(run, judge)) for run in runs}
    return opinions


def _opinion(run: PGDRun, judge: Classifier) -> Opinion:
    shares = class_probabilities(judge, run.frames[-1].astype(np.float32) / np.float32(255))
    own = shares[np.arange(len(shares)), run.metadata["targets"]]
    says = tuple(judge.classes.names[top] for top in shares.argmax(axis=1))
    return Opinion(judge.name, says, tuple((1 + (shares > own[:, None]).sum(axis=1)).tolist()))


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


def _make(network: ProfiledNetwork, data: ImageDataset, jobs: Mapping[str, JobConfig], path: Path) -> None:
    """Paint and judge the missing kinds, saving the file after each; take over those of a finished file."""
    classifier = network.classifier(data.classes)
    device = classifier.device
    row = SMALL_SET if jobs else next(row for row in LARGE if _judged(network, row))
    own_judge = network.judge if jobs else None
    judge = own_judge(device) if own_judge else load_judge(network.name, row.class_set, row.classes, device)
    assert judge is not None  # several are bundled for small pictures
    has_third = jobs and network.name != THIRD_JUDGE
    third = load_classifier(THIRD_JUDGE, CIFAR10, device=device) if has_third else None
    facts = {
        "classifier": classifier_facts(classifier),
        "judge": classifier_facts(judge),
        "third": None if third is None else classifier_facts(third),
        "class_names": list(data.classes.names),
        "seed": network.seed,
        "image_size": data.image_size,
        "hole": usual_side(data.image_size),
        "dataset": dataset_facts(data),
        "source": computed_source(device_name(classifier)),
    }
    rows = {} if network.again else _known(path.with_name(f"{network.file_name}.npz"), facts)
    rows |= {name: row for name, row in _known(path, facts).items() if row[0]["n"] >= _count(rows, name)}
    for name, config in jobs.items():
        if _count(rows, name) < config.count:
            job = make_job(config, classifier, data, judge)
            entry = {"name": name, "mode": config.mode, "n": job.count, "config": job.settings["config"]}
            rows[name] = (entry, *_painted(job, third, name))
            _outcomes(rows, {**facts, "runs": {}}).save(path)
    runs = {fingerprint(run): judge_run(run, judge) for run in _drawn_runs(network, CIFAR10.name, path)}
    judged = {mark: judgement.to_json() for mark, judgement in runs.items() if judgement is not None}
    large = _opinions(network, path, device)
    _outcomes(rows, {**facts, "runs": judged, "large_runs": large}).save(path)


def _count(rows: Mapping[str, Row], name: str) -> int:
    return int(rows[name][0]["n"]) if name in rows else 0


def _known(path: Path, facts: Mapping[str, Any]) -> dict[str, Row]:
    """Return the rows of a file by the same network and judges; empty for others."""
    if not path.is_file():
        return {}
    stored = JudgedOutcomes.load(path)
    if any(stored.metadata[name] != facts[name] for name in ("classifier", "judge", "third", "class_names", "seed")):
        return {}
    rows = zip(stored.metadata["kinds"], stored.pictures, stored.energy, strict=True)
    return {kind["name"]: (kind, numbers[:, : kind["n"]], energy) for kind, numbers, energy in rows}


def _painted(job: PGDJob, third: Classifier | None, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Paint a job's pictures; return their (C, n) numbers, and the (R,) energy of the change by radius."""
    numbers, changes = [], []
    with progress_bar(desc=name, total=job.count * (job.config.steps + 1), unit="img-step", unit_scale=True) as bar:
        for first in range(0, job.count, BATCH):
            indices = range(first, min(first + BATCH, job.count))
            plan = job.make_plan(indices)
            result = run_batch(job, plan, indices, partial(bar.update, len(indices)))
            columns = [[_short(getattr(row, column)) for row in result.rows] for column in COLUMNS]
            seen = np.full((len(THIRD), len(indices)), np.nan)
            if third is not None:
                targets = np.array(result.run.metadata["targets"])
                ends = plan.start, result.pictures["result"]
                seen = np.stack([np.array(top1(third, images)) == targets for images in ends])
            numbers.append(np.concatenate([np.array(columns, dtype=np.float64), seen]))
            changes.append(result.run.frames[-1] / 255 - plan.start)  # rounded as in a run's file
    energy = energy_by_radius(np.concatenate(changes))
    energy[0] = 0
    return np.concatenate(numbers, axis=1), np.array([_short(share) for share in energy / energy.sum()])


def _short(number: float | None) -> float:
    return np.nan if number is None else float(f"{number:.{DIGITS}g}")


def _outcomes(rows: Mapping[str, Row], facts: dict[str, Any]) -> JudgedOutcomes:
    """Combine rows, padded to the longest."""
    if not rows:
        return JudgedOutcomes(np.zeros((0, len(COLUMNS) + len(THIRD), 0)), np.zeros((0, 0)), {**facts, "kinds": []})
    kinds, numbers, energy = zip(*rows.values(), strict=True)
    most = max(part.shape[1] for part in numbers)
    padded = [np.pad(part, ((0, 0), (0, most - part.shape[1])), constant_values=np.nan) for part in numbers]
    return JudgedOutcomes(np.stack(padded), np.stack(energy), {**facts, "kinds": list(kinds)})
