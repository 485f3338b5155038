"""What heat maps say: profiles over radius, and differences between two maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import one_line
from core.fourier.heatmap import Heatmap
from core.fourier.intervals import Interval, newcombe, wilson
from core.fourier.paired import clustered_interval, minus_clean_paired, paired_waves, ring_scores


@dataclass(frozen=True)
class RadialProfile:
    """Mean error over rings of equal rounded radius; arrays of one length, ring by ring.

    radius: cycles per image. rate: mean error in [0, 1]. low, high: interval of that mean. spread: standard
    deviation between the ring's waves, 0 for a single one. waves: different waves in the ring. whole: False where
    the map's square cuts the ring, so that the mean is over waves near the diagonals alone.
    """

    radius: np.ndarray
    rate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    spread: np.ndarray
    waves: np.ndarray
    whole: np.ndarray


def radial_profile(heatmap: Heatmap, top: int = 1, confidence: float = 0.95, *, corners: bool = False) -> RadialProfile:
    """Mean error against radius sqrt(i^2 + j^2), rounded to whole cycles per image.

    Each wave counts once, not once for (i, j) and once for (-i, -j). Only whole rings are given, unless `corners` asks
    for those beyond the map's half side as well. All waves of a ring were added to the same images, so their errors are
    not independent: the interval takes each image as one observation where the map says which images are misclassified
    (`clustered_interval`). Where only counts are known it is Wilson's for n images, as if all waves misled the same
    ones, which makes it too wide.
    """
    half, rate, images = heatmap.side // 2, heatmap.rate(top), heatmap.images
    i, j = np.indices(rate.shape) - half
    radius = np.rint(np.hypot(i, j)).astype(np.int64)
    # A published map may have measured (i, j) and (-i, -j) each: [::-1, ::-1] puts the one in the other's cell.
    pairs, images = np.stack([rate, rate[::-1, ::-1]]), np.maximum(images, images[::-1, ::-1])
    known = np.isfinite(pairs).any(axis=0)
    chosen = known & ((j > 0) | ((j == 0) & (i >= 0))) & (corners | (radius <= half))
    wave_rate, wave_images = np.nanmean(pairs[:, chosen], axis=0), images[chosen]
    rings, ring, waves = np.unique(radius[chosen], return_inverse=True, return_counts=True)
    mean = np.bincount(ring, wave_rate) / waves
    min_images = np.full(len(rings), np.iinfo(np.int64).max)
    np.minimum.at(min_images, ring, wave_images)
    scores = ring_scores(heatmap) if top == 1 else None
    if not scores:
        low, high = wilson(mean, min_images, confidence)
    else:
        low, high = clustered_interval(np.array([scores[ring] for ring in rings.tolist()]), confidence)
    spread = np.sqrt(np.bincount(ring, (wave_rate - mean[ring]) ** 2) / waves)
    return RadialProfile(rings, mean, low, high, spread, waves, rings <= half)


@dataclass(frozen=True)
class Difference:
    """Error of one map minus error of another: (R, R) values in [-1, 1], NaN where either is unknown."""

    value: np.ndarray
    interval: Interval


def difference(first: Heatmap, second: Heatmap, top: int = 1, confidence: float = 0.95) -> Difference:
    """`first` minus `second`, over the cells that both have; the larger map is cropped to the smaller.

    The interval is paired where both maps say which of the same images they misclassify, else Newcombe's.
    """
    side = min(first.side, second.side)
    first, second = first.crop(side), second.crop(side)
    rate_a, rate_b = first.rate(top), second.rate(top)
    if top == 1 and (paired := paired_waves(first, second, confidence)) is not None:
        return Difference(rate_a - rate_b, paired.interval_map(side))
    interval = newcombe(rate_a, first.interval(top, confidence), rate_b, second.interval(top, confidence))
    return Difference(rate_a - rate_b, interval)


def minus_clean(heatmap: Heatmap, top: int = 1) -> Difference | None:
    """Error with the wave minus error without; None where the source does not give the clean error.

    The interval is paired where the map says which images are misclassified, else Newcombe's.
    """
    clean = heatmap.clean_rate(top)
    if clean is None:
        return None
    rate = heatmap.rate(top)
    if top == 1 and (paired := minus_clean_paired(heatmap)) is not None:
        return Difference(rate - clean, paired.interval_map(heatmap.side))
    clean_map = np.full_like(rate, clean)
    clean_interval = wilson(clean_map, int(heatmap.clean[2]))
    interval = newcombe(rate, heatmap.interval(top), clean_map, clean_interval)
    return Difference(rate - clean, interval)


def mismatches(first: Heatmap, second: Heatmap) -> tuple[str, ...]:
    """Reasons why two maps cannot be compared cell by cell, each one sentence; empty when they can."""
    a, b = first.metadata, second.metadata
    reasons = []
    if a["image_size"] != b["image_size"]:
        reasons.append(
            f"Their images have {a['image_size']} and {b['image_size']} pixels, "
            "so the same cycles per image are different waves per pixel."
        )
    if a["dataset"]["name"] != b["dataset"]["name"]:
        names = " and ".join(one_line(facts["dataset"]["name"]) for facts in (a, b))
        reasons.append(f"They were measured on different data: {names}.")
    if float(a["epsilon"]) != float(b["epsilon"]):
        reasons.append(f"Their waves have different size v: {a['epsilon']:g} and {b['epsilon']:g}.")
    if a.get("weakened_as") != b.get("weakened_as"):
        reasons.append("In one of them the waves are weakened, as enlarging the images does.")
    if len(a["class_names"]) != len(b["class_names"]):
        reasons.append(f"They choose among {len(a['class_names'])} and {len(b['class_names'])} classes.")
    return tuple(reasons)
