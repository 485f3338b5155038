"""Shipped drawings of words: the opening, the gallery, rounds to judge; and how many of them are recognised."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from core.data.canvases import CANVASES, COMPARED_CANVAS, TRIES
from core.data.picture_files import decode_image
from core.data.sample_sets import PRECOMPUTED
from core.data.sketches import draw_sketch
from core.data.start_photos import photo_square
from core.pgd.methods import COMPARED, METHODS, PAPER, MethodName
from core.pgd.painting import Painting
from core.pgd.picture_outcomes import AFTER, Judgement, PictureOutcomes, stored_outcomes
from core.pgd.settings import PGDConfig
from core.pgd.starts import StartName

DRAWINGS = PRECOMPUTED / "views"
OPENING_FILE, GALLERY_FILE, SKETCHED_FILE = (DRAWINGS / f"{name}.json" for name in ("opening", "gallery", "sketches"))
JUDGE_SIZES = DRAWINGS / "judge_sizes.json"  # of `precomputed.makers.judge_sizes`
PERSON_FILE = DRAWINGS / "person.json"  # a person's answers, of `precomputed.makers.person`
PaintedStart = Literal["sketch", "photo"]  # what stored paintings start from
SIZE = 224  # pixels, of all drawings
PAINTED_PHOTOS = "photographs"  # sample set with the photos of the stored counts
GROWTH = DRAWINGS / "growth.webp"  # the first sketch becoming its painting: GROWTH_FRAMES pictures below each other
GROWTH_FRAMES = 17
CARDS = {name: DRAWINGS / f"card-{name}.webp" for name in ("hole", "judge")}  # things to try


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Drawing of a word by a method, from a grey start.

    picture: a lossy picture, or its file. confidence: the painter's in the word. judgements: by independent networks.
    All numbers were computed from this file. digest: `Painting.digest` of what was painted.
    """

    method: MethodName
    picture: Path | bytes
    confidence: float
    judgements: tuple[Judgement, ...] = ()
    digest: str

    def pixels(self) -> np.ndarray:
        """Load the picture, uint8 (H, W, 3)."""
        data = self.picture if isinstance(self.picture, bytes) else self.picture.read_bytes()
        return decode_image(data)

    def recognised(self, judge: int = 0) -> bool:
        """Return True if the word is a judge's top-1 prediction; False without a judgement."""
        return bool(self.judgements) and self.judgements[judge].ranks[0] == 1


@cache
def _opening() -> dict[str, Any]:
    return json.loads(OPENING_FILE.read_text())


def painter_name() -> str:
    """Return the registry name of the classifier that drew them."""
    return _opening()["painter"]["name"]


def judge_name() -> str:
    """Return the registry name of the judge; its predictions are stored with the drawings."""
    return _opening()["judge"]["name"]


def picked_words() -> tuple[str, ...]:
    """Return the words of the gallery that pages offer first; we picked them by eye."""
    return tuple(_opening()["picked"])


def opening_words() -> tuple[str, ...]:
    """Return the first of `picked_words`."""
    return picked_words()[:5]


def four_squares() -> tuple[str, dict[MethodName, Drawing]]:
    """Load one of the opening words as drawn by each method; we picked it."""
    content = _opening()["methods"]
    word, label = content["word"], content["label"]
    return word, {
        method: _drawing(content[method], method, judged_path(label, method), [judge_name()]) for method in METHODS
    }


def _drawing(known: Mapping[str, Any], method: MethodName, picture: Path, judges: Sequence[str]) -> Drawing:
    """Return a stored drawing; judgements of its start are not stored."""
    judgements = tuple(
        Judgement(judge, 1, before=None, after=int(rank == 1), says=(says,), ranks=(rank,), shares=(probability,))
        for judge, says, rank, probability in zip(judges, known["says"], known["ranks"], known["shares"], strict=True)
    )
    about = {"picture": picture, "confidence": known["confidence"], "digest": known["digest"]}
    return Drawing(method=method, judgements=judgements, **about)


@dataclass(frozen=True, kw_only=True)
class GalleryWord:
    """A word: its ImageNet label, its name, and what each method drew.

    config: of the runs, but for their methods. seed: of the runs. painter: registry name. sketch, photo: name of the
    bundled one that they began with; both empty for a grey start. before: classes that the painter and then each judge
    see in the start; empty if not stored.
    """

    label: int
    word: str
    drawings: Mapping[MethodName, Drawing]
    config: PGDConfig
    seed: int
    painter: str
    sketch: str = ""
    photo: str = ""
    before: tuple[str, ...] = ()

    @property
    def start(self) -> StartName:
        """Key in `core.pgd.starts.STARTS`."""
        return "sketch" if self.sketch else "photo" if self.photo else COMPARED_CANVAS

    @property
    def picture(self) -> np.ndarray | None:
        """The sketch, uint8 (32, 32, 3), or the photo, uint8 (224, 224, 3); None for a grey start."""
        if self.sketch:
            return draw_sketch(self.sketch)
        return photo_square(self.photo) if self.photo else None

    def painting(self, method: MethodName) -> Painting:
        """Return what determines the picture by a method."""
        pixels = b"" if self.picture is None else self.picture.tobytes()
        recipe = {"word": self.word, "start": self.start, "seed": self.seed, "painter": self.painter}
        return Painting(config=self.config, pixels=pixels, **recipe).by(method)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """100 words drawn by a seed, failures included, in random order, and the registry names of painter and judges.

    size: of the pictures. steps: of each method.
    """

    painter: str
    judges: tuple[str, ...]
    size: int
    steps: int
    words: tuple[GalleryWord, ...]


@cache
def stored_gallery() -> Gallery:
    """Load the gallery."""
    content = json.loads(GALLERY_FILE.read_text("utf-8"))
    return Gallery(
        painter=content["painter"]["name"],
        judges=tuple(judge["name"] for judge in content["judges"]),
        size=content["size"],
        steps=content["config"]["steps"],
        words=tuple(_word(row, content, judged_path, row["label"]) for row in content["words"]),
    )


def _word(
    row: dict[str, Any], content: dict[str, Any], path: Callable[[Any, MethodName], Path], key: Any
) -> GalleryWord:
    """Return a row of a file; path: returns the file of a method's drawing, by the row's key."""
    judges = [judge["name"] for judge in content["judges"]]
    drawings = {method: _drawing(row[method], method, path(key, method), judges) for method in COMPARED}
    made = {name: row.get(name, "") for name in ("sketch", "photo")} | {"before": tuple(row.get("before", ()))}
    config = PGDConfig.from_json(content["photo_config" if made["photo"] else "config"])
    about = {"label": row["label"], "word": row["word"], "config": config, "seed": content["seed"]}
    return GalleryWord(drawings=drawings, painter=content["painter"]["name"], **about, **made)


def judged_path(label: int, method: MethodName) -> Path:
    """Return the file of a class's drawing in the gallery, which visitors also judge."""
    return DRAWINGS / "gallery" / f"{label}-{method}.jpg"


def painted_path(start: PaintedStart, name: str, method: MethodName) -> Path:
    """Return the file of what a method painted from a bundled sketch or photo."""
    return DRAWINGS / f"{start}-{name}-{method}.jpg"


@cache
def _sketched() -> dict[str, Any]:
    return json.loads(SKETCHED_FILE.read_text("utf-8"))


def drawn_sketches() -> dict[str, GalleryWord]:
    """Load what both methods painted from each bundled sketch, by its name."""
    return _painted("sketch")


def drawn_photos() -> dict[str, GalleryWord]:
    """Load what both methods painted from each photo of `core.data.start_photos`, by its name."""
    return _painted("photo")


@cache
def _painted(start: PaintedStart) -> dict[str, GalleryWord]:
    rows, content = (row for row in _sketched()["words"] if start in row), _sketched()
    return {row[start]: _word(row, content, partial(painted_path, start), row[start]) for row in rows}


# ---- how many are recognised -------------------------------------------------------------------------------------

# Of each word, by seed, from grey.
QUICK_TRIES = ("draw-quick", *(f"draw-quick{seed}" for seed in range(1, TRIES)))
# Of each word, by canvas, from seed 0.
QUICK_CANVASES = tuple("draw-quick" if name == COMPARED_CANVAS else f"draw-{name}" for name in (*CANVASES,)[:TRIES])
SEEDS = 3  # of the words drawn from grey, see `of_seeds`
SEVERAL = {"tries": QUICK_TRIES, "canvases": QUICK_CANVASES}


def of_seeds(method: MethodName) -> tuple[str, ...]:
    """Return the kinds of `stored_outcomes` with the same words drawn by a method, by seed from 0 on.

    The paper's method has one: nothing in it is random but the faint noise of the start.
    """
    seeds = range(1, 1 if method == PAPER else SEEDS)
    return (f"draw-{method}", *(f"draw-{method}_seed{seed}" for seed in seeds))


@cache
def stored_kinds() -> dict[str, PictureOutcomes]:
    """Load each kind of `stored_outcomes`."""
    return stored_outcomes().kinds()


def recognised(group: str, judge: int = 0, *, seen: str = "") -> np.ndarray:
    """Return (n,) bool, True where the judge recognises a picture of a group of `stored_outcomes`.

    Of a filled hole the judge sees the hole alone, else the result, unless `seen` names something else, such as
    `BEFORE`. "photographs": a photograph of each word that was drawn. "tries" and "canvases": at least one of
    `QUICK_TRIES` or of `QUICK_CANVASES` of each word.
    """
    kinds = stored_kinds()
    if group in SEVERAL:
        return np.max([recognised(name, judge) for name in SEVERAL[group]], axis=0)
    hits = kinds[group].recognised(judge, seen=seen or ("alone" if group.startswith("hole") else AFTER))
    if group != "photographs":
        return hits
    return hits[np.isin(kinds[group].pictures["target"], kinds["draw-views"].pictures["target"])]


def count(group: str, judge: int = 0, *, seen: str = "") -> int:
    """Return the number of `recognised`."""
    return int(recognised(group, judge, seen=seen).sum())


def counted(group: str, judge: int = 0, *, seen: str = "") -> str:
    """Return the number of `recognised` and how many pictures there are: '74 of 100'."""
    hits = recognised(group, judge, seen=seen)
    return f"{int(hits.sum())} of {len(hits)}"


def sketches_by_seed() -> list[int]:
    """Return how many sketches painted by many views are recognised, by seed from 0 on."""
    return recognised("sketch-views").reshape(-1, len(drawn_sketches())).sum(axis=1).astype(int).tolist()


@cache
def tries_by_label() -> dict[int, int]:
    """Return how many of `QUICK_TRIES` the first judge recognises, by label."""
    counts = np.sum([recognised(name) for name in QUICK_TRIES], axis=0).astype(int)
    return dict(zip(map(int, stored_kinds()[QUICK_TRIES[0]].pictures["target"]), counts.tolist(), strict=True))


@cache
def familiar() -> frozenset[str]:
    """Load the ImageNet classes that a child knows: what is drawn and the options are among them."""
    return frozenset((DRAWINGS / "familiar.txt").read_text("utf-8").splitlines())


def card_word() -> str:
    """Return the word on the judge's card: the first familiar one that the second network recognises."""
    known = (word for word in stored_gallery().words if word.word in familiar())
    return next(word.word for word in known if word.drawings["views"].recognised())
