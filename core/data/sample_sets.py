"""The bundled sample sets, a row each: side, classes, pictures, maps. Whatever depends on one of them asks here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.data.classes import CLASS_SETS, PRECOMPUTED, ClassSet
from core.images.masks import middle_square, square_mask
from core.shared import paper

SAMPLES = PRECOMPUTED / "samples"
EXAMPLES = PRECOMPUTED / "examples.json"  # by precomputed.make_examples, which has the rule

_CHOSEN = json.loads(EXAMPLES.read_text())
OPENING_SEED: int = _CHOSEN["opening"]  # of the blur from which the story's twins draw every class


@dataclass(frozen=True, kw_only=True)
class SampleSet:
    """Bundled pictures of one side and one class set. A new one is a row below, and its folder.

    name: in the session and in the names of stored runs. title: in menus and URLs. dataset: for `load_dataset`.
    side: of the pictures, in pixels. class_set: of `CLASS_SETS`; classes_title: in menus and URLs.
    epsilon: size v of the waves on its pictures to begin with; None for the paper's, where that has such pictures.
    folder: holds provenance.json, which `core.data.samples` reads, and pictures: images.npz, or files that it names.
    first: the picture that *Frequencies* begins with. second: the one mixed with it.
    inpainted: the one whose hole is filled first. by_the_paper: the one whose middle is, in stored runs, by the
    paper's search and settings; None for the same.
    holes: (left, top, side) of the square that is cut into a picture at first, by the picture's place; into all others
    it is cut in the middle.
    filled: the pictures of the row of filled holes. drawn: the classes that *Draw* begins with; it offers sets
    that have some. rule: by which these were chosen, one sentence; empty where there is none.
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
    holes: dict[int, tuple[int, int, int]] = field(default_factory=dict)
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
        """(1, side, side) the hole that is cut into a picture at first."""
        if place not in self.holes:
            return middle_square(self.side)
        left, top, side = self.holes[place]
        return square_mask((left + side // 2, top + side // 2), side, height=self.side, width=self.side)

    @property
    def drawn_title(self) -> str:
        """Title in the menu and the URL of *Draw*."""
        return f"{self.classes_title}, {self.side} px"

    def knows(self, class_names: Sequence[str]) -> bool:
        """Whether these begin with the set's classes; texts of one's own may follow."""
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
            # precomputed/make_default_picture.py has the rule.
            first=json.loads((PRECOMPUTED / "default_picture.json").read_text())["position"],
            # A frog that every bundled network recognises.
            second=86,
            # A dog whose face is cut out: a second network recognises it again only as the robust networks fill it.
            inpainted=5,
            filled=tuple(_CHOSEN["filled"]),
            drawn=tuple(_CHOSEN["drawn"]),
            rule="The example’s classes are chosen by a rule: the eight of ten in which robust training gains most.",
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
            # Hens, of which the one in the middle is cut out, and a koala without its head.
            inpainted=6,
            by_the_paper=0,  # a tabby
            holes={6: (60, 39, 110), 7: (91, 20, 98)},
            drawn=("volcano",),
            rule=(
                "The example’s class is none of those drawn at random: it was chosen because people recognise it, as "
                "were the hen and the koala of *Fill a hole*. docs/views.md counts 100 classes drawn at random."
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
    """The set whose classes the maps of a data set are about; None where it is not known."""
    return next((row for row in SAMPLE_SETS.values() if dataset in row.maps), None)


def map_title(dataset: str) -> str:
    """Return a data set's title for people, that of its maps; its name where it is not known."""
    row = set_of_map(dataset)
    return dataset if row is None else row.maps[dataset]


def sides() -> tuple[int, ...]:
    """The different sides of the sets' pictures, in pixels."""
    return tuple(dict.fromkeys(row.side for row in SAMPLE_SETS.values()))


def usual_epsilon(side: int) -> float:
    """Size v of the waves on pictures of a side: the paper's, else that of a set's row; 0 where neither has one."""
    rows = (row.epsilon for row in SAMPLE_SETS.values() if row.side == side and row.epsilon)
    return paper.EPSILON.get(side) or next(rows, 0.0)


def sets_by_dataset() -> dict[str, SampleSet]:
    """The sets by what `load_dataset` calls them."""
    return {row.dataset: row for row in SAMPLE_SETS.values()}
