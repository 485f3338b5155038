"""The parts of the paper's experiments, and the classifiers and data of this machine. Does not import torch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.classifiers.registry import classifier_spec, classifier_title, find_weights, load_classifier
from core.data.datasets import load_dataset
from core.data.sample_sets import ClassSet, ImageDataset, set_of_map
from core.fourier.contrasts import LOW
from core.fourier.waves import half_plane, rounded_radius
from core.pgd.settings import Task
from core.reproduce.judgements import SERIES, Series, load_judge
from core.reproduce.profiled import profile_name
from core.shared import paper
from core.shared.numbers import Frequency
from core.shared.text import one_line, sentence

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier

_EFFICIENTNET = "efficientnet-lite0"
# Bundled networks, and the ends of their figures.
MINIATURES = {"mini-clip": "", "mini-resnet": "", "mini-clip-robust": ", robust", "mini-resnet-robust": ", robust"}


@dataclass(frozen=True)
class Part:
    """A part of the paper, or one in miniature. figure: the paper's, or that of its claims."""

    key: str
    figure: str
    classifier: str
    dataset: Literal["cifar10", "imagenet100"]


@dataclass(frozen=True)
class MapPart(Part):
    """A heat map of the paper, or of a bundled model that stands in for one.

    references: files in `precomputed/heatmaps` to compare with, the first one on exactly the same images, else the
    last; none if no numbers were published. quick: number of distinct waves and of images for `--quick`; None for all.
    """

    references: tuple[str, ...]
    quick: tuple[int, int | None]


@dataclass(frozen=True)
class PicturePart(Part):
    """Many inpainting or generation runs of a series.

    quick, full: number of images. published: the paper's mean loss before and after; None for a network that it does
    not report.
    """

    series: Series
    quick: int
    full: int = 100
    published: tuple[float, float] | None = None


# The mean loss before and after that the paper prints.
PRINTED_LOSSES = {"inpainting": (3.8, 2e-4), "generation": (3.5, 3e-5)}


def _pictures(
    key: str,
    figure: str,
    task: Task,
    dataset: Literal["cifar10", "imagenet100"],
    quick: int,
    networks: Mapping[str, str],
) -> tuple[PicturePart, ...]:
    """Return a part for each series and network. networks: ends of their figures, by name."""
    return tuple(
        PicturePart(f"{key.format(name)}{series.suffix}", f"{figure}{series.title}{end}", name, dataset, series, quick,
                  published=PRINTED_LOSSES[task] if name == paper.CLIP_NAME else None)
        for series in SERIES
        if series.task == task and series.suffix is not None
        for name, end in networks.items()
    )  # fmt: skip


# In the paper's order. All images and few waves are more informative than the reverse, as waves share their images.
MAPS = (
    MapPart("figure-1-clip", "Figure 1, left", paper.CLIP_NAME, "cifar10",
            ("clip-vit-b-32_cifar10_published.npz",), (12, 100)),
    MapPart("figure-1-resnet", "Figure 1, right", "resnet-56", "cifar10", ("resnet-56_cifar10_published.npz",),
            (12, None)),
    MapPart("figure-2-clip", "Figure 2, left", paper.CLIP_NAME, "imagenet100", (), (12, 100)),
    MapPart("figure-2-resnet", "Figure 2, right", "resnet-50", "imagenet100",
            ("resnet-50_imagenet100_published.npz",), (12, 100)),
    MapPart("stand-in-clip", "Figure 1 in miniature, left", "mini-clip", "cifar10",
            ("mini-clip_cifar10-1000.npz", "mini-clip_cifar10.npz"), (48, 1000)),
    MapPart("stand-in-resnet", "Figure 1 in miniature, right", "mini-resnet", "cifar10",
            ("mini-resnet_cifar10-1000.npz", "mini-resnet_cifar10.npz"), (48, 1000)),
)  # fmt: skip

# The paper does not state which start the authors used, so there is a part for each.
PICTURES = (
    *_pictures("figure-3-clip", "Figure 3", "inpainting", "imagenet100", 1, {paper.CLIP_NAME: ""}),
    *_pictures("figure-4-clip", "Figure 4", "generation", "imagenet100", 4, {paper.CLIP_NAME: ""}),
    *_pictures("inpaint-{}", "Figure 3 in miniature", "inpainting", "cifar10", 5, MINIATURES),
    *_pictures(
        "inpaint-efficientnet", "Figure 3, EfficientNet-Lite0", "inpainting", "imagenet100", 1, {_EFFICIENTNET: ""}
    ),
    *_pictures("generate-{}", "Figure 4 in miniature", "generation", "cifar10", 100, MINIATURES),
)

PAPER_PARTS: tuple[MapPart | PicturePart, ...] = (*MAPS, *PICTURES)
KEYS = tuple(part.key for part in PAPER_PARTS)


def draw_waves(size: int, count: int | None, *, seed: int) -> tuple[Frequency, ...] | None:
    """Draw distinct waves of a map, as evenly as possible from low radii, corners and between, the bands of the claims.

    A larger count includes the waves of a smaller one.

    Returns:
        (i, j) of each; None for all waves, if `count` is None or not below their number.
    """
    waves = np.array(half_plane(size))
    if count is None or count >= len(waves):
        return None
    generator, radius = np.random.default_rng(seed), rounded_radius(waves)
    low, corners = LOW.contains(radius), radius > size // 2
    shuffled = [generator.permutation(waves[band]).tolist() for band in (low, corners, ~low & ~corners)]
    drawn = [(i, j) for row in itertools.zip_longest(*shuffled) for i, j in filter(None, row)]
    return tuple(drawn[:count])


@dataclass(eq=False)
class Machine:
    """Classifiers and data of this machine; what is missing is fetched if `download` allows it.

    output: folder of results. clip: the classifier in CLIP's place. weights: files for classifiers by name. seed: of
    every random choice. The last classifier, and a few data sets, stay loaded.
    """

    output: Path
    device: str
    data_dir: Path
    imagenet_dir: Path | None
    clip: str
    weights: Mapping[str, Path]
    download: bool
    seed: int
    classifier: Callable[[str, ClassSet], Classifier] = field(init=False)
    data: Callable[[str, int | None], tuple[ImageDataset, str]] = field(init=False)

    def __post_init__(self) -> None:
        self.classifier, self.data = lru_cache(maxsize=1)(self._classifier), lru_cache(maxsize=4)(self._data)

    def name(self, part: Part) -> str:
        """Return the registry name of a part's classifier, or of the one in its place."""
        return self.clip if part.classifier == paper.CLIP_NAME else part.classifier

    def folder(self, part: Part) -> Path:
        """Return the profile of a part's classifier."""
        return self.output / "profiles" / profile_name(self.name(part))

    def fetch(self, part: Part) -> None:
        """Fetch what a part lacks of weights and of CIFAR-10.

        Raises:
            FileNotFoundError: a download failed.
        """
        name = self.name(part)
        find_weights(classifier_spec(name), self.weights.get(name), download=True)
        if part.dataset == "cifar10":
            self.data(part.dataset, 1)

    def judge(self, part: Part) -> Classifier | None:
        """Load the judge of what a part's network paints, as a profile has it."""
        classes = self.data(part.dataset, 1)[0].classes
        vocabulary = "cifar10" if classes.name == "cifar10" else "imagenet"
        return load_judge(self.name(part), vocabulary, classes, self.device, self.weights)

    def _classifier(self, name: str, classes: ClassSet) -> Classifier:
        return load_classifier(name, classes, device=self.device, weights=self.weights.get(name))

    def _data(self, dataset: str, limit: int | None) -> tuple[ImageDataset, str]:
        """Load the first images of a data set in an order fixed by the seed, or bundled ones and why they stand in."""
        folder = self.imagenet_dir if dataset == "imagenet100" else self.data_dir
        try:
            return load_dataset(dataset, folder, limit=limit, seed=self.seed, download=self.download), ""
        except FileNotFoundError as error:
            row = set_of_map(dataset)
            if row is None or (self.download and dataset == "cifar10"):
                raise
            return load_dataset(row.dataset, limit=limit, seed=self.seed), sentence(one_line(error, 300))


def name_of(classifier: str) -> str:
    """Return a classifier's title, or its folder's name."""
    title = classifier_title(classifier)
    return one_line(title.rpartition("/")[2] if title == classifier else title, 60)
