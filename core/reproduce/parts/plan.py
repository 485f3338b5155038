"""Table of the paper's reproducible parts, and of small stand-ins. Does not import torch."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.claims.bands import LOW
from core.classifiers.registry import PAPERS_CLIP
from core.fourier.basis import Frequency, half_plane, rounded_radius
from core.fourier.intervals import FEWEST
from core.pgd.penalties import Penalty
from core.runs.starts import StartKind

CLIP = PAPERS_CLIP
MINIATURES = {"mini-clip": "", "mini-resnet": "", "mini-clip-robust": ", robust", "mini-resnet-robust": ", robust"}


@dataclass(frozen=True)
class Amount:
    """Amount of a map to compute: number of distinct waves, number of images; None for all."""

    waves: int | None = None
    images: int | None = None


@dataclass(frozen=True)
class MapPart:
    """A heat map of the paper, or of a bundled model that stands in for one.

    key: names its file. figure: the paper's, or that of its claims. references: files in
    `precomputed/heatmaps` to compare with, the first one on exactly the same images, else the last; none if no numbers
    were published. quick: amount for `--quick`.
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
        """Bundled substitute for a missing data set; ImageNet100 has none with its classes."""
        return "cifar10-samples" if self.dataset == "cifar10" else None


@dataclass(frozen=True)
class TablePart:
    """Many inpainting or generation runs.

    penalty, start: of Eq. 3, and of generation. published: the paper's mean loss before and after; None for
    a network that it does not report. quick, full: images.
    """

    key: str
    figure: str
    mode: Literal["inpaint", "generate"]
    classifier: str
    dataset: Literal["cifar10", "imagenet100"]
    quick: int
    full: int = 100
    penalty: Penalty = "eq3"
    start: StartKind = "blur"
    published: tuple[float, float] | None = None

    @property
    def samples(self) -> str:
        """Bundled substitute for a missing data set."""
        return "cifar10-samples" if self.dataset == "cifar10" else "photographs"


@dataclass(frozen=True)
class HybridPart:
    """Hybrid images for the network of a map. quick, full: pairs of pictures."""

    key: str
    figure: str
    classifier: str
    dataset: Literal["cifar10", "imagenet100"] = "cifar10"
    samples: str = "cifar10-samples"
    quick: int = 200
    full: int = 2000


@dataclass(frozen=True)
class Pair:
    """Keys of two maps for the claims of section 3.1: subject, in CLIP's place, and reference."""

    title: str
    subject: str
    reference: str

    @property
    def hybrids(self) -> tuple[str, str]:
        """Keys of both networks' hybrid images."""
        return self.subject + MIXED, self.reference + MIXED


MIXED = "-hybrids"  # key suffix of a map's network for its hybrid images
# In the paper's order. All images and few waves are more informative than the reverse, as waves share their images.
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
# Inpainting: Eq. 3 minimised, Eq. 3 by plain steps, the notebook's penalty. Generation: from either start. The paper
# does not state which step and which start the authors used.
TABLES = (
    TablePart("figure-3-clip", "Figure 3", "inpaint", CLIP, "imagenet100", 1, published=(3.8, 2e-4)),
    TablePart("figure-3-clip-plain", "Figure 3, by plain steps", "inpaint", CLIP, "imagenet100", 1, penalty="norm",
              published=(3.8, 2e-4)),
    TablePart("figure-3-clip-mean-square", "Figure 3, with the notebook’s penalty", "inpaint", CLIP, "imagenet100", 1,
              penalty="mean_square", published=(3.8, 2e-4)),
    TablePart("figure-4-clip", "Figure 4, from blurs", "generate", CLIP, "imagenet100", 4, published=(3.5, 3e-5)),
    TablePart("figure-4-clip-noise", "Figure 4, from pixel noise", "generate", CLIP, "imagenet100", 4,
              start="independent", published=(3.5, 3e-5)),
    *(
        TablePart(f"inpaint-{name}", f"Figure 3 in miniature{suffix}", "inpaint", name, "cifar10", 5)
        for name, suffix in MINIATURES.items()
    ),
    *(
        TablePart(f"inpaint-{name}-plain", f"Figure 3 in miniature, by plain steps{suffix}", "inpaint", name, "cifar10",
                  5, penalty="norm")
        for name, suffix in MINIATURES.items()
    ),
    TablePart("inpaint-efficientnet", "Figure 3, another network", "inpaint", "efficientnet-lite0", "imagenet100", 1),
    TablePart("inpaint-efficientnet-plain", "Figure 3, another network, by plain steps", "inpaint",
              "efficientnet-lite0", "imagenet100", 1, penalty="norm"),
    *(
        TablePart(f"generate-{name}", f"Figure 4 in miniature, from blurs{suffix}", "generate", name, "cifar10", 100)
        for name, suffix in MINIATURES.items()
    ),
    *(
        TablePart(f"generate-{name}-noise", f"Figure 4 in miniature, from pixel noise{suffix}", "generate", name,
                  "cifar10", 100, start="independent")
        for name, suffix in MINIATURES.items()
    ),
)  # fmt: skip
# A direct test of "relies more on low-frequency information", in addition to the maps.
HYBRIDS = tuple(
    HybridPart(part.key + MIXED, f"{part.figure}, hybrid images", part.classifier)
    for part in MAPS
    if part.dataset == "cifar10"
)
PAIRS = (
    Pair("Figure 1", "figure-1-clip", "figure-1-resnet"),
    Pair("Figure 2", "figure-2-clip", "figure-2-resnet"),
    Pair("Figure 1 in miniature", "stand-in-clip", "stand-in-resnet"),
)
KEYS = (*(part.key for part in MAPS), *(part.key for part in HYBRIDS), *(part.key for part in TABLES))
Part = MapPart | HybridPart | TablePart


def by_band(waves: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split (W, 2) waves of a map with a side by radius: low, corners, and between."""
    radius = rounded_radius(waves)
    low, far = LOW.holds(radius), radius > side // 2
    return waves[low], waves[far], waves[~low & ~far]


def waves_needed(waves: Sequence[Frequency], side: int) -> int | None:
    """Return the number of waves, drawn by `draw_waves`, needed to judge claims; None if `waves` suffice.

    Each band needs six waves, or all that it has: with fewer its mean depends on the drawn waves.
    """
    have, all_of_them = (by_band(np.array(some), side) for some in (waves, half_plane(side)))
    if all(len(some) >= min(FEWEST, len(every)) for some, every in zip(have, all_of_them, strict=True)):
        return None
    return len(have) * FEWEST


def draw_waves(side: int, count: int | None, *, seed: int) -> tuple[Frequency, ...] | None:
    """Draw distinct waves of a map, as evenly as possible from low radii, corners and between.

    These are the bands of the claims. A larger count includes the waves of a smaller one.

    Returns:
        (i, j) of each; None for all waves, if `count` is None or not below their number.
    """
    waves = np.array(half_plane(side))
    if count is None or count >= len(waves):
        return None
    generator = np.random.default_rng(seed)
    groups = [generator.permutation(group).tolist() for group in by_band(waves, side)]
    drawn = [(i, j) for turn in itertools.zip_longest(*groups) for i, j in filter(None, turn)]
    return tuple(drawn[:count])
