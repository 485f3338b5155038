"""The parts of the paper that can be run again, and small stand-ins for them, as data. Does not import torch."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.fourier.basis import Frequency, half_plane, rounded_radius
from core.fourier.claims.measures import LOW
from core.pgd.config import Penalty

CLIP = "clip-vit-b-32"


@dataclass(frozen=True)
class Amount:
    """How much of a map is computed: how many different waves, how many images; None for all."""

    waves: int | None = None
    images: int | None = None


@dataclass(frozen=True)
class MapPart:
    """A heat map of the paper, or of a bundled model that stands in for one.

    key: names its file. figure: the paper's, or that of the claims it takes part in. references: files in
    `precomputed/heatmaps` to compare with, the first one on the very same images, else the last; none where no numbers
    were published. quick: how much `--quick` computes.
    """

    key: str
    figure: str
    classifier: str
    dataset: Literal["cifar10", "imagenet100"]
    side: int
    references: tuple[str, ...]
    quick: Amount

    @property
    def samples(self) -> str | None:
        """Bundled images that stand in where the data set is not here; ImageNet100 has none with its classes."""
        return "cifar10-samples" if self.dataset == "cifar10" else None


@dataclass(frozen=True)
class TablePart:
    """Many inpainting or generation runs.

    published: the paper's mean loss before and after; None for a network that it does not report. quick, full: images.
    """

    key: str
    figure: str
    mode: Literal["inpaint", "generate"]
    classifier: str
    dataset: Literal["cifar10", "imagenet100"]
    quick: int
    full: int = 100
    penalty: Penalty = "norm"
    published: tuple[float, float] | None = None

    @property
    def samples(self) -> str:
        """Bundled images that stand in where the data set is not here."""
        return "cifar10-samples" if self.dataset == "cifar10" else "photographs"


@dataclass(frozen=True)
class Pair:
    """Two maps, by their keys, that the claims of section 3.1 are about: subject in CLIP's place, reference."""

    title: str
    subject: str
    reference: str


# In the order of the paper. On few images and all waves, or on all images and few waves: the latter says more, because
# waves share their images.
MAPS = (
    MapPart("figure-1-clip", "Figure 1, left", CLIP, "cifar10", 31, ("clip-vit-b-32_cifar10_published.npz",),
            Amount(12, 100)),
    MapPart("figure-1-resnet", "Figure 1, right", "resnet-56", "cifar10", 31, ("resnet-56_cifar10_published.npz",),
            Amount(12)),
    MapPart("figure-2-clip", "Figure 2, left", CLIP, "imagenet100", 63, (), Amount(12, 100)),
    MapPart("figure-2-resnet", "Figure 2, right", "resnet-50", "imagenet100", 63,
            ("resnet-50_imagenet100_published.npz",), Amount(12, 100)),
    MapPart("stand-in-clip", "Figure 1 in miniature, left", "mini-clip", "cifar10", 31,
            ("mini-clip_cifar10-1000.npz", "mini-clip_cifar10.npz"), Amount(48, 1000)),
    MapPart("stand-in-resnet", "Figure 1 in miniature, right", "mini-resnet", "cifar10", 31,
            ("mini-resnet_cifar10-1000.npz", "mini-resnet_cifar10.npz"), Amount(48, 1000)),
)  # fmt: skip
TABLES = (
    TablePart("figure-3-clip", "Figure 3", "inpaint", CLIP, "imagenet100", 1, published=(3.8, 2e-4)),
    TablePart("figure-3-clip-mean-square", "Figure 3, with the notebook’s penalty", "inpaint", CLIP, "imagenet100", 1,
              penalty="mean_square", published=(3.8, 2e-4)),
    TablePart("figure-4-clip", "Figure 4", "generate", CLIP, "imagenet100", 4, published=(3.5, 3e-5)),
    TablePart("inpaint-mini-clip", "Figure 3 in miniature", "inpaint", "mini-clip", "cifar10", 20),
    TablePart("inpaint-mini-resnet", "Figure 3 in miniature", "inpaint", "mini-resnet", "cifar10", 20),
    TablePart("inpaint-efficientnet", "Figure 3, another network", "inpaint", "efficientnet-lite0", "imagenet100", 2),
    TablePart("generate-mini-clip", "Figure 4 in miniature", "generate", "mini-clip", "cifar10", 100),
    TablePart("generate-mini-resnet", "Figure 4 in miniature", "generate", "mini-resnet", "cifar10", 100),
    TablePart("generate-mini-clip-robust", "Figure 4 in miniature, robust", "generate", "mini-clip-robust", "cifar10",
              100),
    TablePart("generate-mini-resnet-robust", "Figure 4 in miniature, robust", "generate", "mini-resnet-robust",
              "cifar10", 100),
)  # fmt: skip
PAIRS = (
    Pair("Figure 1", "figure-1-clip", "figure-1-resnet"),
    Pair("Figure 2", "figure-2-clip", "figure-2-resnet"),
    Pair("Figure 1 in miniature", "stand-in-clip", "stand-in-resnet"),
)
KEYS = tuple(part.key for part in (*MAPS, *TABLES))


def draw_waves(side: int, count: int | None, *, seed: int) -> tuple[Frequency, ...] | None:
    """Different waves of a map of that side, as evenly as can be from low radii, corners and those between.

    These are the bands that the claims are about. A larger count holds the waves of a smaller one.

    Returns:
        (i, j) of each; None for all waves, where `count` is None or not below their number.
    """
    waves = np.array(half_plane(side))
    if count is None or count >= len(waves):
        return None
    radius = rounded_radius(waves)
    low, far = LOW.holds(radius), radius > side // 2
    generator = np.random.default_rng(seed)
    groups = [generator.permutation(waves[group]).tolist() for group in (low, far, ~low & ~far)]
    drawn = [(i, j) for turn in itertools.zip_longest(*groups) for i, j in filter(None, turn)]
    return tuple(drawn[:count])
