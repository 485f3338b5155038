"""Table of bundled pictures, and their classes."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.data.holes import ellipse_mask, middle_square, square_mask
from core.shared import paper

PRECOMPUTED = Path(__file__).resolve().parents[2] / "precomputed"
HEATMAPS = PRECOMPUTED / "heatmaps"


@dataclass(frozen=True)
class ClassSet:
    """Class names in label order: label k of a data set, and column k of the logits, is `names[k]`.

    Args:
        name: "cifar10", "imagenet", "imagenet100" or "custom".
        names: one per class, as used in prompts. ImageNet's first names are not unique ("crane" is a bird and a
            machine), so duplicates are allowed.
        imagenet_indices: each class's index among the 1,000 ImageNet classes, if these are ImageNet's.
        wnids: each class's WordNet id, if known.
    Raises:
        ValueError: no classes, or an empty name.
    """

    name: str
    names: tuple[str, ...]
    imagenet_indices: tuple[int, ...] | None = None
    wnids: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.names, str) or not self.names or not all(name.strip() for name in self.names):
            raise ValueError(f"class set {self.name!r} needs at least one class and no empty name, got {self.names!r}")
        object.__setattr__(self, "names", tuple(self.names))  # a class set is hashable and immutable

    def __len__(self) -> int:
        return len(self.names)


CIFAR10 = ClassSet(
    "cifar10", ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
)


@cache
def imagenet() -> ClassSet:
    """Return the 1,000 ImageNet (ILSVRC-2012) classes in the order of their WordNet ids, each with its first name.

    Reads timm's tables without importing timm, which would import torch.

    Raises:
        ModuleNotFoundError: timm is not installed.
    Source: timm.data.ImageNetInfo, the same files.
    """
    tables = Path(str(importlib.metadata.distribution("timm").locate_file("timm/data/_info")))
    wnids = tuple((tables / "imagenet_synsets.txt").read_text(encoding="utf-8").split())
    lines = (tables / "imagenet_synset_to_lemma.txt").read_text(encoding="utf-8").splitlines()
    lemmas = dict(line.split("\t") for line in lines)
    names = tuple(lemmas[wnid].split(", ")[0] for wnid in wnids)
    return ClassSet("imagenet", names, tuple(range(len(wnids))), wnids)


@cache
def imagenet100() -> ClassSet:
    """Return the paper's 100 ImageNet classes, each with its first name, from the bundled list.

    Raises:
        FileNotFoundError: the list is not in `precomputed/`.
    """
    rows = json.loads((PRECOMPUTED / "imagenet100_classes.json").read_text(encoding="utf-8"))
    return ClassSet("imagenet100", *(tuple(row[key] for row in rows) for key in ("name", "imagenet_index", "wnid")))


# Class sets by name.
CLASS_SETS: dict[str, Callable[[], ClassSet]] = {"cifar10": lambda: CIFAR10, "imagenet": imagenet}

# Mean and standard deviation per channel of the training images, for normalisation.
CIFAR10_MEAN, CIFAR10_STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True, eq=False)
class ImageDataset:
    """Decoded images with their labels.

    Args:
        name: "cifar10", "imagenet100", or the name of a folder, archive or sample.
        split: "train" or "test".
        images: uint8 (N, 3, H, W), H = W.
        labels: int64 (N,), positions in `classes.names`.
        classes: the classes, in label order.
        source: description, with the name of the file or folder.
    Raises:
        ValueError: a label without a class.
    """

    name: str
    split: str
    images: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    classes: ClassSet = field(repr=False)
    source: str

    def __post_init__(self) -> None:
        last = len(self.classes) - 1
        if self.labels.min() < 0 or self.labels.max() > last:
            raise ValueError(
                f"{self.source}: labels should be the index of a class, 0 to {last}; they go from "
                f"{self.labels.min()} to {self.labels.max()}"
            )

    def __len__(self) -> int:
        return len(self.images)

    @property
    def image_size(self) -> int:
        """Side H = W in pixels."""
        return int(self.images.shape[-1])

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 (64 hex digits) over shape, pixels and labels: equal for equal data from any file."""
        digest = hashlib.sha256(repr(tuple(int(n) for n in self.images.shape)).encode("ascii"))
        digest.update(np.ascontiguousarray(self.images).data)
        digest.update(np.ascontiguousarray(self.labels, dtype="<i8").data)
        return digest.hexdigest()


SAMPLES = PRECOMPUTED / "samples"
EXAMPLES = PRECOMPUTED / "examples.json"  # docs/files.md has the rule

HOLES = PRECOMPUTED / "holes.json"  # written by precomputed.makers.recognition

_CHOICE = json.loads(EXAMPLES.read_text())
_OPENING = json.loads((PRECOMPUTED / "views" / "opening.json").read_text("utf-8"))  # of `core.pgd.drawings`
_CORNERS = json.loads(HOLES.read_text())  # each where it costs EfficientNet-Lite1 most of the class's probability


class OpeningHole(NamedTuple):
    """Hole with which *Fill a hole* opens: an ellipse of pixels, its centre (x, y) and half its axes, and its word."""

    centre: tuple[int, int]
    radii: tuple[int, int]
    word: str


@dataclass(frozen=True, kw_only=True)
class SampleSet:
    """Bundled pictures of one size and one class set. A new set takes a row below and a folder.

    name: in the session and in the names of stored runs. title: in menus and URLs. dataset: for `load_dataset`.
    image_size: in pixels. class_set: key in `CLASS_SETS`. drawn_title: title in menus and URLs of *Paint*.
    epsilon: size v of the waves on its pictures to begin with; None for the paper's, where that has such pictures.
    folder: holds provenance.json, which `core.data.datasets` reads, and pictures: images.npz, or files that it names.
    first: the initial picture of *Frequencies*. second: the one mixed with it.
    inpainted: the picture with the hole that is filled first. opening: that hole, if it is not the one in `holes`,
    which is filled with what was there.
    holes: (left, top, size) of a picture's initial hole, by index, which stored runs fill by both methods if pictures
    are large enough to show the difference; the others' are in the middle.
    faceless: the pictures with a hole where no method painted the animal's face, judged by eye.
    filled: the pictures of the row of filled holes. drawn: the initial classes of *Paint*, which offers only sets with
    some. rule: one sentence on how they were chosen; may be empty.
    photo: index of the picture that *Paint* turns into another first. photo_word: the word that it draws; empty for the
    first of `drawn`.
    maps: title of every data set with maps about these classes, by its name.
    """

    name: str
    title: str
    dataset: str
    image_size: int
    class_set: str
    drawn_title: str
    folder: Path
    epsilon: float | None = None
    first: int = 0
    second: int = 1
    inpainted: int = 0
    opening: OpeningHole | None = None
    holes: Mapping[int, tuple[int, int, int]] = field(default_factory=dict)
    faceless: tuple[int, ...] = ()
    filled: tuple[int, ...] = ()
    drawn: tuple[str, ...] = ()
    rule: str = ""
    photo: int = 0
    photo_word: str = ""
    maps: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.epsilon is None and self.image_size not in paper.EPSILON:
            raise ValueError(
                f"{self.name}: the paper has no size v for {self.image_size} pixels; the row must name one"
            )

    @property
    def classes(self) -> ClassSet:
        return CLASS_SETS[self.class_set]()

    @property
    def opening_subject(self) -> str:
        """The subject of the stored runs that *Fill a hole* opens with."""
        return f"{self.name}-opening" if self.opening else f"{self.name}-{self.inpainted}"

    def mask(self, index: int) -> np.ndarray:
        """Return the mask of a picture's initial hole, (1, image_size, image_size)."""
        if self.opening and index == self.inpainted:
            return ellipse_mask(self.opening.centre, self.opening.radii, self.image_size)
        return self.square(index)

    def word(self, index: int, label: int) -> str:
        """Return what fills a picture's initial hole: what was there, or the opening's word. label: its class."""
        return self.opening.word if self.opening and index == self.inpainted else self.classes.names[label]

    def square(self, index: int) -> np.ndarray:
        """Return the mask of a picture's hole in `holes`, or in its middle, (1, image_size, image_size)."""
        if index not in self.holes:
            return middle_square(self.image_size)
        left, top, size = self.holes[index]
        return square_mask((left + size // 2, top + size // 2), size, height=self.image_size, width=self.image_size)


SAMPLE_SETS = {
    row.name: row
    for row in (
        SampleSet(
            name="cifar10",
            title="CIFAR-10",
            dataset="cifar10-samples",
            image_size=32,
            class_set="cifar10",
            drawn_title="CIFAR-10, 32 px",
            folder=SAMPLES / "cifar10",
            # The story’s: a bright car that the first cell’s wave makes a ship for one small network alone.
            first=json.loads((PRECOMPUTED / "default_picture.json").read_text())["story"]["position"],
            # A frog that every bundled network recognises.
            second=86,
            # A dog without its face: a second network recognises it only as filled by the robust networks.
            inpainted=5,
            filled=tuple(_CHOICE["filled"]),
            drawn=tuple(_CHOICE["drawn"]),
            rule="A rule chose the example’s classes: the eight of ten in which robust training gains most.",
            maps={"cifar10": "CIFAR-10", "cifar10-samples": "CIFAR-10 samples"},
        ),
        SampleSet(
            name="photographs",
            title="Photographs",
            dataset="photographs",
            image_size=224,
            class_set="imagenet",
            drawn_title="ImageNet, 224 px",
            folder=SAMPLES / "photographs",
            first=9,  # a polar bear that the first wave turns into a shower curtain
            second=2,  # a giant panda
            inpainted=1,  # an espresso
            opening=OpeningHole((118, 60), (58, 50), "ice cream"),  # over the coffee
            holes={k: (*corner, _CORNERS["size"]) for k, corner in enumerate(_CORNERS["corners"])},
            faceless=tuple(_CORNERS["faceless"]),
            drawn=(_OPENING["picked"][0],),
            photo=5,  # a frying pan
            photo_word="pizza",
            rule="We picked the example’s word by eye, and the ice cream of *Fill a hole*.",
            maps={
                "imagenet100": "ImageNet100",
                "imagenet-sample": "ImageNet sample",
                "photographs": "bundled photographs",
            },
        ),
    )
}


def set_of_map(dataset: str) -> SampleSet | None:
    """Return the sample set with the classes of a data set's maps; None if unknown."""
    return next((row for row in SAMPLE_SETS.values() if dataset in row.maps), None)


def map_title(dataset: str) -> str:
    """Return the display title of a data set's maps, or its name if unknown."""
    row = set_of_map(dataset)
    return dataset if row is None else row.maps[dataset]


def usual_epsilon(image_size: int) -> float:
    """Return the size v of waves on pictures of a size: the paper's, else a set's; 0 if neither has one."""
    rows = (row.epsilon for row in SAMPLE_SETS.values() if row.image_size == image_size and row.epsilon)
    return paper.EPSILON.get(image_size) or next(rows, 0.0)


def sets_by_dataset() -> dict[str, SampleSet]:
    """Return the sets by their name in `load_dataset`."""
    return {row.dataset: row for row in SAMPLE_SETS.values()}


def class_set_of(names: tuple[str, ...]) -> ClassSet:
    """Return the classes of a folder or archive; WordNet ids get readable names and ImageNet indices."""
    for known in (CIFAR10, imagenet(), imagenet100()):
        if names == (known.wnids or known.names):
            return known
    every = imagenet()
    index_of = {wnid: index for index, wnid in enumerate(every.wnids or ())}
    if not all(name in index_of for name in names):
        return ClassSet("custom", names)
    indices = tuple(index_of[name] for name in names)
    return ClassSet("custom", tuple(every.names[index] for index in indices), indices, names)
