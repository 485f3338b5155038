"""The inpainting and generation runs of section 2.2 over many images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.reconstruct.batches import read_job, run_job
from core.reconstruct.job import JobConfig, make_job
from core.reconstruct.report import Reconstruction, judgement
from core.reproduce.machine import Machine, PartResult
from core.reproduce.plan import TablePart
from core.runs.judgement import Judgement

SHOWN = 4  # pictures in the figure


@dataclass(frozen=True, eq=False)
class TableResult(PartResult):
    """What a part's runs came to.

    settings: everything that the rows depend on. rows: an image each. picture: PNG of the first ones. source: date and
    device of the last, and seconds of all so far.
    """

    part: TablePart
    settings: dict[str, Any]
    rows: tuple[Reconstruction, ...]
    picture: bytes
    source: dict[str, Any]
    note: str

    @property
    def facts(self) -> dict[str, Any]:
        return self.settings

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
    """Run what the part's folder lacks, and read what it holds; rows of other settings are replaced."""
    # Without bundled statistics the noise needs all images of a class, however few are drawn.
    limit = count if part.mode == "inpaint" or part.dataset == "cifar10" else None
    data = machine.data(part.dataset, limit, part.samples)
    classes = data.dataset.classes
    classifier, judge = machine.classifier(part.classifier, classes), machine.judge(part.classifier, classes)
    wanted = JobConfig(mode=part.mode, count=count, seed=machine.seed, penalty=part.penalty, start=part.start)
    run_job(
        make_job(wanted, classifier, data.dataset, judge), folder / part.key, batch_size, columns=SHOWN, name=part.key
    )
    settings, rows, picture = read_job(folder / part.key)
    source = settings.pop("source")
    return TableResult(part, settings, tuple(rows), picture, source, data.note)
