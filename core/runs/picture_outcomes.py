"""Stored outcomes of networks' drawings and filled holes, picture by picture, one file per network. No torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.data.profiles import cached_by_files, first_by_name, read_stored
from core.fourier.intervals import Interval, student
from core.runs.judgement import COLUMNS, THIRD, Judgement
from core.shared.files import ArchiveContent, ArchiveKind, Fact

JUDGEMENTS = ArchiveKind(
    name="file of judgements",
    maker="core.reproduce.profile",
    schema=1,
    required=("pictures", "energy"),
    facts=(
        Fact("classifier.name", "text"),
        Fact("judge.name", "text"),
        Fact("third.name", "text", optional=True),
        Fact("class_names", "list", 1),
        Fact("image_size", "whole number", 1),
        Fact("kinds", "list"),
        Fact("runs", "JSON object"),
        Fact("large_runs", "JSON object", optional=True),
    ),
)


@dataclass(frozen=True, eq=False)
class JudgedOutcomes(ArchiveContent):
    """Outcomes of one network for K kinds of results: drawings by start, or filled holes by penalty, by search.

    K is 0 for a network whose drawings of large pictures alone were judged.

    pictures: (K, C, N) float64, the numbers of `COLUMNS` and `THIRD` for up to N pictures, NaN where there are none.
    energy: (K, R) float64 of the change by radius, as shares without the mean colour's; NaN where not measured.
    metadata: classifier, judge and third (which may be None) with their weights, class_names, seed, image_size, hole,
    dataset, source; kinds: "name", "mode", "n" and "config" of each; runs: judgements of the network's stored runs by
    `fingerprint`; large_runs: an `Opinion` on each stored drawing of large pictures.
    """

    FILE = JUDGEMENTS

    pictures: np.ndarray
    energy: np.ndarray
    metadata: Mapping[str, Any]

    def __post_init__(self) -> None:
        kinds = self.metadata["kinds"]
        expected = (len(kinds), len(COLUMNS) + len(THIRD))
        if self.pictures.ndim != 3 or self.pictures.shape[:2] != expected or self.energy.shape[:1] != expected[:1]:
            raise ValueError(f"{len(kinds)} kinds do not fit {self.pictures.shape} numbers")
        if any(not 1 <= kind["n"] <= self.pictures.shape[2] for kind in kinds):
            raise ValueError("a kind has more pictures than there are numbers")

    def arrays(self) -> dict[str, np.ndarray]:
        return {"pictures": self.pictures, "energy": self.energy}

    def kinds(self) -> dict[str, PictureOutcomes]:
        """Return the outcomes by kind."""
        return {kind["name"]: self._painted(k, kind) for k, kind in enumerate(self.metadata["kinds"])}

    def _painted(self, k: int, kind: Mapping[str, Any]) -> PictureOutcomes:
        facts, energy = self.metadata, self.energy[k]
        columns = dict(zip((*COLUMNS, *THIRD), self.pictures[k, :, : kind["n"]], strict=True))
        is_judged = facts["third"] is not None and not np.isnan(columns[THIRD[0]]).any()
        return PictureOutcomes(
            facts["classifier"]["name"],
            facts["classifier"]["sha256"],
            facts["judge"]["name"],
            columns if is_judged else {name: columns[name] for name in COLUMNS},
            facts["third"]["name"] if is_judged else "",
            None if np.isnan(energy).any() else energy,
            {**facts, "kind": kind},
        )


@dataclass(frozen=True, eq=False)
class PictureOutcomes:
    """Outcomes of n pictures by one network; sha256: of its weights.

    pictures: (n,) float64 by name, as in `core.runs.judgement.COLUMNS`; NaN where undefined. Networks with equal
    `starts` have the same start in the same row. third: another judge, from another family, for the columns `THIRD`;
    empty if there is none, as for its own pictures. energy: (R,) of the change by radius, as shares without the mean
    colour's; None if not measured. facts: metadata of its file and kind.
    """

    classifier: str
    sha256: str
    judge: str
    pictures: Mapping[str, np.ndarray]
    third: str = ""
    energy: np.ndarray | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return len(self.pictures["loss_after"])

    @property
    def config(self) -> Mapping[str, Any]:
        """Settings of its runs."""
        return self.facts["kind"]["config"]

    @property
    def starts(self) -> str:
        """Key of its starts: equal texts mean equal starts, up to their number."""
        names: tuple[str, ...] = ("class_names", "seed", "image_size")
        if self.facts.get("kind", {}).get("mode") == "inpaint":
            names += ("hole",)
        data = {name: self.facts.get("dataset", {}).get(name) for name in ("name", "split")}
        return json.dumps([data if "hole" in names else None, *(self.facts.get(name) for name in names)])

    @property
    def own(self) -> int:
        """Number of results that the network itself calls their target."""
        return int(self.pictures["is_target"].sum())

    @property
    def judgement(self) -> Judgement:
        """Number of pictures that the second judge calls their target, before and after."""
        before, after = (int(self.pictures[f"judge_share_{when}"].sum()) for when in ("before", "after"))
        return Judgement(self.judge, self.n, before, after)

    @property
    def confidence(self) -> tuple[float, Interval]:
        """Mean probability of the target by the network, at the start and at the end."""
        before, after = np.exp(-self.pictures["loss_before"]), student(self.pictures["probability_after"])
        return float(before.mean()), Interval(after.value, after.low, min(after.high, 1.0))

    def mean(self, name: str) -> float:
        """Mean of one number over all pictures."""
        return float(self.pictures[name].mean())

    def first(self, count: int) -> PictureOutcomes:
        """Return the outcomes of the first `count` pictures."""
        return replace(self, pictures={name: values[:count] for name, values in self.pictures.items()})

    def sure_later(self) -> np.ndarray:
        """Return whether it became confident after the start, (n,) bool."""
        return self.pictures["sure_step"] > 0


@cached_by_files("judgements")
def judged_outcomes(paths: tuple[Path, ...]) -> dict[str, JudgedOutcomes]:
    """Load the stored outcomes, by classifier name."""
    files = read_stored(JudgedOutcomes.load, paths)
    return first_by_name((outcomes.metadata["classifier"]["name"], outcomes) for outcomes in files)


def picture_outcomes(kind: str) -> dict[str, PictureOutcomes]:
    """Return drawings from one kind of start, or holes filled by one penalty, by classifier; may be empty.

    Sorted by the number of pictures, the largest first, then by name.
    """
    painted = {name: outcomes.kinds().get(kind) for name, outcomes in judged_outcomes().items()}
    known = {name: results for name, results in painted.items() if results is not None}
    return dict(sorted(known.items(), key=lambda item: (-item[1].n, item[0])))


def stored_judgement(mark: str) -> Judgement | None:
    """Return the stored judgement of a run with a `fingerprint`, or None."""
    judgements = (outcomes.metadata["runs"].get(mark) for outcomes in judged_outcomes().values())
    return next((Judgement.from_json(content) for content in judgements if content is not None), None)


@dataclass(frozen=True)
class Opinion:
    """Opinion of a judge on each picture at the end of a run: its top-1 class, and the rank of the target, from 1."""

    judge: str
    says: tuple[str, ...]
    ranks: tuple[int, ...]


def stored_opinion(mark: str) -> Opinion | None:
    """Return the stored opinion on a run of large pictures with a `fingerprint`; None if there is none."""
    opinions = (outcomes.metadata.get("large_runs", {}).get(mark) for outcomes in judged_outcomes().values())
    return next((Opinion(**content) for content in opinions if content is not None), None)


def on_common_starts(results: Sequence[PictureOutcomes]) -> list[PictureOutcomes] | None:
    """Return results on common starts, equally many of each; None if the starts differ."""
    if len({painted.starts for painted in results}) > 1:
        return None
    return [painted.first(min(painted.n for painted in results)) for painted in results]
