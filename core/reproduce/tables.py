"""The inpainting and generation runs of section 2.2 over many images, kept batch by batch."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.cli import progress_bar
from core.data.provenance import classifier_facts, computed_source, dataset_facts
from core.device import device_name
from core.files import make_folder, npz_bytes, write_atomically, write_json
from core.images.masks import usual_side
from core.pgd.config import paper_generation, paper_inpainting
from core.reconstruct.batches import Job, generation_plans, inpainting_plans, run_batch, run_grid, usual_batch_size
from core.reconstruct.report import Reconstruction, judgement
from core.reproduce.machine import Data, Machine, name_of
from core.reproduce.plan import TablePart
from core.runs.judgement import Judgement

SHOWN = 4  # pictures in the figure
NOTHING: dict[str, Any] = {"rows": [], "seconds": 0.0, "source": {}}


@dataclass(frozen=True, eq=False)
class TableResult:
    """What a part's runs came to.

    settings: everything that the rows depend on. rows: an image each. picture: PNG of the first ones. seconds: of all
    runs so far. source: date and device of the last. note: how its images differ from the paper's, or empty.
    """

    part: TablePart
    settings: dict[str, Any]
    rows: tuple[Reconstruction, ...]
    picture: bytes
    seconds: float
    source: dict[str, Any]
    note: str

    @property
    def title(self) -> str:
        """The paper's figure, and whose runs these are."""
        return f"{self.part.figure}: {name_of(str(self.settings['classifier']['name']))}"

    @property
    def original(self) -> bool:
        """Whether its classifier is the one that the part is about."""
        return self.settings["classifier"]["name"] == self.part.classifier

    @property
    def became(self) -> int:
        """How many images become the target."""
        return sum(row.target_share for row in self.rows)

    @property
    def steps(self) -> int:
        """Steps of all images together, with the state before the first."""
        return len(self.rows) * (self.settings["config"]["steps"] + 1)

    @property
    def judged(self) -> Judgement | None:
        """How many of its pictures the second judge calls their target; None without one."""
        judge = self.settings["judge"]
        return None if judge is None else judgement(self.rows, judge["name"])

    def values(self, name: str) -> np.ndarray:
        """(n,) one field of the rows."""
        return np.array([getattr(row, name) for row in self.rows], dtype=np.float64)

    def median(self, name: str) -> float:
        """The median of one field of the rows."""
        return float(np.median(self.values(name)))


def run_table(part: TablePart, count: int, machine: Machine, folder: Path, *, batch_size: int | None) -> TableResult:
    """Run what the part's files in the folder lack; files of other settings are replaced."""
    job, data = _job(part, count, machine)
    batch_size = batch_size or usual_batch_size(job)
    make_folder(folder)
    file, pictures = folder / f"{part.key}.json", folder / f"{part.key}.npz"
    shown = _pictures(pictures)
    kept = _kept(file, job.settings) if shown else NOTHING
    rows, seconds, source = kept["rows"], kept["seconds"], kept["source"]
    todo = (job.count - len(rows)) * (job.config.steps + 1)
    with progress_bar(desc=part.key, total=todo, unit="img-step", unit_scale=True, disable=not todo) as bar:
        for first in range(len(rows), job.count, batch_size):
            start, indices = time.perf_counter(), range(first, min(first + batch_size, job.count))
            plan, step = job.make_plan(indices), _ticks(bar, len(indices))
            result = run_batch(job, plan, indices, step)
            rows = [*rows, *result.rows]
            seconds += time.perf_counter() - start
            source = computed_source(device_name(job.classifier))
            if first < SHOWN:
                # Rounded as in the file, so that a resumed run draws the same figure.
                shown = {
                    name: np.concatenate([*([shown[name][:first]] if first else []), array.astype(np.float16)])[:SHOWN]
                    for name, array in result.pictures.items()
                }
                write_atomically(pictures, npz_bytes(**shown))
            content = {"settings": job.settings, "rows": [asdict(row) for row in rows]}
            write_json(file, {**content, "seconds": seconds, "source": source})
    whole = {name: array.astype(np.float32) for name, array in shown.items()}
    picture = run_grid(whole, rows, hole=part.mode == "inpaint")
    return TableResult(part, job.settings, tuple(rows), picture, seconds, source, data.note)


def _ticks(bar: Any, images: int) -> Callable[[], None]:
    return lambda: bar.update(images)


def _job(part: TablePart, count: int, machine: Machine) -> tuple[Job, Data]:
    inpaint, seed = part.mode == "inpaint", machine.seed
    # Without bundled statistics the noise needs all images of a class, however few are drawn.
    limit = count if inpaint or part.dataset == "cifar10" else None
    data = machine.data(part.dataset, limit, part.samples)
    dataset = data.dataset
    side = usual_side(dataset.image_size)
    if inpaint:
        config, penalty = paper_inpainting(dataset.image_size, side), part.penalty
        make_plan = inpainting_plans(dataset, config, side=side, target=None, fill="region", seed=seed, penalty=penalty)
        count = min(count, len(dataset))
    else:
        config = paper_generation(dataset.image_size)
        make_plan = generation_plans(dataset, config, target=None, start=part.start, seed=seed)
    classifier = machine.classifier(part.classifier, dataset.classes)
    judge = machine.judge(part.classifier, dataset.classes)
    settings = {
        "mode": part.mode,
        "config": config.to_json(),
        "penalty": part.penalty if inpaint else None,
        "hole": side if inpaint else None,
        "start": None if inpaint else part.start,
        "seed": seed,
        "image_size": dataset.image_size,
        "count": count,
        "classifier": {**classifier_facts(classifier), "template": classifier.template},
        "judge": None if judge is None else classifier_facts(judge),
        "dataset": dataset_facts(dataset),
    }
    return Job(classifier, config, count, make_plan, "last", settings, judge=judge), data


def _kept(file: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """The rows that were finished with these settings; none where the file is not there, damaged or of others."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["settings"] == settings:
            return {**content, "rows": [Reconstruction(**row) for row in content["rows"]]}
    return NOTHING


def _pictures(file: Path) -> dict[str, np.ndarray]:
    with suppress(OSError, ValueError, KeyError), np.load(file, allow_pickle=False) as content:
        return {name: content[name] for name in ("original", "start", "result")}
    return {}
