"""Mean errors of heat maps over rings of rounded radius, and differences of two maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.fourier.basis import rounded_radius
from core.fourier.intervals import Interval, clustered_interval, wilson
from core.fourier.maps.contrasts import Errors, images_of
from core.fourier.maps.heatmap import Heatmap
from core.fourier.maps.outcomes import outcomes


@dataclass(frozen=True)
class RadialProfile:
    """Mean error over rings of equal rounded radius; arrays with one entry per ring.

    radius: cycles per image. rate: mean error in [0, 1]. low, high: its interval. spread: standard deviation between
    the ring's waves, 0 for a single one. waves: number of distinct waves. whole: False if the map's square cuts the
    ring, so that only waves near the diagonals count.
    """

    radius: np.ndarray
    rate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    spread: np.ndarray
    waves: np.ndarray
    whole: np.ndarray


def radial_profile(heatmap: Heatmap, top: int = 1, *, corners: bool = False) -> RadialProfile:
    """Return the mean error by radius sqrt(i^2 + j^2), rounded to whole cycles per image.

    Each wave counts once, not once for (i, j) and once for (-i, -j). Complete rings only, unless `corners` asks
    for those beyond the map's half side as well. All waves of a ring were added to the same images, so their errors are
    not independent: the interval treats each image as one observation if the map stores which images are misclassified
    (`clustered_interval`). From counts alone it is Wilson's for n images, as if all waves misled the same ones: too
    wide.
    """
    half, rate, images = heatmap.side // 2, heatmap.rate(top), heatmap.images
    i, j = np.indices(rate.shape) - half
    radius = np.rint(np.hypot(i, j)).astype(np.int64)
    # A published map may have measured both (i, j) and (-i, -j): [::-1, ::-1] swaps them.
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
        _, low, high = wilson(mean, min_images)
    else:
        _, low, high = clustered_interval(np.array([scores[ring] for ring in rings.tolist()]))
    spread = np.sqrt(np.bincount(ring, (wave_rate - mean[ring]) ** 2) / waves)
    return RadialProfile(rings, mean, low, high, spread, waves, rings <= half)


def ring_errors(heatmap: Heatmap) -> dict[int, Errors]:
    """Return the mean top-1 error of each computed ring, from the middle to the corners."""
    profile, scores, images = radial_profile(heatmap, corners=True), ring_scores(heatmap) or {}, images_of(heatmap)
    columns = (column.tolist() for column in (profile.radius, profile.rate, profile.low, profile.high))
    return {
        radius: Errors(Interval(*numbers), scores.get(radius), images)
        for radius, *numbers in zip(*columns, strict=True)
    }


def ring_scores(heatmap: Heatmap) -> dict[int, np.ndarray] | None:
    """Return for each ring the share of its waves that misclassify each image, (n,) in [0, 1]."""
    result = outcomes(heatmap)
    if result is None:
        return None
    radius = rounded_radius(result.waves)
    return {int(ring): result.wrong[radius == ring].mean(axis=0) for ring in np.unique(radius)}


def ring_differences(first: Heatmap, second: Heatmap) -> tuple[tuple[int, Interval], ...]:
    """Return (radius, first minus second) of each ring; the larger map is cropped to the smaller."""
    side = min(first.side, second.side)
    first, second = first.crop(side), second.crop(side)
    a, b = ring_errors(first), ring_errors(second)
    if not np.array_equal(first.count, second.count):  # rings hold different waves and cannot be paired
        a = {radius: Errors(errors.measured) for radius, errors in a.items()}
    return tuple((radius, a[radius].minus(b[radius]).measured.item()) for radius in sorted(a.keys() & b.keys()))
