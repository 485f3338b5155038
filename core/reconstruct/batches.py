"""The work behind `python -m core.reconstruct`: batches of images, runs of PGD over them, files after each batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.classifiers.text import find_class
from core.data.class_statistics import (
    STATISTICS,
    ClassStatistics,
    DatasetStatistics,
    class_statistics,
    natural_statistics,
)
from core.files import write_atomically
from core.images.masks import Fill, fill_hole, random_square_mask, square_side
from core.pgd.config import PGDConfig
from core.progress import progress_bar
from core.reconstruct.grid import picture_grid
from core.reconstruct.report import Reconstruction, measure_change, summarise, to_csv, to_json
from core.runs.noise import noise_images

if TYPE_CHECKING:
    from core.classifiers.base import Classifier
    from core.data.datasets import ImageDataset
    from core.pgd.objectives import Penalty
    from core.runs.file import PGDRun

GRID_COLUMNS = 8


@dataclass(frozen=True, eq=False)
class Batch:
    """Images to be worked on together, B of them, float32 in [0, 1].

    indices: place of each in the run. labels: true class indices, -1 where there is none.
    targets: class indices of the classifier. originals: what the results are compared with. starts: where PGD starts.
    holes: (B, 1, H, W) bool; all True for generation.
    """

    indices: Sequence[int]
    labels: Sequence[int]
    targets: Sequence[int]
    originals: np.ndarray
    starts: np.ndarray
    holes: np.ndarray


@dataclass(frozen=True, eq=False)
class Job:
    """A whole run: `count` images in batches made by `make_batch`, one after the other.

    keep: whether the result is the "last" state or the one of the "best" loss. settings: written beside the results.
    seed_sources: where the seeds drawn so far came from. save_run: also keep the first batch as a run to be replayed.
    """

    mode: str
    classifier: Classifier
    config: PGDConfig
    weight: float
    penalty: Penalty
    keep: str
    count: int
    make_batch: Callable[[Sequence[int]], Batch]
    settings: dict[str, Any]
    seed_sources: Callable[[], dict[str, str]] = dict
    save_run: bool = False


def inpainting_batch(
    dataset: ImageDataset, indices: Sequence[int], *, target: int | None, fill: Fill, seed: int
) -> Batch:
    """Images of the data set with a square hole each, at a place that depends on the seed and the image's index."""
    size = dataset.image_size
    originals = dataset.images[list(indices)].astype(np.float32) / np.float32(255)
    generators = [np.random.default_rng([seed, index]) for index in indices]
    side = square_side(size)
    holes = np.stack([random_square_mask(side, height=size, width=size, generator=one) for one in generators])
    labels = [int(dataset.labels[index]) for index in indices]
    targets = labels if target is None else [target] * len(labels)
    return Batch(indices, labels, targets, originals, fill_hole(originals, holes, fill), holes)


def generation_batch(
    statistics: Callable[[str], ClassStatistics],
    names: Sequence[str],
    indices: Sequence[int],
    *,
    classes: Sequence[int],
    seed: int,
) -> Batch:
    """A seed image of each class in turn, drawn by a generator that depends on the seed and the image's index."""
    targets = [classes[index % len(classes)] for index in indices]
    starts = np.concatenate(
        [
            noise_images(statistics(names[target]), 1, generator=np.random.default_rng([seed, index]))
            for index, target in zip(indices, targets, strict=True)
        ]
    )
    holes = np.ones((len(starts), 1, *starts.shape[2:]), dtype=bool)
    return Batch(indices, [-1] * len(targets), targets, starts, starts, holes)


@dataclass(frozen=True, eq=False)
class BatchResult:
    """The rows of the report, the (B, 3, H, W) results and, where it was asked for, the whole run."""

    rows: list[Reconstruction]
    images: np.ndarray
    run: PGDRun | None


def run_batch(job: Job, batch: Batch, progress: Callable[[], None], *, record: bool = False) -> BatchResult:
    """Run PGD over one batch; `progress` is called after every state."""
    import torch

    from core.pgd.objectives import Generation, Inpainting
    from core.pgd.steps import pgd_steps
    from core.runs.record import RunRecorder

    device = job.classifier.device
    targets = torch.tensor(batch.targets)
    objective: Generation | Inpainting = Generation(targets)
    if job.mode == "inpaint":
        objective = Inpainting(targets, torch.from_numpy(batch.holes), weight=job.weight, penalty=job.penalty)
    starts = torch.from_numpy(batch.starts).to(device)
    recorder = RunRecorder(starts, job.config) if record else None
    first = last = None
    kept: dict[str, Any] = {}
    for state in pgd_steps(job.classifier, objective, starts, job.config):
        first, last = first or state, state
        # The logits of the best image are not in the state, so they are picked up when it comes by.
        better = state.loss <= state.best_loss if job.keep == "best" else torch.ones_like(state.loss, dtype=torch.bool)
        for name, new in (("cross_entropy", state.loss_terms["cross_entropy"]), ("logits", state.logits)):
            chosen = better if new.ndim == 1 else better[:, None]
            kept[name] = torch.where(chosen, new, kept[name]) if name in kept else new
        if recorder is not None:
            recorder.add(state)
        progress()
    assert first is not None and last is not None
    results = (last.best_images if job.keep == "best" else last.images).cpu().numpy()
    after = (last.best_loss if job.keep == "best" else last.loss).tolist()
    names = job.classifier.classes.names
    rows = []
    for row, index in enumerate(batch.indices):
        target = batch.targets[row]
        top1_before, top1_after = int(first.logits[row].argmax()), int(kept["logits"][row].argmax())
        change = measure_change(batch.originals[row], batch.starts[row], results[row], batch.holes[row])
        rows.append(
            Reconstruction(
                index=index,
                label=names[batch.labels[row]] if batch.labels[row] >= 0 else "",
                target=names[target],
                top1_before=names[top1_before],
                top1_after=names[top1_after],
                loss_before=float(first.loss[row]),
                loss_after=after[row],
                cross_entropy_before=float(first.loss_terms["cross_entropy"][row]),
                cross_entropy_after=float(kept["cross_entropy"][row]),
                probability_before=float(first.target_probability[row]),
                probability_after=float(torch.exp(-kept["cross_entropy"][row])),
                target_share=int(top1_after == target),
                **vars(change),
            )
        )
    run = None
    if recorder is not None:
        run = recorder.finish(
            job.classifier,
            objective,
            seed=job.settings["seed"],
            images={**job.settings["dataset"], "labels": [row.label for row in rows], "seeds": job.seed_sources()},
            device=job.settings["source"]["device"],
            original=np.rint(batch.originals * 255).astype(np.uint8) if job.mode == "inpaint" else None,
        )
    return BatchResult(rows, results, run)


def run_job(job: Job, output: Path, batch_size: int) -> dict[str, Any]:
    """Work through a job, writing the four files after every batch; returns the summary."""
    output.mkdir(parents=True, exist_ok=True)
    rows: list[Reconstruction] = []
    shown: list[tuple[Batch, np.ndarray]] = []
    summary: dict[str, Any] = {}
    batches = [range(first, min(first + batch_size, job.count)) for first in range(0, job.count, batch_size)]
    states = job.config.steps + 1
    with progress_bar(total=job.count * states, unit="img-step", unit_scale=True) as bar:
        for indices in batches:
            size = len(indices)
            batch = job.make_batch(indices)
            record = job.save_run and indices[0] == 0
            result = run_batch(job, batch, lambda size=size: bar.update(size), record=record)  # type: ignore[misc]
            rows += result.rows
            if result.run is not None:
                result.run.save(output / "run.npz")
            summary = summarise(rows)
            bar.set_postfix(loss=f"{summary['loss_after']['mean']:.3g}", done=len(rows))
            if sum(len(earlier.indices) for earlier, _ in shown) < GRID_COLUMNS:
                shown.append((batch, result.images))
                write_atomically(output / "grid.png", _grid(job, shown, rows))
            write_atomically(output / "settings.json", to_json({**job.settings, "seeds": job.seed_sources()}))
            write_atomically(output / "images.csv", to_csv(rows))
            write_atomically(output / "summary.json", to_json(summary))
    return summary


def _grid(job: Job, shown: Sequence[tuple[Batch, np.ndarray]], rows: Sequence[Reconstruction]) -> bytes:
    """The first images: original, corrupted, result and ten times the change; or seed, result and change."""
    starts, results, originals = (
        np.concatenate(parts)[:GRID_COLUMNS]
        for parts in (
            [batch.starts for batch, _ in shown],
            [after for _, after in shown],
            [batch.originals for batch, _ in shown],
        )
    )
    change = 0.5 + 10 * (results - starts)
    lines = [("original", originals)] if job.mode == "inpaint" else []
    lines += [("corrupted" if job.mode == "inpaint" else "seed", starts), ("result", results), ("change x 10", change)]
    captions = [
        f"{row.target[:16]}\n{row.probability_before:.1%} > {row.probability_after:.1%}" for row in rows[: len(starts)]
    ]
    return picture_grid(lines, captions)


class SeedStatistics:
    """Pixel statistics of the classes to be drawn, each found once.

    The bundled ones where there are some for this class set, else those of the data set's own images of the class,
    else (fewer than 8 images say little about a spread) those of natural images in general.
    """

    FEWEST_IMAGES = 8

    def __init__(self, dataset: ImageDataset) -> None:
        self._dataset = dataset
        self._known: dict[str, ClassStatistics] = {}
        file = STATISTICS / f"{dataset.classes.name}.npz"
        self._bundled = DatasetStatistics.load(file) if file.is_file() else None

    def __call__(self, name: str) -> ClassStatistics:
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    def sources(self) -> dict[str, str]:
        """Where the statistics used so far came from, by class name."""
        return {name: statistics.source for name, statistics in self._known.items()}

    def _find(self, name: str) -> ClassStatistics:
        size = self._dataset.image_size
        if self._bundled is not None and name in self._bundled.class_names:
            return self._bundled.of_class(name).resized(size)
        label = find_class(name, self._dataset.classes)
        members = np.flatnonzero(self._dataset.labels == (-1 if label is None else label))
        if len(members) < self.FEWEST_IMAGES:
            return natural_statistics(size)
        source = f"{len(members)} {self._dataset.split} images of class {name!r}, {self._dataset.name}"
        return class_statistics(self._dataset.images[members], source)
