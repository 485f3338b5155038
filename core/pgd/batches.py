"""Jobs of many pictures, in resumable batches."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.data.holes_and_sketches import Fill, random_square_mask, usual_side
from core.data.picture_files import to_uint8
from core.data.stored import classifier_facts, computed_source, dataset_facts
from core.pgd.pictures import Reconstruction, from_csv, measure_change, ranks, summarise, to_csv
from core.pgd.run import SURE, Run, RunPlan, inpainting_plan
from core.pgd.search import PAPERS, SEARCHES, Search
from core.pgd.settings import Penalty, PGDConfig, usual_settings
from core.pgd.starts import Start, StartKind, start_of
from core.shared.cli import progress_bar
from core.shared.device import class_probabilities, device_name
from core.shared.files import DAMAGE, make_folder, npz_bytes, write_atomically, write_json
from core.shared.numbers import percent

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier
    from core.data.sample_sets import ImageDataset
    from core.pgd.run import PGDRun


MIN_TILE = 112
GAP = 6
LABEL_WIDTH = 110
INK, PAPER = (20, 20, 20), (255, 255, 255)


def picture_grid(rows: Sequence[tuple[str, np.ndarray]], captions: Sequence[str] = ()) -> bytes:
    """Return labelled rows of pictures as PNG.

    Args:
        rows: (label, (N, 3, H, W) float in [0, 1]) for each row, all of one shape.
        captions: text above each column; none or N of them. Line breaks are kept.
    """
    count, _, height, width = rows[0][1].shape
    # Smooth, as blocks would hide the content of a small image.
    zoom = max(1, -(-MIN_TILE // width))
    tile_height, tile_width = height * zoom, width * zoom
    font = ImageFont.load_default(size=12)
    header = GAP + 16 * max((caption.count("\n") + 1 for caption in captions), default=0)
    size = (LABEL_WIDTH + count * (tile_width + GAP), header + len(rows) * (tile_height + GAP))
    canvas = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(canvas)
    for column, caption in enumerate(captions):
        draw.multiline_text((LABEL_WIDTH + column * (tile_width + GAP), 2), caption, fill=INK, font=font, spacing=2)
    for line, (label, pictures) in enumerate(rows):
        top = header + line * (tile_height + GAP)
        draw.multiline_text((GAP, top + tile_height // 2 - 8), label, fill=INK, font=font)
        for column, picture in enumerate(pictures):
            tile = Image.fromarray(to_uint8(picture)).resize((tile_width, tile_height), Image.Resampling.BICUBIC)
            canvas.paste(tile, (LABEL_WIDTH + column * (tile_width + GAP), top))
    buffer = io.BytesIO()
    canvas.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


MakePlan = Callable[[Sequence[int]], RunPlan]


@dataclass(frozen=True, kw_only=True)
class JobConfig:
    """Configuration of a job; the defaults are those of the search.

    mode: Eq. 3 or Eq. 2. count: images, at most those of the data set for inpainting. seed: of holes and noise. target:
    one class or text for all; None for the true class, or every class in turn. changes: to the settings of
    `core.pgd.settings`, by name. hole: side of the square. penalty, fill: of Eq. 3, and what fills the hole. start:
    kind of start for generation.
    save_run: also save the first batch as a run.
    """

    mode: Literal["inpaint", "generate"]
    count: int
    seed: int = 0
    target: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    hole: int | None = None
    penalty: Penalty = "eq3"
    fill: Fill = "region"
    start: StartKind = "blur"
    save_run: bool = False


@dataclass(frozen=True, eq=False)
class PGDJob:
    """A job of `count` images in batches planned by `make_plan`.

    settings: a JSON object of everything that determines the results; save_run as in `JobConfig`. judge:
    another network, which classifies starts and results; its first classes are the data set's.
    """

    classifier: Classifier
    config: PGDConfig
    count: int
    make_plan: MakePlan
    settings: dict[str, Any]
    judge: Classifier | None = None


def make_job(
    request: JobConfig, classifier: Classifier, dataset: ImageDataset, judge: Classifier | None = None
) -> PGDJob:
    """Return the job of a configuration.

    Raises:
        ValueError: a setting is out of range.
    """
    size, target, seed = dataset.image_size, request.target, request.seed
    objective: dict[str, Any] = {}
    search: Search = request.changes.get("search", PAPERS)
    if request.mode == "inpaint":
        count, side = min(request.count, len(dataset)), request.hole or usual_side(size)
        usual = usual_settings("inpainting", size, side, search)
        values = usual | dict(request.changes)
        penalty = "frozen" if SEARCHES[search].frozen else request.penalty
        objective = {"weight": values.pop("weight"), "penalty": penalty, "fill": request.fill, "side": side}
        config = PGDConfig(**values)
        make_plan = inpainting_plans(dataset, config, target=target, seed=seed, **objective)
    else:
        count, config = (
            request.count,
            PGDConfig(**(usual_settings("generation", size, search=search) | dict(request.changes))),
        )
        make_plan = generation_plans(dataset, config, target=target, start=request.start, seed=seed)
    settings = {
        "mode": request.mode,
        "config": config.to_json(),
        "objective": objective,
        "start": None if objective else request.start,
        "target": target,
        "seed": seed,
        "count": count,
        "save_run": request.save_run,
        "image_size": size,
        "classifier": {**classifier_facts(classifier), "template": classifier.template},
        "judge": None if judge is None else {**classifier_facts(judge), "template": judge.template},
        "dataset": dataset_facts(dataset),
    }
    return PGDJob(classifier, config, count, make_plan, settings, judge)


def inpainting_plans(
    dataset: ImageDataset, config: PGDConfig, *, side: int, target: str | None, fill: Fill, seed: int, **settings: Any
) -> MakePlan:
    """Return plans for the data set's images with a square hole each, at a place fixed by seed and image index."""
    size = dataset.image_size

    def make_plan(indices: Sequence[int]) -> RunPlan:
        generators = [np.random.default_rng([seed, index]) for index in indices]
        holes = np.stack(
            [random_square_mask(side, height=size, width=size, generator=generator) for generator in generators]
        )
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
    """Return plans for starts of one class after another, drawn by seed and image index.

    Args:
        dataset: source of the statistics of classes without bundled ones.
        target: one class or text for all; None for every class in turn, in an order fixed by the seed.
    """
    order: list[int | str] = [target] if target is not None else [*class_order(len(dataset.classes), seed)]

    @cache
    def source(goal: int | str) -> Start:
        name = goal if isinstance(goal, str) else dataset.classes.names[goal]
        return start_of(name, dataset.classes.name, dataset.image_size, start, dataset)

    def make_plan(indices: Sequence[int]) -> RunPlan:
        targets = [order[index % len(order)] for index in indices]
        starts = [
            source(chosen).distribution.draw(1, generator=np.random.default_rng([seed, index]))
            for index, chosen in zip(indices, targets, strict=True)
        ]
        images = {"dataset": "noise", "start": start}
        return RunPlan(targets=tuple(targets), start=np.concatenate(starts), config=config, seed=seed, images=images)

    return make_plan


def class_order(count: int, seed: int) -> list[int]:
    """Return the order of the classes to draw, which repeats."""
    return np.random.default_rng(seed).permutation(count).tolist()


GRID_COLUMNS = 8
# Pixels per batch: 64 images of 32 pixels, one of 224. A GPU needs larger batches, here 128 of 224; those that do not
# fit its memory are halved (`core.pgd.steps`).
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
    names, judged = judge.classes.names, [dict[str, Any]() for _ in targets]
    for when, images in (("before", before), ("after", after)):
        shares = class_probabilities(judge, images)
        for row, top, rank in zip(judged, shares.argmax(axis=1), ranks(shares, targets), strict=True):
            row |= {f"judge_top1_{when}": names[top], f"judge_rank_{when}": int(rank)}
    return judged


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
            source = computed_source(device_name(job.classifier.device), seconds=seconds)
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
