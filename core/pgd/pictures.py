"""Pictures drawn and filled, judged by other networks and by visitors. Does not import torch by itself."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.painted import fill_hole, square_mask
from core.data.sample_sets import PRECOMPUTED
from core.data.stored import cached_by_files, first_by_name, read_stored
from core.pgd.run import PGDRun
from core.pgd.search import COMPARED, Search
from core.shared.device import class_probabilities
from core.shared.files import ArchiveContent, ArchiveKind, Fact
from core.shared.numbers import Interval, student, wilson
from core.shared.roles import preference

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier


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

    pictures: (n,) float64 by name, as in `core.pgd.pictures.COLUMNS`; NaN where undefined. Networks with equal
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


# Stored fields of each picture's `core.pgd.pictures.Reconstruction`.
COLUMNS = (
    "loss_before",
    "loss_after",
    "probability_after",
    "was_target",
    "is_target",
    "change_inside",
    "change_outside",
    "sure_step",
    "sure_change",
    "judge_share_before",
    "judge_share_after",
)
THIRD = ("third_share_before", "third_share_after")  # columns of the third judge, missing for its own pictures


@dataclass(frozen=True)
class Judgement:
    """Number of starts and of results, of n pictures, that the judge, a classifier's name, calls their target."""

    judge: str
    n: int
    before: int
    after: int

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Judgement:
        """Read an object of `to_json`."""
        return cls(content["judge"], content["n"], content["before"], content["after"])

    def share(self, count: int) -> Interval:
        """Return a count as a share of n, with Wilson's 95 % interval."""
        return wilson(count / self.n, self.n).item()

    def to_json(self) -> dict[str, Any]:
        """Return the counts and their intervals."""
        intervals = {f"{when}_interval": list(self.share(getattr(self, when))[1:]) for when in ("before", "after")}
        return asdict(self) | intervals


def comparison_kind(kind: str, search: str) -> str:
    """Return the name of a kind of results, by start or penalty, in comparisons of searches.

    Both searches then use the steps and the ball of a run by views.
    """
    return f"{kind}, {search}"


def choose_judge(drawn_by: str, ready: Sequence[str]) -> str | None:
    """Choose the judge of drawings by `drawn_by` among ready classifiers: never itself; its twin as a last resort.

    A robust twin (NAME-robust) was fine-tuned from the other one.
    """

    def rank(name: str) -> tuple[bool, int]:
        twin = name.removesuffix("-robust") == drawn_by.removesuffix("-robust")
        return twin, preference("judge", name)

    return min((name for name in ready if name != drawn_by), key=rank, default=None)


def top1(judge: Classifier, images: np.ndarray) -> list[int]:
    """Return the judge's top-1 class for each of (B, 3, H, W) float32 images in [0, 1]."""
    return class_probabilities(judge, images).argmax(axis=1).tolist()


def judge_run(run: PGDRun, judge: Classifier) -> Judgement | None:
    """Judge a run's start and its last frame, rounded to 8 bits; None if the judge knows none of the targets.

    The judge's classes are the first ones of the run's; targets beyond them are free texts, which are skipped.
    """
    known = [row for row, target in enumerate(run.metadata["targets"]) if target < len(judge.classes)]
    if not known or run.metadata["class_names"][: len(judge.classes)] != list(judge.classes.names):
        return None
    targets = [run.metadata["targets"][row] for row in known]
    last = run.frames[-1, known].astype(np.float32) / np.float32(255)
    before, after = (
        sum(predictions == target for predictions, target in zip(top1(judge, images), targets, strict=True))
        for images in (run.start[known], last)
    )
    return Judgement(judge.name, len(known), before, after)


def fingerprint(run: PGDRun) -> str:
    """Return the SHA-256 of what a judgement depends on: the pictures and their targets."""
    digest = hashlib.sha256(run.frames[-1].tobytes())
    digest.update(run.start.tobytes())
    digest.update(json.dumps([run.metadata["targets"], run.metadata["class_names"]]).encode())
    return digest.hexdigest()


STORED = PRECOMPUTED / "views.json"
NOT_NUMBERS = {"picture", "target", "places", "corner"}  # of a picture's entries in the file
LARGE_SIZE = 224  # side of the pictures in pixels
# ImageNet classes used to tune the search; never reported on.
TRIED = frozenset(
    [
        "electric ray",
        "ringneck snake",
        "chiton",
        "black stork",
        "Welsh springer spaniel",
        "dalmatian",
        "dingo",
        "hyena",
        "lion",
        "sloth bear",
        "fox squirrel",
        "zebra",
        "bearskin",
        "brass",
        "canoe",
        "cellular telephone",
        "cleaver",
        "coffeepot",
        "envelope",
        "flute",
        "gong",
        "hoopskirt",
        "laptop",
        "mitten",
        "palace",
        "pedestal",
        "quill",
        "school bus",
        "shoji",
        "slot",
        "snorkel",
        "snowplow",
        "sock",
        "teapot",
        "tow truck",
        "vestment",
        "wing",
        "sandbar",
        "acorn",
        "hip",
        "volcano",
        "golden retriever",
        "hen",
        "macaw",
        "castle",
        "strawberry",
        "daisy",
        "tabby",
        "giant panda",
        "goldfish",
        "pizza",
    ]
)


@dataclass(frozen=True, eq=False)
class SearchOutcomes:
    """Outcomes of n pictures by one search.

    pictures: (n,) names; targets: (n,) class indices. numbers: (n,) by name: own (1 where the painter's top-1
    prediction is the target), confidence, norm (L2 length of the change), radius (mean, of the change, in cycles per
    image), low (share of its energy within radius 8), clipped (share of values at 0 or 1), seconds (CPU, one thread).
    places: (n, J) by what the judges see: place of the target in each judge's predictions, 1 for top-1. "result" is the
    picture at the end; for holes also "start", and the square around the hole alone (`holes.hole_alone`): "alone",
    "alone_start" and "alone_original".
    energy: (R,) share of the change's energy by radius, mean over the pictures.
    """

    pictures: tuple[str, ...]
    targets: tuple[int, ...]
    numbers: Mapping[str, np.ndarray]
    places: Mapping[str, np.ndarray]
    energy: np.ndarray

    @property
    def n(self) -> int:
        return len(self.pictures)

    def recognised(self, judge: int = 0, top: int = 1, *, seen: str = "result") -> np.ndarray:
        """Return 1.0 if the judge's `top` predictions for what it sees include the target, else 0, (n,)."""
        return (self.places[seen][:, judge] <= top).astype(np.float64)

    def share(self, judge: int = 0, top: int = 1, *, seen: str = "result") -> Interval:
        """Return the share of `recognised` with Wilson's 95 % interval."""
        return wilson(self.recognised(judge, top, seen=seen).mean(), self.n).item()

    def mean(self, name: str) -> Interval:
        """Return the mean of a number with Student's 95 % interval."""
        return student(self.numbers[name])

    def subset(self, pictures: tuple[str, ...]) -> SearchOutcomes:
        """Return the outcomes on these pictures, in this order."""
        rows = [self.pictures.index(picture) for picture in pictures]
        return SearchOutcomes(
            pictures,
            tuple(self.targets[row] for row in rows),
            {name: values[rows] for name, values in self.numbers.items()},
            {seen: places[rows] for seen, places in self.places.items()},
            self.energy,
        )


@dataclass(frozen=True, eq=False)
class StoredOutcomes:
    """Content of the file: names of the painter and of the judges, the main one first, and outcomes by group.

    groups: "draw-pixels", "draw-views", "draw-quick", "hole-pixels", "hole-views"; by views with small inputs at first,
    "former-inputs"; by the settings of the version before, "former-views" and "former-quick". configs: of their runs,
    JSON.
    """

    painter: str
    judges: tuple[str, ...]
    hole: int
    groups: Mapping[str, SearchOutcomes]
    configs: Mapping[str, Any]

    def common(self, first: str, second: str) -> tuple[SearchOutcomes, SearchOutcomes]:
        """Return the outcomes of two groups on the pictures of both, in the order of the first."""
        known = set(self.groups[second].pictures)
        pictures = tuple(picture for picture in self.groups[first].pictures if picture in known)
        return self.groups[first].subset(pictures), self.groups[second].subset(pictures)

    def pair(self, mode: str) -> tuple[SearchOutcomes, SearchOutcomes] | None:
        """Return the pictures done by both searches, the paper's and by views, or None; mode: "draw" or "hole"."""
        if not {f"{mode}-pixels", f"{mode}-views"} <= self.groups.keys():
            return None
        views, pixels = self.common(f"{mode}-views", f"{mode}-pixels")
        return (pixels, views) if pixels.n else None


@cache
def stored_outcomes() -> StoredOutcomes | None:
    """Load the file of `precomputed.make_views`; None if there is none."""
    if not STORED.is_file():
        return None
    content = json.loads(STORED.read_text("utf-8"))
    return StoredOutcomes(
        content["painter"]["name"],
        tuple(judge["name"] for judge in content["judges"]),
        content["hole"],
        {group: _outcomes(rows, content["energy"][group]) for group, rows in content["pictures"].items()},
        content["configs"],
    )


def _outcomes(rows: list[dict[str, Any]], energy: list[float]) -> SearchOutcomes:
    return SearchOutcomes(
        tuple(row["picture"] for row in rows),
        tuple(row["target"] for row in rows),
        {name: np.array([row[name] for row in rows], np.float64) for name in rows[0].keys() - NOT_NUMBERS},
        {seen: np.array([row["places"][seen] for row in rows]) for seen in rows[0]["places"]},
        np.array(energy),
    )


# Fields with mean and standard deviation in summary.json.
SUMMARY = (
    "loss_before",
    "loss_after",
    "probability_after",
    "is_target",
    "change_inside",
    "change_outside",
)


@dataclass(frozen=True)
class Reconstruction:
    """One image of a run; "before" is the corrupted image or the start, "after" the result.

    index: place in the run. label: true class, "" if none. target, top1_before, top1_after: class names.
    loss_before, loss_after: Eq. 2 or 3. cross_entropy_before, cross_entropy_after: its first term alone.
    probability_before, probability_after: of the target, in [0, 1].
    was_target, is_target: 1 if the top-1 class is the target before or after, respectively; else 0.
    change_inside, change_outside: mean absolute change of a value, in [0, 1], in and around the hole.
    norm_outside: L2 norm of the change around the hole. perturbation_norm: of the whole change.
    sure_step: the first step with a target probability of 90 % or more; None if there is none.
    sure_change: change_inside at that step.
    judge_top1_before, judge_top1_after: class names; "" without a second judge.
    judge_share_before, judge_share_after: 1 if these equal the target, else 0; None without a judge.
    """

    index: int
    label: str
    target: str
    top1_before: str
    top1_after: str
    loss_before: float
    loss_after: float
    cross_entropy_before: float
    cross_entropy_after: float
    probability_before: float
    probability_after: float
    was_target: int
    is_target: int
    change_inside: float
    change_outside: float
    norm_outside: float
    perturbation_norm: float
    sure_step: int | None = None
    sure_change: float | None = None
    judge_top1_before: str = ""
    judge_top1_after: str = ""
    judge_share_before: int | None = None
    judge_share_after: int | None = None


def measure_change(before: np.ndarray, after: np.ndarray, hole: np.ndarray) -> dict[str, Any]:
    """Return the fields of a `Reconstruction` that depend only on pixels.

    Args:
        before, after: (3, H, W) float32 in [0, 1].
        hole: (1, H, W) bool. If all True, as in generation, nothing lies outside, and change_outside is 0.
    """
    inside = np.broadcast_to(hole, after.shape)
    change = (after - before).astype(np.float64)
    outside = change[~inside]
    return dict(
        change_inside=float(np.abs(change[inside]).mean()),
        change_outside=float(np.abs(outside).mean()) if outside.size else 0.0,
        norm_outside=float(np.sqrt((outside**2).sum())),
        perturbation_norm=float(np.sqrt((change**2).sum())),
    )


def judgement(rows: Sequence[Reconstruction], judge: str) -> Judgement:
    """Return how many of the judged rows the second judge calls their target."""
    before, after = (sum(getattr(row, f"judge_share_{when}") for row in rows) for when in ("before", "after"))
    return Judgement(judge, len(rows), before, after)


def summarise(rows: Sequence[Reconstruction], judge: str | None = None) -> dict[str, Any]:
    """Return {"n": images, and for each of SUMMARY {"mean": ..., "std": ...}}; std over n, 0 for a single image.

    judge: name of the second judge, if any; its counts are added as "judge".
    """
    summary: dict[str, Any] = {"n": len(rows)}
    for name in SUMMARY:
        values = np.array([getattr(row, name) for row in rows], dtype=np.float64)
        summary[name] = {"mean": float(values.mean()), "std": float(values.std())}
    if judge is not None:
        summary["judge"] = judgement(rows, judge).to_json()
    return summary


def to_csv(rows: Sequence[Reconstruction]) -> bytes:
    """Return a CSV with a header and one line per image."""
    buffer = io.StringIO(newline="")
    table = csv.DictWriter(buffer, [field.name for field in fields(Reconstruction)], lineterminator="\n")
    table.writeheader()
    table.writerows(asdict(row) for row in rows)
    return buffer.getvalue().encode("utf-8")


def from_csv(data: bytes) -> list[Reconstruction]:
    """Read the rows of `to_csv` losslessly; raise ValueError, LookupError or TypeError for other tables."""
    read: dict[str, Callable[[str], Any]] = {
        "int": int,
        "float": float,
        "str": str,
        "int | None": lambda text: int(text) if text else None,
        "float | None": lambda text: float(text) if text else None,
    }
    table = csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""))
    kinds = {field.name: read[str(field.type)] for field in fields(Reconstruction)}
    return [Reconstruction(**{name: kind(row[name]) for name, kind in kinds.items()}) for row in table]


FOLDER = PRECOMPUTED / "views"
OPENING, WALL = FOLDER / "opening.json", FOLDER / "wall.json"
SIDE = 224  # of pictures, in pixels
WORDS = ("volcano", "golden retriever", "teapot", "macaw", "lion")  # chosen by hand, in display order
CARDS = {name: FOLDER / f"card-{name}.webp" for name in ("hole", "judge")}  # things to try


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Drawing of a word by a search, from a grey start.

    strip: frames stacked vertically, a lossy picture, or its file. confidence: the painter's in the word, per frame.
    norm: L2 norm of the change. judged: top-1 prediction of an independent network for the last frame; empty without
    one. place: rank of the word in its predictions, from 1. judge: its name; empty for `judge_name`.
    """

    search: Search
    strip: Path | bytes
    confidence: tuple[float, ...]
    norm: float
    judged: str = ""
    place: int = 0
    judge: str = ""


def strip_path(word: str, search: Search) -> Path:
    """Return the file of a drawing's frames."""
    return FOLDER / f"opening-{word.replace(' ', '-')}-{search}.webp"


@cache
def _opening() -> dict[str, Any]:
    return json.loads(OPENING.read_text())


def painter_name() -> str:
    """Return the registry name of the classifier that drew them."""
    return _opening()["painter"]["name"]


def judge_name() -> str:
    """Return the registry name of the judge whose predictions are stored with them."""
    return _opening()["judge"]["name"]


@cache
def opening_drawings(word: str) -> tuple[Drawing, ...]:
    """Load a word of `WORDS` as drawn by both searches, from the same start, with the same steps and ball."""
    known = _opening()["words"][word]
    return tuple(Drawing(search=search, strip=strip_path(word, search), **_read(known[search])) for search in COMPARED)


def _read(known: dict[str, Any]) -> dict[str, Any]:
    return {**{name: known[name] for name in ("norm", "judged", "place")}, "confidence": tuple(known["confidence"])}


@dataclass(frozen=True, kw_only=True)
class WallDrawing:
    """A word of the wall as drawn by a search.

    path: of the small lossy picture. confidence: the painter's in the word. says, ranks: of each judge, its top-1
    prediction and the word's rank in its predictions, from 1.
    """

    path: Path
    confidence: float
    says: tuple[str, ...]
    ranks: tuple[int, ...]

    def recognised(self, judge: int = 0) -> bool:
        """Return whether the word is a judge's top-1 prediction."""
        return self.ranks[judge] == 1


@dataclass(frozen=True, kw_only=True)
class WallWord:
    """A random word: its ImageNet label, its name, and what each search drew."""

    label: int
    word: str
    drawings: Mapping[Search, WallDrawing]


@dataclass(frozen=True, kw_only=True)
class Wall:
    """100 words drawn by a seed, failures included, in random order, and the registry names of painter and judges."""

    painter: str
    judges: tuple[str, ...]
    side: int
    words: tuple[WallWord, ...]

    def recognised(self, search: Search, judge: int = 0) -> int:
        """Return the number of words that a judge recognises as drawn by a search."""
        return sum(word.drawings[search].recognised(judge) for word in self.words)


@cache
def stored_wall() -> Wall:
    """Load the wall."""
    content = json.loads(WALL.read_text("utf-8"))
    return Wall(
        painter=content["painter"]["name"],
        judges=tuple(judge["name"] for judge in content["judges"]),
        side=content["side"],
        words=tuple(_word(row) for row in content["words"]),
    )


def _word(row: dict[str, Any]) -> WallWord:
    drawings = {
        search: WallDrawing(
            path=judged_path(row["label"], search),
            confidence=row[search]["confidence"],
            says=tuple(row[search]["says"]),
            ranks=tuple(row[search]["ranks"]),
        )
        for search in COMPARED
    }
    return WallWord(label=row["label"], word=row["word"], drawings=drawings)


def judged_path(label: int, search: Search) -> Path:
    """Return the file of a class's drawing on the wall, which visitors also judge, by label."""
    return FOLDER / "wall" / f"{label}-{search}.webp"


PER_SEARCH, OPTIONS = 5, 5
COUNT = PER_SEARCH * len(COMPARED)  # drawings in a round
MAX_SEED = 999_999
# ImageNet classes that a child knows: what is drawn and the options are among them.
FAMILIAR = frozenset(
    """goldfish, great white shark, cock, hen, ostrich, robin, magpie, bald eagle, vulture, tree frog, Komodo dragon,
African crocodile, triceratops, scorpion, tarantula, centipede, peacock, macaw, hummingbird, toucan, goose,
black swan, koala, jellyfish, snail, slug, hermit crab, white stork, flamingo, pelican, king penguin, grey
whale, killer whale, sea lion, Chihuahua, beagle, golden retriever, collie, German shepherd, dalmatian, pug,
French bulldog, toy poodle, timber wolf, hyena, red fox, tabby, leopard, lion, tiger, cheetah, brown bear, ice
bear, ladybug, fly, bee, ant, grasshopper, cockroach, dragonfly, starfish, sea urchin, hare, hamster, porcupine,
beaver, guinea pig, zebra, hog, hippopotamus, ox, bison, ram, Arabian camel, llama, otter, skunk, badger,
gorilla, chimpanzee, African elephant, giant panda, eel, accordion, acoustic guitar, aircraft carrier, airliner,
airship, ambulance, analog clock, apron, backpack, bakery, balloon, banjo, barn, barrel, baseball, basketball,
bathtub, bath towel, beer glass, bell pepper, bikini, binoculars, birdhouse, bookcase, bookshop, bow, bow tie,
broom, bucket, butcher shop, cab, candle, cannon, canoe, can opener, carousel, car wheel, castle, cello, chain,
chain saw, church, cinema, coffee mug, coffeepot, computer keyboard, convertible, cowboy boot, cowboy hat,
cradle, crash helmet, crib, desk, diaper, digital watch, dining table, dishwasher, doormat, drum, electric fan,
electric guitar, envelope, fire engine, flagpole, flute, folding chair, football helmet, fountain, frying pan,
fur coat, garbage truck, golf ball, gondola, grand piano, greenhouse, grocery store, hammer, harmonica, harp,
hourglass, iron, jack-o'-lantern, jeep, jigsaw puzzle, joystick, kimono, lampshade, laptop, lawn mower, library,
lifeboat, lipstick, loudspeaker, mailbox, mask, maze, microphone, microwave, military uniform, minibus, mitten,
monastery, mountain bike, mousetrap, mouse, necklace, organ, padlock, paintbrush, pajama, palace, parachute,
park bench, parking meter, passenger car, perfume, picket fence, pier, piggy bank, pillow, ping-pong ball,
pirate, pitcher, plastic bag, police van, pool table, power drill, printer, prison, purse, quill, racket, radio,
refrigerator, remote control, restaurant, rocking chair, rugby ball, running shoe, safe, safety pin, sandal,
sax, school bus, screwdriver, seat belt, sewing machine, shield, shopping basket, shopping cart, shovel, shower
curtain, ski, sleeping bag, snorkel, snowplow, soccer ball, sock, sombrero, soup bowl, space shuttle, speedboat,
spider web, sports car, stage, steam locomotive, stethoscope, stone wall, stopwatch, stove, submarine,
sunglasses, suspension bridge, swing, table lamp, tank, teapot, teddy, television, tennis ball, throne, toaster,
totem pole, tow truck, tractor, traffic light, trailer truck, tricycle, trombone, typewriter keyboard, umbrella,
vacuum, vase, vending machine, violin, volleyball, wall clock, wallet, wardrobe, washer, water bottle, water
tower, whistle, wig, wine bottle, wooden spoon, comic book, crossword puzzle, street sign, menu, plate, ice
cream, bagel, pretzel, cheeseburger, hotdog, broccoli, cauliflower, cucumber, mushroom, Granny Smith,
strawberry, orange, lemon, pineapple, banana, hay, pizza, burrito, cup, bubble, cliff, coral reef, lakeside,
sandbar, seashore, valley, volcano, scuba diver, daisy, corn, acorn, toilet tissue""".replace("\n", " ").split(", ")
)


@cache
def stored_pool() -> tuple[int, ...]:
    """Load the labels of the drawings on the wall."""
    return tuple(word.label for word in stored_wall().words)


@dataclass(frozen=True)
class Question:
    """One drawing: the label of its target, the search, and the labels to choose from."""

    label: int
    search: Search
    options: tuple[int, ...]

    def right(self, place: int) -> bool:
        """Return whether an option is the target."""
        return self.options[place] == self.label


def draw_questions(pool: Sequence[int], names: Sequence[str], seed: int) -> tuple[Question, ...]:
    """Draw a round of ten distinct classes, five by each search, in an order determined by the seed.

    Further options are classes that are not in this round. All classes are among `FAMILIAR`.

    Args:
        pool: labels of the classes that were drawn. names: of all classes, by label.
        seed: at least 0.
    Raises:
        ValueError: the pool has fewer than ten familiar classes.
    """
    generator = np.random.default_rng(seed)
    familiar = [label for label in pool if names[label] in FAMILIAR]
    if len(familiar) < COUNT:
        raise ValueError(f"a round needs drawings of {COUNT} familiar classes; got {len(familiar)}")
    drawn = generator.choice(familiar, COUNT, replace=False).tolist()
    searches = generator.permutation(np.repeat(COMPARED, PER_SEARCH)).tolist()
    remaining = [label for label, name in enumerate(names) if name in FAMILIAR and label not in drawn]
    questions = []
    for label, search in zip(drawn, searches, strict=True):
        options = [label, *generator.choice(remaining, OPTIONS - 1, replace=False).tolist()]
        questions.append(Question(label, search, tuple(generator.permutation(options).tolist())))
    return tuple(questions)


def read_choices(text: str) -> tuple[int, ...]:
    """Parse the choices in a URL, a digit each, up to the first invalid one."""
    places: list[int] = []
    for character in text[:COUNT]:
        if character not in map(str, range(OPTIONS)):
            break
        places.append(int(character))
    return tuple(places)


PLACES = 5  # candidates along each axis
MARGIN = 0.1  # of the hole's side, shown around it when it is judged alone


def costliest_hole(
    image: np.ndarray, side: int, probabilities: Callable[[np.ndarray], np.ndarray], label: int | None = None
) -> np.ndarray:
    """Return the square hole, of 5 x 5 places, whose fill from its rim costs a network most of a class's probability.

    Args:
        image: (3, H, H) uint8.
        side: of the hole, in pixels.
        probabilities: (B, 3, H, H) float32 in [0, 1] -> (B, K) class probabilities.
        label: the class; None for the network's own top-1 prediction for the image.
    Returns:
        bool (1, H, H), True = hole.
    """
    size, whole = image.shape[-1], image[None].astype(np.float32) / np.float32(255)
    if label is None:
        label = int(probabilities(whole)[0].argmax())
    centres = np.linspace(side // 2, size - side // 2, PLACES).round().astype(int).tolist()
    masks = [square_mask((x, y), side, height=size, width=size) for y in centres for x in centres]
    filled = fill_hole(np.repeat(whole, len(masks), axis=0), np.stack(masks), "rim")
    return masks[int(probabilities(filled)[:, label].argmin())]


def hole_alone(images: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the square around a hole, with a tenth of the hole's side on every side where the image has it.

    With its surroundings, a network recognises most pictures whatever is in the hole; alone, the hole must convince.

    Args:
        images: (..., H, H). mask: bool (1, H, H), True = hole.
    Returns:
        (..., S, S) view of the images.
    """
    spans = [np.flatnonzero(mask[0].any(axis=axis)) for axis in (1, 0)]
    extent = max(int(span[-1]) + 1 - int(span[0]) for span in spans)
    side = min(mask.shape[-1], extent + 2 * round(MARGIN * extent))
    top, left = (min(max((int(s[0]) + int(s[-1]) + 1 - side) // 2, 0), mask.shape[-1] - side) for s in spans)
    return images[..., top : top + side, left : left + side]
