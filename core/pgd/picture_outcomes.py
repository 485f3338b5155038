"""The table of pictures drawn and filled, one row each, and their judges: other networks and visitors.

`core.pgd`, profiles and `precomputed.makers.recognition` alike write it. Functions alone import torch.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from core.classifiers.text import choose_targets
from core.data.holes import hole_alone
from core.data.sample_sets import PRECOMPUTED
from core.data.stored import cached_by_files, first_by_name, read_stored, stored_files
from core.pgd.methods import COMPARED, MethodName
from core.pgd.record import PGDRun
from core.pgd.settings import Task
from core.pgd.views import MIN_CROP_SIZE
from core.shared.device import class_probabilities
from core.shared.files import ArchiveContent, ArchiveFormat
from core.shared.numbers import Interval, wilson
from core.shared.roles import preference

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier

# Numbers of the pictures of `core.pgd` and profiles, besides the judges' ranks.
NUMBERS = (
    "loss_before",
    "loss_after",
    "probability_after",
    "was_target",
    "is_target",
    "change_inside",
    "change_outside",
    "sure_step",
    "sure_change",
)
BEFORE, AFTER = "start", "result"  # what a judge sees: `hole_alone` and the original are others
FILE, SMOOTH = "file", "smooth"  # a drawing as the lossy file that is shown, and after a Gaussian of 1 pixel
LARGE_SIZE = 224  # pixels, of the pictures of `stored_outcomes`
STORED = PRECOMPUTED / "views.npz"
PREFIXES: dict[Task, str] = {"generation": "draw", "inpainting": "hole"}  # of the kinds of `stored_outcomes`

# A kind of results: its entry in the metadata (but for "n"), and (n,) numbers by column.
KindRows = tuple[dict[str, Any], Mapping[str, Any]]


def rank_column(judge: int, seen: str = AFTER) -> str:
    """Return the column with the target's rank among a judge's predictions for what it sees: 1 is its top-1.

    inf if the file records only that it is not top-1; NaN if the judge did not see the image.
    """
    return f"{seen}_rank_{judge}"


@dataclass(frozen=True, eq=False)
class JudgedOutcomes(ArchiveContent):
    """The table of one network's pictures: a row each, in the order of K kinds of results.

    A kind is drawings by start, or filled holes by penalty, by method. K is 0 for a network with only large
    drawings judged.

    numbers: (rows, C) float64, one column per name in "columns", NaN where there is no number.
    metadata: classifier and judges, the main one first, with their weights; columns; kinds: "name", "n", "config", and
    where known "task" and "pictures", their names, and from `core.pgd` what else determines them; class_names, seed,
    image_size, hole_size, dataset, source; runs: the `Judgement` of each of the network's stored runs, by
    `fingerprint`.
    """

    FILE = ArchiveFormat(
        name="table of pictures",
        maker="core.reproduce.profile",
        schema=2,
        required=("numbers",),
    )

    numbers: np.ndarray
    metadata: Mapping[str, Any]

    @classmethod
    def of(cls, kinds: Sequence[KindRows], **facts: Any) -> JudgedOutcomes:
        """Return the table of these kinds, with further metadata."""
        columns = list(dict.fromkeys(name for _, numbers in kinds for name in numbers))
        rows = [
            np.transpose([numbers.get(name, np.full(len(next(iter(numbers.values()))), np.nan)) for name in columns])
            for _, numbers in kinds
        ]
        entries = [{**entry, "n": len(part)} for (entry, _), part in zip(kinds, rows, strict=True)]
        return cls(
            np.concatenate([np.zeros((0, len(columns))), *rows]),
            {**facts, "columns": columns, "kinds": entries},
        )

    def arrays(self) -> dict[str, np.ndarray]:
        return {"numbers": self.numbers}

    @property
    def painter(self) -> str:
        """Name of the network."""
        return self.metadata["classifier"]["name"]

    @property
    def judges(self) -> tuple[str, ...]:
        """Names of the judges, the main one first."""
        return tuple(judge["name"] for judge in self.metadata["judges"])

    def kinds(self) -> dict[str, PictureOutcomes]:
        """Return the rows of each kind, without the columns that it lacks."""
        result = {}
        for name, (kind, columns) in self.parts().items():
            known = {column: values for column, values in columns.items() if not np.isnan(values).all()}
            result[name] = PictureOutcomes(
                classifier=self.painter,
                judges=tuple(name for k, name in enumerate(self.judges) if rank_column(k) in known),
                pictures={column: columns[column] for column in NUMBERS if column in columns} | known,
                facts={**self.metadata, "kind": kind},
            )
        return result

    def parts(self) -> dict[str, KindRows]:
        """Return each kind as `of` takes it."""
        names, columns = [kind["name"] for kind in self.metadata["kinds"]], self.metadata["columns"]
        ends = np.cumsum([kind["n"] for kind in self.metadata["kinds"]])
        parts = [
            dict(zip(columns, self.numbers[slice(*span)].T, strict=True)) for span in itertools.pairwise([0, *ends])
        ]
        return dict(zip(names, zip(self.metadata["kinds"], parts, strict=True), strict=True))

    def pair(self, task: Task) -> tuple[PictureOutcomes, PictureOutcomes]:
        """Return the pictures made by both methods in `COMPARED`, the paper's first."""
        kinds, prefix = self.kinds(), PREFIXES[task]
        papers, views = (kinds[f"{prefix}-{method}"] for method in COMPARED)
        common = [name for name in views.names if name in set(papers.names)]
        return papers.subset(common), views.subset(common)


@dataclass(frozen=True, eq=False)
class PictureOutcomes:
    """Rows of one kind of results: n pictures by one network.

    pictures: (n,) float64 by column, NaN where undefined. Networks with equal `starts` have the same start in the same
    row. judges: other networks, the second of another family. facts: metadata of its file and "kind".
    """

    classifier: str
    judges: tuple[str, ...]
    pictures: Mapping[str, np.ndarray]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return len(next(iter(self.pictures.values())))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the pictures, if they have any."""
        return tuple(self.facts["kind"]["pictures"])

    @property
    def config(self) -> Mapping[str, Any]:
        """Settings of its runs."""
        return self.facts["kind"]["config"]

    @property
    def starts(self) -> str:
        """Key of its starts: equal texts mean equal starts, up to their number."""
        names: tuple[str, ...] = ("class_names", "seed", "image_size")
        if self.facts.get("kind", {}).get("task") == "inpainting":
            names += ("hole_size",)
        data = {name: self.facts.get("dataset", {}).get(name) for name in ("name", "split")}
        return json.dumps([data if "hole_size" in names else None, *(self.facts.get(name) for name in names)])

    def recognised(self, judge: int = 0, *, seen: str = AFTER) -> np.ndarray:
        """Return 1.0 if the judge's top-1 prediction for what it sees is the target, else 0, (n,)."""
        return (self.pictures[rank_column(judge, seen)] <= 1).astype(np.float64)

    def recognised_in_one_try(self) -> tuple[int, int]:
        """Return how many drawn words or holes the first judge recognises in at least one try, and of how many."""
        tries = self.facts["kind"].get("tries", 1)
        best = self.recognised()[: self.n - self.n % tries].reshape(-1, tries).max(axis=1)
        return int(best.sum()), len(best)

    @property
    def judgement(self) -> Judgement:
        """Number of pictures that the first judge calls their target, at the start and at the end."""
        before, after = (int(self.recognised(seen=seen).sum()) for seen in (BEFORE, AFTER))
        return Judgement(self.judges[0], self.n, before, after)

    def at(self, chosen: Any) -> PictureOutcomes:
        """Return the outcomes of some rows, in this order: a slice, or an array of indices."""
        kind = self.facts.get("kind", {})
        if "pictures" in kind:
            kind = {**kind, "pictures": np.array(kind["pictures"])[chosen].tolist()}
        pictures = {name: values[chosen] for name, values in self.pictures.items()}
        return replace(self, pictures=pictures, facts={**self.facts, "kind": kind})

    def subset(self, names: Sequence[str]) -> PictureOutcomes:
        """Return the outcomes on these pictures, in this order."""
        return self.at(np.array([self.names.index(name) for name in names], dtype=int))


@cached_by_files("judgements")
def judged_outcomes() -> dict[str, JudgedOutcomes]:
    """Load the stored outcomes that a second network judged, by classifier name."""
    files = read_stored(JudgedOutcomes.load, stored_files("judgements"))
    return first_by_name((outcomes.painter, outcomes) for outcomes in files if outcomes.judges)


def picture_outcomes(kind: str) -> dict[str, PictureOutcomes]:
    """Return drawings from one kind of start, or holes filled by one penalty, by classifier; may be empty.

    Sorted by the number of pictures, the largest first, then by name.
    """
    painted = {name: outcomes.kinds().get(kind) for name, outcomes in judged_outcomes().items()}
    known = {name: results for name, results in painted.items() if results is not None}
    return dict(sorted(known.items(), key=lambda item: (-item[1].n, item[0])))


def stored_judgement(mark: str) -> Judgement | None:
    """Return the stored judgement of a run with a `fingerprint`, or None."""
    files = [*judged_outcomes().values(), stored_outcomes()]
    judgements = (outcomes.metadata.get("runs", {}).get(mark) for outcomes in files)
    return next((Judgement.from_json(content) for content in judgements if content is not None), None)


def on_common_starts(results: Sequence[PictureOutcomes]) -> list[PictureOutcomes] | None:
    """Return results on common starts, equally many of each; None if the starts differ."""
    if len({painted.starts for painted in results}) > 1:
        return None
    return [painted.at(slice(min(painted.n for painted in results))) for painted in results]


@cache
def stored_outcomes() -> JudgedOutcomes:
    """Load the pictures of `precomputed.makers.recognition`.

    kinds: "draw-paper", "sketch-views", "photo-views", "hole-views" and so on for each method; "draw-paper40" and so on
    in the paper's steps and ball; "draw-quick"; "photographs".
    columns: is_target, probability_after, perturbation_norm, target, radius (mean, of the change, in cycles per image),
    low (fraction of its energy within radius 8), clipped (fraction of values at 0 or 1), seconds (CPU, one thread); of
    holes their left and top edge. Judges see the result, 8 bits and lossless; of drawings also `FILE` and `SMOOTH`; of
    sketches, photos and holes also the start; and of holes the square around the hole alone (`hole_alone`): "alone",
    "alone_start" and "alone_original".
    """
    return JudgedOutcomes.load(STORED)


@dataclass(frozen=True)
class Judgement:
    """Predictions of a judge, a classifier's name, for pictures.

    n: number of pictures with targets that it knows. before, after: how many of their starts and of their results it
    calls their target; before is None if it did not see the starts. says, ranks: for each result its top-1 class, and
    the rank of the target among its predictions, from 1, or 0 for one that it does not know; empty if not stored.
    shares: the probability of its top-1 class; empty if not stored. hole_alone: whether it saw the holes alone.
    """

    judge: str
    n: int
    before: int | None
    after: int
    says: tuple[str, ...] = ()
    ranks: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()
    hole_alone: bool = False

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Judgement:
        """Read an object of `to_json`."""
        known = {entry.name for entry in fields(cls)}
        facts: dict[str, Any] = {name: value for name, value in content.items() if name in known}
        lists = {name: tuple(value) for name, value in facts.items() if isinstance(value, list)}
        return cls(**{"before": None, **facts, **lists})

    def of(self, row: int) -> Judgement:
        """Return what it says of one result; there are `says` and `ranks`."""
        rank = self.ranks[row]
        single = {
            name: values[row : row + 1] for name in ("says", "ranks", "shares") if (values := getattr(self, name))
        }
        return replace(self, n=int(rank > 0), before=None, after=int(rank == 1), **single)

    def fraction(self, count: int) -> Interval:
        """Return a count as a fraction of n, with Wilson's 95% interval."""
        return wilson(count / self.n, self.n).item()

    def to_json(self) -> dict[str, Any]:
        """Return what is known, with the intervals of the counts."""
        counts = {when: count for when in ("before", "after") if (count := getattr(self, when)) is not None}
        intervals = {f"{when}_interval": list(self.fraction(count)[1:]) for when, count in counts.items()}
        known = asdict(self) | intervals
        return {
            name: value for name, value in known.items() if value is not None and value is not False and value != ()
        }


def comparison_kind(kind: str, method: MethodName) -> str:
    """Return the name of a kind of results, by start or penalty, in comparisons of methods.

    All methods then use the steps and the ball of "views".
    """
    return f"{kind}, {method}"


def choose_judge(drawn_by: str, ready: Sequence[str]) -> str | None:
    """Choose the judge of drawings by `drawn_by` among ready classifiers: never itself; its twin as a last resort.

    A robust twin (NAME-robust) was fine-tuned from the other one.
    """

    def rank(name: str) -> tuple[bool, int]:
        twin = name.removesuffix("-robust") == drawn_by.removesuffix("-robust")
        return twin, preference("judge", name)

    return min((name for name in ready if name != drawn_by), key=rank, default=None)


def ranks(shares: np.ndarray, targets: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the rank of each target by (B, K) class probabilities, (B,) int64; 1 for the top-1 prediction."""
    return 1 + (shares > shares[np.arange(len(shares)), list(targets)][:, None]).sum(axis=1)


def judge_run(run: PGDRun, judge: Classifier) -> Judgement | None:
    """Judge a run's start and its last frame, rounded to 8 bits; None if the judge knows none of the targets.

    Of a large picture with a hole it sees the square around the hole alone (`hole_alone`). Its classes are the first
    ones of the run's; targets beyond them are words, which it takes as the run's network did, or free texts.
    """
    names, targets = run.metadata["class_names"], np.array(run.metadata["targets"])
    if names[: len(judge.classes)] != list(judge.classes.names):
        with suppress(ValueError):  # a text that it does not know
            judge, _ = choose_targets(judge, [name for name in names if name not in {*judge.classes.names}])
    known = targets < len(judge.classes)
    if not known.any() or names[: len(judge.classes)] != list(judge.classes.names):
        return None
    seen = [run.start, run.frames[-1].astype(np.float32) / np.float32(255)]
    alone = False
    if run.mask is not None and run.start.shape[-1] >= MIN_CROP_SIZE:
        alone = True
        masks = np.broadcast_to(run.mask, (len(run.start), *run.mask.shape[1:]))
        before, after = (np.concatenate([class_probabilities(judge, hole_alone(image, mask)[None])
                                         for image, mask in zip(images, masks, strict=True)])
                         for images in seen)  # fmt: skip
    else:
        before, after = (class_probabilities(judge, images) for images in seen)
    first, last = (np.where(known, ranks(shares, np.where(known, targets, 0)), 0) for shares in (before, after))
    return Judgement(
        judge.name,
        n=int(known.sum()),
        before=int((first == 1).sum()),
        after=int((last == 1).sum()),
        says=tuple(judge.classes.names[top] for top in after.argmax(axis=1)),
        ranks=tuple(last.tolist()),
        shares=tuple(round(top, 4) for top in after.max(axis=1).tolist()),
        hole_alone=alone,
    )


def fingerprint(run: PGDRun) -> str:
    """Return the SHA-256 of what a judgement depends on: the pictures and their targets."""
    digest = hashlib.sha256(run.frames[-1].tobytes())
    digest.update(run.start.tobytes())
    digest.update(json.dumps([run.metadata["targets"], run.metadata["class_names"]]).encode())
    return digest.hexdigest()
