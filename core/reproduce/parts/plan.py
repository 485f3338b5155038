"""Table of the paper's reproducible parts, and of small stand-ins. Does not import torch."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.claims.bands import LOW
from core.classifiers.registry import PAPERS_CLIP
from core.fourier.basis import Frequency, half_plane, rounded_radius
from core.fourier.intervals import FEWEST
from core.reproduce.profile.kinds import KINDS, Kind

CLIP, EFFICIENTNET = PAPERS_CLIP, "efficientnet-lite0"
HYBRIDS_SUFFIX = "-hybrids"  # of the keys of parts on hybrid images
# Bundled networks, and the ends of their figures.
MINIATURES = {"mini-clip": "", "mini-resnet": "", "mini-clip-robust": ", robust", "mini-resnet-robust": ", robust"}


@dataclass(frozen=True)
class Amount:
    """Amount of a map to compute: number of distinct waves, number of images; None for all."""

    waves: int | None = None
    images: int | None = None


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
    last; none if no numbers were published. quick: amount for `--quick`.
    """

    side: int
    references: tuple[str, ...]
    quick: Amount


@dataclass(frozen=True)
class TablePart(Part):
    """Many inpainting or generation runs of a kind.

    quick, full: number of images. published: the paper's mean loss before and after; None for a network that it does
    not report.
    """

    kind: Kind
    quick: int
    full: int = 100
    published: tuple[float, float] | None = None


@dataclass(frozen=True)
class HybridPart(Part):
    """Hybrid images for the network of a map. quick, full: pairs of pictures."""

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
        return self.subject + HYBRIDS_SUFFIX, self.reference + HYBRIDS_SUFFIX


def _tables(
    key: str,
    figure: str,
    mode: Literal["inpaint", "generate"],
    dataset: Literal["cifar10", "imagenet100"],
    quick: int,
    networks: Mapping[str, str],
    published: tuple[float, float] | None = None,
) -> tuple[TablePart, ...]:
    """Return a part for each kind of results and network. networks: ends of their figures, by name."""
    return tuple(
        TablePart(f"{key.format(name)}{kind.suffix}", f"{figure}{kind.title}{end}", name, dataset, kind, quick,
                  published=published)
        for kind in KINDS
        if kind.mode == mode and kind.suffix is not None and (CLIP in networks or not kind.of_clip)
        for name, end in networks.items()
    )  # fmt: skip


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
# The paper does not state which start the authors used, so there is a part for each.
TABLES = (
    *_tables("figure-3-clip", "Figure 3", "inpaint", "imagenet100", 1, {CLIP: ""}, (3.8, 2e-4)),
    *_tables("figure-4-clip", "Figure 4", "generate", "imagenet100", 4, {CLIP: ""}, (3.5, 3e-5)),
    *_tables("inpaint-{}", "Figure 3 in miniature", "inpaint", "cifar10", 5, MINIATURES),
    *_tables("inpaint-efficientnet", "Figure 3, another network", "inpaint", "imagenet100", 1, {EFFICIENTNET: ""}),
    *_tables("generate-{}", "Figure 4 in miniature", "generate", "cifar10", 100, MINIATURES),
)
# A direct test of "relies more on low-frequency information", in addition to the maps.
HYBRIDS = tuple(
    HybridPart(part.key + HYBRIDS_SUFFIX, f"{part.figure}, hybrid images", part.classifier, part.dataset)
    for part in MAPS
    if part.dataset == "cifar10"
)
PAIRS = (
    Pair("Figure 1", "figure-1-clip", "figure-1-resnet"),
    Pair("Figure 2", "figure-2-clip", "figure-2-resnet"),
    Pair("Figure 1 in miniature", "stand-in-clip", "stand-in-resnet"),
)
KEYS = (*(part.key for part in MAPS), *(part.key for part in HYBRIDS), *(part.key for part in TABLES))


def split_by_band(waves: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split (W, 2) waves of a map with a side by radius: low, corners, and between."""
    radius = rounded_radius(waves)
    low, corners = LOW.holds(radius), radius > side // 2
    return waves[low], waves[corners], waves[~low & ~corners]


def waves_needed(waves: Sequence[Frequency], side: int) -> int | None:
    """Return the number of waves, drawn by `draw_waves`, needed to judge claims; None if `waves` suffice.

    Each band needs six waves, or all that it has: with fewer its mean depends on the drawn waves.
    """
    bands, complete_bands = (split_by_band(np.array(selected), side) for selected in (waves, half_plane(side)))
    if all(len(band) >= min(FEWEST, len(complete)) for band, complete in zip(bands, complete_bands, strict=True)):
        return None
    return len(bands) * FEWEST


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
    shuffled_bands = [generator.permutation(band).tolist() for band in split_by_band(waves, side)]
    drawn = [(i, j) for row in itertools.zip_longest(*shuffled_bands) for i, j in filter(None, row)]
    return tuple(drawn[:count])
