"""The parts of the paper's experiments, and what of them can run on this machine. Does not import torch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.classifiers.registry import (
    classifier_spec,
    classifier_state,
    classifier_title,
    find_weights,
    load_classifier,
)
from core.data.datasets import load_dataset
from core.data.sample_sets import ImageDataset, set_of_map
from core.fourier.contrasts import LOW
from core.fourier.waves import half_plane, rounded_radius
from core.reproduce.judgements import KINDS, Kind, load_judge
from core.reproduce.profiled import ProfiledNetwork, ProfileFile
from core.shared import paper
from core.shared.download import format_bytes
from core.shared.files import make_folder
from core.shared.numbers import Frequency
from core.shared.text import one_line

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

    side: int
    references: tuple[str, ...]
    quick: tuple[int, int | None]


@dataclass(frozen=True)
class PicturePart(Part):
    """Many inpainting or generation runs of a kind.

    quick, full: number of images. published: the paper's mean loss before and after; None for a network that it does
    not report.
    """

    kind: Kind
    quick: int
    full: int = 100
    published: tuple[float, float] | None = None


# The mean loss before and after that the paper prints.
PRINTED_LOSSES = {"inpaint": (3.8, 2e-4), "generate": (3.5, 3e-5)}


def _pictures(
    key: str,
    figure: str,
    mode: Literal["inpaint", "generate"],
    dataset: Literal["cifar10", "imagenet100"],
    quick: int,
    networks: Mapping[str, str],
) -> tuple[PicturePart, ...]:
    """Return a part for each kind of results and network. networks: ends of their figures, by name."""
    return tuple(
        PicturePart(f"{key.format(name)}{kind.suffix}", f"{figure}{kind.title}{end}", name, dataset, kind, quick,
                  published=PRINTED_LOSSES[mode] if name == paper.CLIP_NAME else None)
        for kind in KINDS
        if kind.mode == mode and kind.suffix is not None and (paper.CLIP_NAME in networks or not kind.of_clip)
        for name, end in networks.items()
    )  # fmt: skip


# In the paper's order. All images and few waves are more informative than the reverse, as waves share their images.
MAPS = (
    MapPart("figure-1-clip", "Figure 1, left", paper.CLIP_NAME, "cifar10", 31,
            ("clip-vit-b-32_cifar10_published.npz",), (12, 100)),
    MapPart("figure-1-resnet", "Figure 1, right", "resnet-56", "cifar10", 31, ("resnet-56_cifar10_published.npz",),
            (12, None)),
    MapPart("figure-2-clip", "Figure 2, left", paper.CLIP_NAME, "imagenet100", 63, (), (12, 100)),
    MapPart("figure-2-resnet", "Figure 2, right", "resnet-50", "imagenet100", 63,
            ("resnet-50_imagenet100_published.npz",), (12, 100)),
    MapPart("stand-in-clip", "Figure 1 in miniature, left", "mini-clip", "cifar10", 31,
            ("mini-clip_cifar10-1000.npz", "mini-clip_cifar10.npz"), (48, 1000)),
    MapPart("stand-in-resnet", "Figure 1 in miniature, right", "mini-resnet", "cifar10", 31,
            ("mini-resnet_cifar10-1000.npz", "mini-resnet_cifar10.npz"), (48, 1000)),
)  # fmt: skip

# The paper does not state which start the authors used, so there is a part for each.
PICTURES = (
    *_pictures("figure-3-clip", "Figure 3", "inpaint", "imagenet100", 1, {paper.CLIP_NAME: ""}),
    *_pictures("figure-4-clip", "Figure 4", "generate", "imagenet100", 4, {paper.CLIP_NAME: ""}),
    *_pictures("inpaint-{}", "Figure 3 in miniature", "inpaint", "cifar10", 5, MINIATURES),
    *_pictures("inpaint-efficientnet", "Figure 3, another network", "inpaint", "imagenet100", 1, {_EFFICIENTNET: ""}),
    *_pictures("generate-{}", "Figure 4 in miniature", "generate", "cifar10", 100, MINIATURES),
)

PAPER_PARTS: tuple[MapPart | PicturePart, ...] = (*MAPS, *PICTURES)
KEYS = tuple(part.key for part in PAPER_PARTS)


def draw_waves(side: int, count: int | None, *, seed: int) -> tuple[Frequency, ...] | None:
    """Draw distinct waves of a map, as evenly as possible from low radii, corners and between, the bands of the claims.

    A larger count includes the waves of a smaller one.

    Returns:
        (i, j) of each; None for all waves, if `count` is None or not below their number.
    """
    waves = np.array(half_plane(side))
    if count is None or count >= len(waves):
        return None
    generator, radius = np.random.default_rng(seed), rounded_radius(waves)
    low, corners = LOW.contains(radius), radius > side // 2
    shuffled = [generator.permutation(waves[band]).tolist() for band in (low, corners, ~low & ~corners)]
    drawn = [(i, j) for row in itertools.zip_longest(*shuffled) for i, j in filter(None, row)]
    return tuple(drawn[:count])


@dataclass(eq=False)
class Machine:
    """Locations of classifiers, data and results, and permission to download.

    output: folder of results. clip: the classifier in CLIP's place. weights: files for classifiers by name. download:
    allow fetching weights and CIFAR-10. seed: of every choice of images. dtype: of the maps' forward passes.
    """

    output: Path
    device: str
    data_dir: Path
    imagenet_dir: Path
    clip: str
    weights: Mapping[str, Path]
    download: bool
    seed: int
    dtype: str
    batch_size: int | None
    _network: ProfiledNetwork | None = None
    # Cached: the sentence on a missing data set, and a few data sets.
    missing_data: Callable[[str], str] = field(init=False)
    images: Callable[[str, int | None], ImageDataset] = field(init=False)

    def __post_init__(self) -> None:
        self.missing_data, self.images = cache(self._missing_data), lru_cache(maxsize=4)(self._load_images)

    def name(self, classifier: str) -> str:
        """Return the registry name of the classifier in another one's place."""
        return self.clip if classifier == paper.CLIP_NAME else classifier

    def missing_requirements(self, part: Part) -> tuple[str, ...]:
        """List missing requirements of a part, one sentence each, after permitted downloads.

        Raises:
            FileNotFoundError, RuntimeError: a permitted download failed.
        """
        weights, data = self._missing_weights(self.name(part.classifier)), self.missing_data(part.dataset)
        # The bundled photographs lack most of ImageNet100's classes, over which a map averages.
        needs_data = isinstance(part, MapPart) and part.dataset == "imagenet100"
        return tuple(filter(None, (weights, data if needs_data else "")))

    def _missing_weights(self, name: str) -> str:
        """Return a sentence on a classifier's missing weights; empty if they are on this machine."""
        spec, file = classifier_spec(name), self.weights.get(name)
        state, title = classifier_state(name, file), one_line(spec.title)
        if state.status == "unavailable":
            return f"{title} is not available: {state.detail}"
        if state.status == "ready":
            return ""
        if not self.download:
            return (
                f"The weights of {title} are not on this machine: add --download "
                f"({format_bytes(state.download_bytes).split(' (')[0]}), or --weights {name}=FILE."
            )
        find_weights(spec, download=True)
        return ""

    def _missing_data(self, dataset: str) -> str:
        """Return a sentence on a missing data set, for which bundled pictures stand in; empty if it is here."""
        try:
            self._load(dataset, 1)
        except FileNotFoundError:
            if dataset == "imagenet100":
                return (
                    "ImageNet100 is not here: give --imagenet-dir FOLDER with the validation images, "
                    "one folder for each WordNet id."
                )
            if self.download:
                raise
            return "CIFAR-10 is not here: give --data-dir FOLDER, or add --download (170 MB)."
        return ""

    def _load_images(self, dataset: str, limit: int | None) -> ImageDataset:
        """Load the first images of a data set in an order fixed by the seed, or of the pictures that stand in."""
        row = set_of_map(dataset)
        assert row is not None
        return self._load(row.dataset if self.missing_data(dataset) else dataset, limit)

    def _load(self, dataset: str, limit: int | None) -> ImageDataset:
        folder = self.imagenet_dir if dataset == "imagenet100" else self.data_dir
        return load_dataset(dataset, folder, limit=limit, seed=self.seed, download=self.download)

    def network(self, part: Part) -> ProfiledNetwork:
        """Return the network of a part with its images; the last network stays loaded."""
        name = self.name(part.classifier)
        images = partial(self.images, part.dataset)
        if self._network is None or self._network.name != name:
            load = partial(load_classifier, name, device=self.device, weights=self.weights.get(name))
            self._network = ProfiledNetwork(
                name,
                load,
                images,
                quick=False,
                seed=self.seed,
                batch_size=self.batch_size,
                dtype=self.dtype,
            )
        return replace(self._network, images=images, judge=partial(self._judge, part))

    def _judge(self, part: Part, device: Any) -> Classifier | None:
        """Load the judge of what a part's network paints: another one of fixed classes."""
        classes = self.images(part.dataset, 1).classes
        vocabulary = "cifar10" if classes.name == "cifar10" else "imagenet"
        return load_judge(self.name(part.classifier), vocabulary, classes, device, self.weights, "closed-set")

    def complete(self, part: Part, item: ProfileFile) -> Any:
        """Complete a part's file in its network's profile; return its content.

        Raises:
            ValueError: the file has other settings.
        """
        path = self.output / "profiles" / self.network(part).file_name / item.path
        make_folder(path.parent)
        return item.make(path)


def name_of(classifier: str) -> str:
    """Return a classifier's title, or its folder's name."""
    title = classifier_title(classifier)
    return one_line(title.rpartition("/")[2] if title == classifier else title, 60)
