"""Many pictures, filled and drawn in resumable batches, with their files. Does not import torch by itself."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.classifiers.text import choose_targets
from core.data.holes import usual_hole_size
from core.data.stored import classifier_facts, dataset_facts
from core.pgd.grid import picture_grid
from core.pgd.live import Run, run_source
from core.pgd.picture_outcomes import AFTER, BEFORE, JudgedOutcomes, rank_column, ranks
from core.pgd.plan import JobConfig, MakePlan, generation_plans, inpainting_plans
from core.pgd.record import SURE, PGDRun, mean_change
from core.pgd.settings import PGDConfig, defaults
from core.pgd.starts import Given, StartDistribution, start_of
from core.shared.cli import progress_bar
from core.shared.device import class_probabilities
from core.shared.files import DAMAGE, make_folder, npz_bytes, write_atomically, write_json
from core.shared.numbers import percent

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier
    from core.data.sample_sets import ImageDataset


@dataclass(frozen=True, eq=False)
class PGDJob:
    """A job of `count` pictures in batches planned by `make_plan`.

    kind, facts: its entry and the metadata in a table of pictures: everything that determines the results. judges:
    other networks, which classify starts and results; their first classes are the data set's.
    """

    classifier: Classifier
    config: PGDConfig
    count: int
    make_plan: MakePlan
    kind: dict[str, Any]
    facts: dict[str, Any]
    judges: tuple[Classifier, ...] = ()

    def table(self, numbers: Mapping[str, np.ndarray], source: Mapping[str, Any]) -> JudgedOutcomes:
        """Return the table of its first pictures."""
        return JudgedOutcomes.of([(self.kind, numbers)], **self.facts, source=source)


def make_job(
    request: JobConfig, classifier: Classifier, dataset: ImageDataset, judges: Sequence[Classifier | None] = ()
) -> PGDJob:
    """Return the job of a configuration.

    Raises:
        ValueError: a setting is out of range, or the classifier does not know the target.
    """
    size, target, known = dataset.image_size, request.target, tuple(filter(None, judges))
    hole_size = (request.hole_size or usual_hole_size(size)) if request.task == "inpainting" else None
    config = request.config or defaults(request.task, size, request.method, start=request.start, hole_size=hole_size)
    config, objective = replace(config, **request.changes), dict[str, Any]()
    if hole_size is not None:
        count = min(request.count, len(dataset))
        penalty = "frozen" if config.method.freezes_outside else request.penalty
        objective = {"weight": request.weight, "penalty": penalty}
        make_plan = inpainting_plans(dataset, config, request, hole_size, **objective)
        objective |= {"fill": request.fill, "hole_size": hole_size}
    else:
        count, classes = request.count, dataset.classes
        shuffled = np.random.default_rng(request.seed).permutation(len(classes)).tolist()
        order: list[int | str] = shuffled if target is None else [target]

        def start_for(name: str) -> StartDistribution:
            if request.picture is not None:
                return StartDistribution(request.start, Given(request.picture, "a file"))
            return start_of(name, classes.name, size, request.start, dataset)

        make_plan = generation_plans(
            start_for,
            order,
            classes,
            config,
            seed=request.seed,
            tries=request.tries,
        )
    count *= request.tries
    kind = {
        "name": request.penalty if objective else request.start,
        "task": request.task,
        "config": config.to_json(),
        "objective": objective,
        "target": target,
        **({"tries": request.tries} if request.tries > 1 else {}),
    }
    if request.picture is not None:
        kind["picture"] = hashlib.sha256(request.picture.tobytes()).hexdigest()
    with_target, _ = choose_targets(classifier, make_plan([0]).targets)  # a free text adds a class
    facts = {
        "classifier": {**classifier_facts(classifier), "template": classifier.template},
        "judges": [{**classifier_facts(judge), "template": judge.template} for judge in known],
        "class_names": list(with_target.classes.names),
        "seed": request.seed,
        "image_size": size,
        "hole_size": hole_size,
        "dataset": dataset_facts(dataset),
        "count": count,
    }
    return PGDJob(classifier, config, count, make_plan, kind, facts, known)


# Pixels per batch: 64 images of 32 pixels, one of 224. A GPU needs larger batches, here 128 of 224; those that do not
# fit its memory are halved (`core.pgd.steps`).
BATCH_PIXELS = {"cpu": 64 * 1024, "cuda": 128 * 224**2}
GRID_COLUMNS = 8
TABLE = "pictures.npz"
# Columns with mean and standard deviation in summary.json.
SUMMARY = ("loss_before", "loss_after", "probability_after", "is_target", "change_inside", "change_outside")


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch: (B,) numbers by column of the table, the run, and (B, 3, H, W) pictures in [0, 1], as in the grid."""

    numbers: dict[str, np.ndarray]
    run: PGDRun
    pictures: dict[str, np.ndarray]


def run_batch(job: PGDJob, indices: Sequence[int], progress: Callable[[int], object]) -> Batch:
    """Run and judge the pictures of a job at some indices; call `progress` with their number after every state."""
    import torch

    plan = job.make_plan(indices)
    engine = Run(plan, lambda: [job.classifier])
    # Each picture's first step with a confident network, and the picture then; kept on the device, so no step waits.
    sure_steps, sure_images = torch.full((len(plan.start),), -1), torch.from_numpy(plan.start)
    for (state,) in engine.states():
        last, device = state, state.images.device
        sure_steps, sure_images = sure_steps.to(device), sure_images.to(device)
        new = (sure_steps < 0) & (state.target_probability >= SURE)
        sure_steps = torch.where(new, state.step, sure_steps)
        sure_images = torch.where(new[:, None, None, None], state.images, sure_images)
        progress(len(indices))
    (run,) = engine.so_far()
    targets, (before, after) = np.array(run.metadata["targets"]), run.logits.argmax(axis=2)
    result, sure = last.images.cpu().numpy(), (sure_steps >= 0).cpu().numpy()
    sure_changes = [change["inside"] for change in mean_change(plan.start, sure_images.cpu().numpy(), plan.mask)]
    numbers = {
        "target": targets,
        "top1_before": before,
        "top1_after": after,
        "loss_before": run.curves["loss"][0],
        "loss_after": run.curves["loss"][-1],
        "probability_after": run.curves["target_probability"][-1],
        "was_target": before == targets,
        "is_target": after == targets,
        "change_inside": [change["inside"] for change in run.metadata["images"]["change"]],
        "change_outside": [change["outside"] for change in run.metadata["images"]["change"]],
        "perturbation_norm": run.curves["perturbation_norm"][-1],
        "sure_step": np.where(sure, sure_steps.cpu().numpy(), np.nan),
        "sure_change": np.where(sure, sure_changes, np.nan),
    }
    if plan.seeds:
        numbers["seed"] = plan.seeds
    if "labels" in plan.images:
        numbers["label"] = [run.metadata["class_names"].index(name) for name in plan.images["labels"]]
    for index, judge in enumerate(job.judges):
        for seen, images in ((BEFORE, plan.start), (AFTER, result)):
            numbers[rank_column(index, seen)] = ranks(class_probabilities(judge, images), run.metadata["targets"])
    pictures = {"start": plan.start, "result": result, "10-fold change": 0.5 + 10 * (result - plan.start)}
    if plan.original is not None:
        pictures = {"original": plan.original.astype(np.float32) / 255, "corrupted": pictures.pop("start"), **pictures}
    return Batch({name: np.asarray(values, np.float64) for name, values in numbers.items()}, run, pictures)


def run_job(
    job: PGDJob,
    output: Path,
    batch_size: int | None = None,
    *,
    name: str | None = None,
) -> JudgedOutcomes:
    """Run a job, writing its files after every batch; the same job in the same folder resumes.

    The table is written last: its rows are finished in all files. While the grid is not full, grid.npz keeps its
    pictures. Rows of other settings are replaced.

    Args:
        batch_size: pictures per batch; None for as many as keep the device busy.
        name: of the job, for the progress bar.
    Returns:
        The table.
    """
    make_folder(output)
    pixels = BATCH_PIXELS.get(job.classifier.device.type, BATCH_PIXELS["cpu"])
    batch_size = batch_size or max(1, pixels // job.facts["image_size"] ** 2)
    numbers, grid, seconds = _finished(job, output)
    done = len(numbers.get("target", ()))
    todo = (job.count - done) * (job.config.steps + 1)
    with progress_bar(desc=name, total=todo, unit="img-step", unit_scale=True, disable=not todo) as bar:
        for first in range(done, job.count, batch_size):
            began = time.perf_counter()
            batch = run_batch(job, range(first, min(first + batch_size, job.count)), bar.update)
            numbers = _extended(numbers, batch.numbers)
            seconds += time.perf_counter() - began
            table = job.table(numbers, run_source(job.classifier.device, seconds=seconds))
            bar.set_postfix(loss=f"{numbers['loss_after'].mean():.3g}")
            if first == 0:
                write_atomically(output / TABLE, b"")  # drop rows of other settings
            if first < GRID_COLUMNS:
                grid = {title: rows[:GRID_COLUMNS] for title, rows in _extended(grid, batch.pictures).items()}
                write_atomically(output / "grid.npz", npz_bytes(**grid))
                write_atomically(output / "grid.png", picture_grid(grid, _captions(table)))
            write_json(output / "summary.json", summarise(table))
            write_atomically(output / TABLE, table.to_bytes())
    (output / "grid.npz").unlink(missing_ok=True)
    return JudgedOutcomes.load(output / TABLE)


def _extended(parts: Mapping[str, np.ndarray], more: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return arrays by name with further rows; `parts` may be empty."""
    return {name: np.concatenate([parts.get(name, rows[:0]), rows]) for name, rows in more.items()}


def _finished(job: PGDJob, output: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], float]:
    """Return numbers, pictures of a partial grid, and seconds of a job's finished batches; none of other settings."""
    with suppress(*DAMAGE):
        stored, grid = JudgedOutcomes.load(output / TABLE), {}
        ((_, columns),) = stored.parts().values()
        numbers, source = dict(columns), stored.metadata["source"]
        same = job.table(numbers, source).metadata == stored.metadata
        if same and all((output / name).is_file() for name in ("grid.png", "summary.json")):
            if (rows := len(stored.numbers)) < min(GRID_COLUMNS, job.count):
                with np.load(output / "grid.npz", allow_pickle=False) as file:
                    grid = {title: file[title][:rows] for title in file.files}
            if all(len(pictures) == rows for pictures in grid.values()):
                return numbers, grid, float(source["seconds"])
    return {}, {}, 0.0


def summarise(table: JudgedOutcomes) -> dict[str, Any]:
    """Return the content of summary.json; standard deviations over n, 0 for a single picture."""
    (outcomes,) = table.kinds().values()
    columns = {name: outcomes.pictures[name] for name in SUMMARY}
    means = {name: {"mean": float(values.mean()), "std": float(values.std())} for name, values in columns.items()}
    judged: dict[str, Any] = {"judge": outcomes.judgement.to_json()} if table.judges else {}
    if judged and "tries" in outcomes.facts["kind"]:
        judged["recognised_in_one_try"] = dict(zip(("count", "n"), outcomes.recognised_in_one_try(), strict=True))
    return {"n": outcomes.n, **means, **judged, "settings": table.metadata}


def _captions(table: JudgedOutcomes) -> list[str]:
    """Return the target of each picture, with its probability before and after."""
    (outcomes,) = table.kinds().values()
    names, columns = table.metadata["class_names"], ("target", "loss_before", "probability_after")
    return [
        f"{names[int(target)][:16]}\n{percent(np.exp(-loss))} > {percent(after)}"  # at the start no penalty
        for target, loss, after in zip(*(outcomes.pictures[column] for column in columns), strict=True)
    ]
