"""The work behind `python -m core.reconstruct`: plans for batches of images, their runs, files after each batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.cli import progress_bar
from core.files import make_folder, write_atomically, write_json
from core.images.masks import Fill, random_square_mask
from core.pgd.config import PGDConfig
from core.reconstruct.grid import picture_grid
from core.reconstruct.report import Reconstruction, measure_change, summarise, to_csv
from core.runs.judgement import top1
from core.runs.plan import Run, RunPlan, inpainting_plan
from core.runs.starts import Start, StartKind, start_of

if TYPE_CHECKING:
    from core.classifiers.base import Classifier
    from core.data.dataset import ImageDataset
    from core.runs.file import PGDRun

GRID_COLUMNS = 8
# How many pixels a batch holds: 64 images of 32 pixels, one of 224. A GPU needs more to be busy.
BATCH_PIXELS = {"cpu": 64 * 1024, "cuda": 1024 * 1024}

MakePlan = Callable[[Sequence[int]], RunPlan]


@dataclass(frozen=True, eq=False)
class Job:
    """`count` images in batches planned by `make_plan`, one after the other.

    keep: whether the result is the "last" state or the one of the "best" loss. settings: written beside the results.
    save_run: also keep the first batch as a run to be replayed. judge: another network, which says what it sees in the
    starts and the results; its first classes are the data set's.
    """

    classifier: Classifier
    config: PGDConfig
    count: int
    make_plan: MakePlan
    keep: str
    settings: dict[str, Any] = field(default_factory=dict)
    save_run: bool = False
    judge: Classifier | None = None


def usual_batch_size(job: Job) -> int:
    """Images worked on at once where nobody chose."""
    pixels = BATCH_PIXELS.get(job.classifier.device.type, BATCH_PIXELS["cpu"])
    return max(1, pixels // job.settings["image_size"] ** 2)


def inpainting_plans(
    dataset: ImageDataset, config: PGDConfig, *, side: int, target: str | None, fill: Fill, seed: int, **settings: Any
) -> MakePlan:
    """Plans for images of the data set with a square hole each, at a place fixed by the seed and the image's index."""
    size = dataset.image_size

    def make_plan(indices: Sequence[int]) -> RunPlan:
        generators = [np.random.default_rng([seed, index]) for index in indices]
        holes = np.stack([random_square_mask(side, height=size, width=size, generator=one) for one in generators])
        labels = [int(dataset.labels[index]) for index in indices]
        return inpainting_plan(
            dataset.images[list(indices)],
            holes,
            labels if target is None else [target] * len(labels),
            config,
            fill=fill,
            seed=seed,
            images={"dataset": dataset.name, "labels": [dataset.classes.names[label] for label in labels]},
            **settings,
        )

    return make_plan


def generation_plans(
    dataset: ImageDataset, config: PGDConfig, *, target: str | None, start: StartKind, seed: int
) -> MakePlan:
    """Plans for starts of one class after the other, each drawn by the seed and the image's index.

    Args:
        dataset: its images give the statistics of classes without bundled ones.
        target: one class or text for all; None for every class in turn, in an order fixed by the seed.
    """
    order: list[int | str] = np.random.default_rng(seed).permutation(len(dataset.classes)).tolist()
    if target is not None:
        order = [target]
    known: dict[int | str, Start] = {}

    def source(wanted: int | str) -> Start:
        if wanted not in known:
            name = wanted if isinstance(wanted, str) else dataset.classes.names[wanted]
            known[wanted] = start_of(name, dataset.classes.name, dataset.image_size, start, dataset)
        return known[wanted]

    def make_plan(indices: Sequence[int]) -> RunPlan:
        targets = [order[index % len(order)] for index in indices]
        starts = [
            source(wanted).distribution.draw(1, generator=np.random.default_rng([seed, index]))
            for index, wanted in zip(indices, targets, strict=True)
        ]
        images = {"dataset": "noise", "start": start}
        return RunPlan(targets=tuple(targets), start=np.concatenate(starts), config=config, seed=seed, images=images)

    return make_plan


@dataclass(frozen=True, eq=False)
class BatchResult:
    """The rows of the report, the whole run, and of its (B, 3, H, W) images in [0, 1]: original, start and result.

    In generation the original is the start.
    """

    rows: list[Reconstruction]
    run: PGDRun
    pictures: dict[str, np.ndarray]


def run_batch(job: Job, plan: RunPlan, indices: Sequence[int], progress: Callable[[], None]) -> BatchResult:
    """Run one batch; `progress` is called after every state."""
    import torch

    engine = Run(plan, lambda: [job.classifier])
    for (state,) in engine.states():
        last = state
        progress()
    (run,) = engine.so_far()
    best = job.keep == "best"
    results = last.best_images if best else last.images
    logits = last.logits
    if best:
        with torch.inference_mode():
            logits = job.classifier(results)
    targets = run.metadata["targets"]
    after = -logits.log_softmax(dim=1).cpu().numpy()[np.arange(len(targets)), targets]
    before, images = run.terms["cross_entropy"][0], results.cpu().numpy()
    names = run.metadata["class_names"]
    labels = plan.images.get("labels", [""] * len(targets))
    originals = plan.start if plan.original is None else plan.original.astype(np.float32) / np.float32(255)
    judged = [{}] * len(targets) if job.judge is None else _judged(job.judge, plan.start, images, targets)
    holes = np.ones((len(targets), 1, *images.shape[2:]), dtype=bool) if plan.mask is None else plan.mask
    rows = [
        Reconstruction(
            index=index,
            label=labels[row],
            target=names[targets[row]],
            top1_before=names[int(run.logits[0, row].argmax())],
            top1_after=names[int(logits[row].argmax())],
            loss_before=float(run.curves["loss"][0, row]),
            loss_after=float(run.curves["best_loss" if best else "loss"][-1, row]),
            cross_entropy_before=float(before[row]),
            cross_entropy_after=float(after[row]),
            probability_before=float(np.exp(-before[row])),
            probability_after=float(np.exp(-after[row])),
            target_share=int(logits[row].argmax() == targets[row]),
            **measure_change(originals[row], plan.start[row], images[row], holes[row]),
            **judged[row],
        )
        for row, index in enumerate(indices)
    ]
    return BatchResult(rows, run, {"original": originals, "start": plan.start, "result": images})


def _judged(judge: Classifier, before: np.ndarray, after: np.ndarray, targets: Sequence[int]) -> list[dict[str, Any]]:
    """For each image the fields of a `Reconstruction` that the judge fills in."""
    names = judge.classes.names
    seen = {when: top1(judge, images) for when, images in (("before", before), ("after", after))}
    return [
        {f"judge_top1_{when}": names[classes[row]] for when, classes in seen.items()}
        | {f"judge_share_{when}": int(classes[row] == target) for when, classes in seen.items()}
        for row, target in enumerate(targets)
    ]


def run_job(job: Job, output: Path, batch_size: int) -> dict[str, Any]:
    """Work through a job, writing the four files after every batch; returns the summary."""
    make_folder(output)
    rows: list[Reconstruction] = []
    shown: dict[str, np.ndarray] = {}
    summary: dict[str, Any] = {}
    states = job.config.steps + 1
    with progress_bar(total=job.count * states, unit="img-step", unit_scale=True) as bar:
        for first in range(0, job.count, batch_size):
            indices = range(first, min(first + batch_size, job.count))
            plan = job.make_plan(indices)
            size = len(indices)
            result = run_batch(job, plan, indices, lambda size=size: bar.update(size))  # type: ignore[misc]
            rows += result.rows
            if job.save_run and first == 0:
                result.run.save(output / "run.npz")
            summary = summarise(rows, None if job.judge is None else job.judge.name)
            bar.set_postfix(loss=f"{summary['loss_after']['mean']:.3g}")
            if first < GRID_COLUMNS:
                shown = {
                    name: np.concatenate([shown.get(name, array[:0]), array])[:GRID_COLUMNS]
                    for name, array in result.pictures.items()
                }
                write_atomically(output / "grid.png", run_grid(shown, rows, hole=plan.mask is not None))
            write_json(output / "settings.json", job.settings)
            write_atomically(output / "images.csv", to_csv(rows))
            write_json(output / "summary.json", summary)
    return summary


def run_grid(pictures: Mapping[str, np.ndarray], rows: Sequence[Reconstruction], *, hole: bool) -> bytes:
    """PNG of the first images of runs, as in the paper's Figures 3 and 4, with ten times the change.

    pictures: as in `BatchResult`. hole: whether one was cut; in generation there is no original to show.
    """
    start, result = pictures["start"], pictures["result"]
    lines = [("original", pictures["original"]), ("corrupted", start)] if hole else [("start", start)]
    lines += [("result", result), ("change × 10", 0.5 + 10 * (result - start))]
    captions = [f"{row.target[:16]}\n{row.probability_before:.1%} > {row.probability_after:.1%}" for row in rows]
    return picture_grid(lines, captions[: len(start)])
