"""The bundled sample sets, one row each: side, classes, pictures, maps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.data.classes import CLASS_SETS, PRECOMPUTED, ClassSet
from core.images.masks import middle_square, square_mask
from core.shared import paper

SAMPLES = PRECOMPUTED / "samples"
EXAMPLES = PRECOMPUTED / "examples.json"  # written by precomputed.make_examples, which documents the rule

HOLES = PRECOMPUTED / "holes.json"  # written by precomputed.make_views

_CHOSEN = json.loads(EXAMPLES.read_text())
_HOLES = json.loads(HOLES.read_text())  # each where it costs another network most of its class's probability
_TABBY = 0  # the photograph that stored runs fill by the paper's search and settings, in the middle
OPENING_SEED: int = _CHOSEN["opening"]  # of the blur from which the story's twins draw every class


@dataclass(frozen=True, kw_only=True)
class SampleSet:
    """Bundled pictures of one side and one class set. A new set takes a row below and a folder.

    name: in the session and in the names of stored runs. title: in menus and URLs. dataset: for `load_dataset`.
    side: of the pictures, in pixels. class_set: of `CLASS_SETS`; classes_title: in menus and URLs.
    epsilon: size v of the waves on its pictures to begin with; None for the paper's, where that has such pictures.
    folder: holds provenance.json, which `core.data.samples` reads, and pictures: images.npz, or files that it names.
    first: the initial picture of *Frequencies*. second: the one mixed with it.
    inpainted: the picture whose hole is filled first. by_the_paper: the picture filled in stored runs by the paper's
    search and settings; None for the same.
    holes: (left, top, side) of a picture's initial hole, by index; the others' are in the middle.
    faceless: the pictures in whose hole no search painted the animal's face, judged by eye.
    replayed: the pictures, besides `inpainted`, whose hole is filled by both searches in stored runs.
    filled: the pictures of the row of filled holes. drawn: the initial classes of *Draw*, which offers only sets with
    some. rule: one sentence on how they were chosen; may be empty.
    maps: title of every data set whose maps are about these classes, by its name.
    """

    name: str
    title: str
    dataset: str
    side: int
    class_set: str
    classes_title: str
    folder: Path
    epsilon: float | None = None
    first: int = 0
    second: int = 1
    inpainted: int = 0
    by_the_paper: int | None = None
    holes: Mapping[int, tuple[int, int, int]] = field(default_factory=dict)
    faceless: tuple[int, ...] = ()
    replayed: tuple[int, ...] = ()
    filled: tuple[int, ...] = ()
    drawn: tuple[str, ...] = ()
    rule: str = ""
    maps: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.epsilon is None and self.side not in paper.EPSILON:
            raise ValueError(f"{self.name}: the paper has no size v for {self.side} pixels; the row must name one")

    @property
    def classes(self) -> ClassSet:
        return CLASS_SETS[self.class_set]()

    def hole(self, place: int) -> np.ndarray:
        """Return a picture's initial hole, (1, side, side)."""
        if place not in self.holes:
            return middle_square(self.side)
        left, top, side = self.holes[place]
        return square_mask((left + side // 2, top + side // 2), side, height=self.side, width=self.side)

    @property
    def drawn_title(self) -> str:
        """Title in the menu and in the URL of *Draw*."""
        return f"{self.classes_title}, {self.side} px"

    def fits(self, class_names: Sequence[str]) -> bool:
        """Return whether these begin with the set's classes; own texts may follow."""
        return tuple(class_names[: len(self.classes)]) == self.classes.names


SAMPLE_SETS = {
    row.name: row
    for row in (
        SampleSet(
            name="cifar10",
            title="CIFAR-10",
            dataset="cifar10-samples",
            side=32,
            class_set="cifar10",
            classes_title="CIFAR-10",
            folder=SAMPLES / "cifar10",
            # precomputed/make_default_picture.py documents the rule.
            first=json.loads((PRECOMPUTED / "default_picture.json").read_text())["position"],
            # A frog that every bundled network recognises.
            second=86,
            # A dog without its face: a second network recognises it only as filled by the robust networks.
            inpainted=5,
            filled=tuple(_CHOSEN["filled"]),
            drawn=tuple(_CHOSEN["drawn"]),
            rule="A rule chose the example’s classes: the eight of ten in which robust training gains most.",
            maps={"cifar10": "CIFAR-10", "cifar10-samples": "CIFAR-10 samples"},
        ),
        SampleSet(
            name="photographs",
            title="Photographs",
            dataset="photographs",
            side=224,
            class_set="imagenet",
            classes_title="ImageNet",
            folder=SAMPLES / "photographs",
            second=2,  # a giant panda
            inpainted=6,  # hens
            by_the_paper=_TABBY,
            holes={k: (*corner, _HOLES["side"]) for k, corner in enumerate(_HOLES["corners"]) if k != _TABBY},
            faceless=tuple(_HOLES["faceless"]),
            replayed=(7,),  # a koala
            drawn=("volcano",),
            rule=(
                "We chose the example’s class by hand because people recognise it, like the hen and the koala of *Fill "
                "a hole*. docs/views.md counts 100 classes drawn at random."
            ),
            maps={
                "imagenet100": "ImageNet100",
                "imagenet-sample": "ImageNet, one image per class",
                "photographs": "bundled photographs",
            },
        ),
    )
}


def set_of_map(dataset: str) -> SampleSet | None:
    """Return the sample set whose classes a data set's maps are about; None if unknown."""
    return next((row for row in SAMPLE_SETS.values() if dataset in row.maps), None)


def map_title(dataset: str) -> str:
    """Return the display title of a data set's maps, or its name if unknown."""
    row = set_of_map(dataset)
    return dataset if row is None else row.maps[dataset]


def sides() -> tuple[int, ...]:
    """Return the distinct sides of the sets' pictures, in pixels."""
    return tuple(dict.fromkeys(row.side for row in SAMPLE_SETS.values()))


def usual_epsilon(side: int) -> float:
    """Return the size v of waves on pictures of a side: the paper's, else a set's; 0 if neither has one."""
    rows = (row.epsilon for row in SAMPLE_SETS.values() if row.side == side and row.epsilon)
    return paper.EPSILON.get(side) or next(rows, 0.0)


def sets_by_dataset() -> dict[str, SampleSet]:
    """Return the sets by their name in `load_dataset`."""
    return {row.dataset: row for row in SAMPLE_SETS.values()}
