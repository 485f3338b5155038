"""The batch loop of `python -m core.reconstruct` and `core.reproduce`, which writes all files after each batch."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.provenance import computed_source
from core.numbers import percent
from core.reconstruct.grid import picture_grid
from core.reconstruct.job import PGDJob
from core.reconstruct.report import Reconstruction, from_csv, measure_change, summarise, to_csv
from core.runs.file import SURE
from core.runs.judgement import top1
from core.runs.plan import RunPlan
from core.runs.run import Run
from core.shared.cli import progress_bar
from core.shared.device import device_name
from core.shared.files import DAMAGE, make_folder, npz_bytes, write_atomically, write_json

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.runs.file import PGDRun

GRID_COLUMNS = 8
# Pixels per batch: 64 images of 32 pixels, one of 224. A GPU needs larger batches, here 128 of 224; those that do not
# fit its memory are halved (`core.pgd.passes`).
BATCH_PIXELS = {"cpu": 64 * 1024, "cuda": 128 * 224**2}


@dataclass(frozen=True, eq=False)
class BatchResult:
    """Rows of the report, the run, and its (B, 3, H, W) images in [0, 1]: original, start and result.

    In generation the original is the start.
    """

    rows: list[Reconstruction]
    run: PGDRun
    pictures: dict[str, np.ndarray]


def run_batch(job: PGDJob, plan: RunPlan, indices: Sequence[int], progress: Callable[[], None]) -> BatchResult:
    """Run one batch; call `progress` after every state."""
    import torch

    engine = Run(plan, lambda: [job.classifier])
    # Each picture's first step with a confident network, and the picture then; kept on the device, so no step waits.
    sure_steps, sure_images = torch.full((len(plan.start),), -1), torch.from_numpy(plan.start)
    for (state,) in engine.states():
        last, device = state, state.images.device
        sure_steps, sure_images = sure_steps.to(device), sure_images.to(device)
        new = (sure_steps < 0) & (state.target_probability >= SURE)
        sure_steps = torch.where(new, state.step, sure_steps)
        sure_images = torch.where(new[:, None, None, None], state.images, sure_images)
        progress()
    (run,) = engine.so_far()
    targets = run.metadata["targets"]
    after = -last.logits.log_softmax(dim=1).cpu().numpy()[np.arange(len(targets)), targets]
    before, images = run.terms["cross_entropy"][0], last.images.cpu().numpy()
    names = run.metadata["class_names"]
    labels = plan.images.get("labels", [""] * len(targets))
    originals = plan.start if plan.original is None else plan.original.astype(np.float32) / np.float32(255)
    judged: list[dict[str, Any]] = [{}] * len(targets)
    if job.judge is not None:
        judged = _judged(job.judge, plan.start, images, targets)
    holes = np.ones((len(targets), 1, *images.shape[2:]), dtype=bool) if plan.mask is None else plan.mask
    sure = [
        {} if step < 0 else {"sure_step": step, "sure_change": measure_change(*pictures)["change_inside"]}
        for step, *pictures in zip(sure_steps.tolist(), plan.start, sure_images.cpu().numpy(), holes, strict=True)
    ]
    rows = [
        Reconstruction(
            index=index,
            label=labels[row],
            target=names[targets[row]],
            top1_before=names[int(run.logits[0, row].argmax())],
            top1_after=names[int(last.logits[row].argmax())],
            loss_before=float(run.curves["loss"][0, row]),
            loss_after=float(run.curves["loss"][-1, row]),
            cross_entropy_before=float(before[row]),
            cross_entropy_after=float(after[row]),
            probability_before=float(np.exp(-before[row])),
            probability_after=float(np.exp(-after[row])),
            was_target=int(run.logits[0, row].argmax() == targets[row]),
            is_target=int(last.logits[row].argmax() == targets[row]),
            **measure_change(plan.start[row], images[row], holes[row]),
            **sure[row],
            **judged[row],
        )
        for row, index in enumerate(indices)
    ]
    return BatchResult(rows, run, {"original": originals, "start": plan.start, "result": images})


def _judged(judge: Classifier, before: np.ndarray, after: np.ndarray, targets: Sequence[int]) -> list[dict[str, Any]]:
    """Return each image's fields of a `Reconstruction` that the judge fills in."""
    names = judge.classes.names
    predicted = {when: top1(judge, images) for when, images in (("before", before), ("after", after))}
    return [
        {f"judge_top1_{when}": names[predicted[when][row]] for when in ("before", "after")}
        | {f"judge_share_{when}": int(classes[row] == target) for when, classes in predicted.items()}
        for row, target in enumerate(targets)
    ]


def run_job(
    job: PGDJob,
    output: Path,
    batch_size: int | None = None,
    *,
    columns: int = GRID_COLUMNS,
    name: str | None = None,
) -> dict[str, Any]:
    """Run a job, writing its files after every batch; the same job in the same folder resumes.

    images.csv is written last: its rows are finished in all files. While the grid is not full, grid.npz keeps its
    pictures. Rows of other settings are replaced.

    Args:
        batch_size: images per batch; None for as many as keep the device busy.
        columns: pictures in the grid. name: of the job, for the progress bar.
    Returns:
        The summary.
    """
    make_folder(output)
    rows, grid, seconds = _finished(job, output, columns)
    batch_size, judge = batch_size or _usual_batch_size(job), None if job.judge is None else job.judge.name
    todo = (job.count - len(rows)) * (job.config.steps + 1)
    with progress_bar(desc=name, total=todo, unit="img-step", unit_scale=True, disable=not todo) as bar:
        for first in range(len(rows), job.count, batch_size):
            began, indices = time.perf_counter(), range(first, min(first + batch_size, job.count))
            plan = job.make_plan(indices)
            result = run_batch(job, plan, indices, partial(bar.update, len(indices)))
            rows = [*rows, *result.rows]
            seconds += time.perf_counter() - began
            summary = summarise(rows, judge)
            bar.set_postfix(loss=f"{summary['loss_after']['mean']:.3g}")
            if first == 0:
                write_atomically(output / "images.csv", to_csv([]))  # drop rows of other settings
                if job.settings["save_run"]:
                    result.run.save(output / "run.npz")
            source = computed_source(device_name(job.classifier), seconds=seconds)
            write_json(output / "settings.json", {**job.settings, "source": source})
            if first < columns:
                grid = {
                    key: np.concatenate([grid.get(key, array[:0]), array])[:columns]
                    for key, array in result.pictures.items()
                }
                write_atomically(output / "grid.npz", npz_bytes(**grid))
                write_atomically(output / "grid.png", run_grid(grid, rows, hole=plan.mask is not None))
            write_json(output / "summary.json", summary)
            write_atomically(output / "images.csv", to_csv(rows))
    (output / "grid.npz").unlink(missing_ok=True)
    return summarise(rows, judge)


def _usual_batch_size(job: PGDJob) -> int:
    pixels = BATCH_PIXELS.get(job.classifier.device.type, BATCH_PIXELS["cpu"])
    return max(1, pixels // job.settings["image_size"] ** 2)


def _finished(job: PGDJob, output: Path, columns: int) -> tuple[list[Reconstruction], dict[str, np.ndarray], float]:
    """Return rows, pictures of a partial grid, and seconds of a job's finished batches; none of other settings."""
    files = ["grid.png", "summary.json", *(["run.npz"] if job.settings["save_run"] else [])]
    with suppress(*DAMAGE):
        settings = json.loads((output / "settings.json").read_text("utf-8"))
        source = settings.pop("source")
        if settings == job.settings and all((output / name).is_file() for name in files):
            rows = from_csv((output / "images.csv").read_bytes())
            sound, grid = [row.index for row in rows] == list(range(len(rows))), {}
            if len(rows) < min(columns, job.count):
                with np.load(output / "grid.npz", allow_pickle=False) as file:
                    grid = {key: file[key][: len(rows)] for key in ("original", "start", "result")}
                sound = sound and all(len(array) == len(rows) for array in grid.values())
            if sound:
                return rows, grid, float(source["seconds"])
    return [], {}, 0.0


def read_job(output: Path) -> tuple[dict[str, Any], list[Reconstruction], bytes]:
    """Return the settings with their source, the rows and the grid's PNG, as written by `run_job`."""
    settings = json.loads((output / "settings.json").read_text("utf-8"))
    return settings, from_csv((output / "images.csv").read_bytes()), (output / "grid.png").read_bytes()


def run_grid(pictures: Mapping[str, np.ndarray], rows: Sequence[Reconstruction], *, hole: bool) -> bytes:
    """Return a PNG of the first images of runs, as in the paper's Figures 3 and 4, with ten times the change.

    pictures: as in `BatchResult`. hole: whether there is one; generation has no original to show.
    """
    start, result = pictures["start"], pictures["result"]
    lines = [("original", pictures["original"]), ("corrupted", start)] if hole else [("start", start)]
    lines += [("result", result), ("change × 10", 0.5 + 10 * (result - start))]
    captions = [
        f"{row.target[:16]}\n{percent(row.probability_before)} > {percent(row.probability_after)}" for row in rows
    ]
    return picture_grid(lines, captions[: len(start)])
