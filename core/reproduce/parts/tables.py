"""Inpainting and generation runs of section 2.2 over many images, compared with the paper's or with stored ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.fourier.intervals import FEWEST, Interval, median_interval, student
from core.reconstruct.batches import read_job, run_job
from core.reconstruct.job import make_job
from core.reconstruct.report import Reconstruction, judgement
from core.reproduce.parts.agreement import Match
from core.reproduce.parts.machine import Machine, PartResult
from core.reproduce.parts.plan import TablePart
from core.runs.judgement import Judgement
from core.runs.picture_outcomes import picture_outcomes

SHOWN = 4  # pictures in the figure
# The paper gives single numbers without images or spread, so only magnitudes of losses can agree.
FACTORS = {"loss_before": 2, "loss_after": 10}
PICTURES = 2  # tolerance of stored counts: rounding on another machine may change a picture


@dataclass(frozen=True)
class StoredCounts:
    """Stored counts of drawings from the same starts.

    own: recognised by the model itself. judge, judged: the judge, and the number it recognised.
    """

    n: int
    own: int
    judge: str
    judge_sha256: str
    judged: int


@dataclass(frozen=True, eq=False)
class TableResult(PartResult):
    """Result of a part's runs.

    settings: everything that determines the rows. rows: one per image. picture: PNG of the first ones. source: date and
    device of the last run, and seconds of all so far.
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
    def target_count(self) -> int:
        """Number of images that became the target."""
        return sum(row.is_target for row in self.rows)

    @property
    def steps(self) -> int:
        """Total steps of all images, including the initial state."""
        return len(self.rows) * (self.settings["config"]["steps"] + 1)

    @property
    def judged(self) -> Judgement | None:
        """Judgement by the second judge; None without one."""
        judge = self.settings["judge"]
        return None if judge is None else judgement(self.rows, judge["name"])

    def values(self, name: str) -> np.ndarray:
        """Return one field of the rows, (n,)."""
        return np.array([getattr(row, name) for row in self.rows], dtype=np.float64)

    def median(self, name: str) -> float:
        """Return the median of one field of the rows."""
        return float(np.median(self.values(name)))

    @property
    def stored(self) -> StoredCounts | None:
        """Stored counts for this network, kind of start and number of pictures; None if there are none."""
        settings, n = self.settings, len(self.rows)
        painted = picture_outcomes(settings["start"]).get(settings["classifier"]["name"])
        if painted is None or settings["mode"] != "generate" or painted.sha256 != settings["classifier"]["sha256"]:
            return None
        if (painted.facts["seed"], painted.config) != (settings["seed"], settings["config"]) or painted.n < n:
            return None
        painted, judge = painted.first(n), painted.facts["judge"]
        return StoredCounts(painted.n, painted.own, judge["name"], judge["sha256"], painted.judgement.after)

    @property
    def repaired(self) -> tuple[int, int]:
        """Holes that changed the prediction: (number repaired, number of all)."""
        wrong = [row for row in self.rows if row.label and row.top1_before != row.label]
        return sum(row.top1_after == row.label for row in wrong), len(wrong)

    @property
    def match(self) -> Match:
        """Verdict: whether the runs agree with the paper, or with a bundled model's stored counts."""
        stored = self.stored
        if self.part.published is not None and self.original and not self.note:
            pairs = self._against(self.part.published)
            if all(1 / factor <= ratio.low and ratio.high <= factor for ratio, factor in pairs):
                return Match.AGREES
            outside = any(ratio.high < 1 / factor or ratio.low > factor for ratio, factor in pairs)
            return Match.DIFFERS if outside else Match.UNDECIDED
        if stored is None:
            return Match.NOT_COMPARED
        counts = [(self.target_count, stored.own)]
        if (judged := self.judged) is not None and self.settings["judge"]["sha256"] == stored.judge_sha256:
            counts.append((judged.after, stored.judged))
        return Match.AGREES if all(abs(here - there) <= PICTURES for here, there in counts) else Match.DIFFERS

    @property
    def images_needed(self) -> int | None:
        """Estimated number of images needed to decide whether the losses agree; None if decided.

        Assumes that intervals shrink with the square root of their number, up to the nearest bound of agreement.
        """
        if self.match != Match.UNDECIDED or self.part.published is None:
            return None
        n, needed = len(self.rows), float(FEWEST)
        for ratio, factor in self._against(self.part.published) if n >= FEWEST else ():
            value, low, high = (math.log(max(end, 1e-30)) for end in ratio)
            to_bound = min(abs(value - math.log(factor)), abs(value + math.log(factor)))
            needed = max(needed, n * (max(high - value, value - low) / max(to_bound, 1e-3)) ** 2)
        return math.ceil(needed)

    def _against(self, published: tuple[float, float]) -> list[tuple[Interval, int]]:
        """Return median losses before and after, relative to the published ones, and the allowed factors."""
        return [
            (median_interval(self.values(name) / there), factor)
            for (name, factor), there in zip(FACTORS.items(), published, strict=True)
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as a JSON object."""
        means = {name: student(self.values(name)) for name in FACTORS}
        stored, judged, objective = self.stored, self.judged, self.settings["objective"]
        fixed, wrong = self.repaired
        return {
            **super().to_json(),
            "match": self.match,
            "settings": {**self.settings, "penalty": objective.get("penalty"), "hole": objective.get("side")},
            "n": len(self.rows),
            "n_needed": self.images_needed,
            **{
                name: {"mean": mean.value, "interval": mean.ends, "median": self.median(name)}
                for name, mean in means.items()
            },
            "published": self.part.published,
            "become_target": self.target_count,
            "judge": None if judged is None else judged.to_json(),
            "stored": None if stored is None else vars(stored),
            "wrong_before": wrong,
            "wrong_before_right_after": fixed,
            "mean_change_in_hole": float(self.values("change_inside").mean()),
            "time": self.source,
        }


def run_table(part: TablePart, count: int, machine: Machine) -> TableResult:
    """Run what is missing in the part's folder and read the rest; replace rows of other settings."""
    # Without bundled statistics the noise needs all images of a class.
    limit = count if part.kind.mode == "inpaint" or part.dataset == "cifar10" else None
    network, folder = machine.network(part), machine.output / "tables" / part.key
    data = network.images(limit)
    classifier, judge = network.classifier(data.classes), machine.judge(network.name, data.classes)
    job = make_job(part.kind.job(data.image_size, count, machine.seed), classifier, data, judge)
    run_job(job, folder, machine.batch_size, columns=SHOWN, name=part.key)
    settings, rows, picture = read_job(folder)
    source = settings.pop("source")
    return TableResult(part, settings, tuple(rows), picture, source, machine.missing_data(part.dataset))
