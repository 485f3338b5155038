"""What heat maps say: profiles over radius, and differences between two maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.fourier.basis import canonical_frequency, cell_to_frequency
from core.fourier.heatmap import Heatmap
from core.fourier.intervals import Interval, newcombe, wilson


@dataclass(frozen=True)
class RadialProfile:
    """Mean error over rings of equal rounded radius; arrays of one length, ring by ring.

    radius: cycles per image. rate: mean error in [0, 1]. low, high: interval of that mean. spread: standard
    deviation between the ring's waves, 0 for a single one. waves: different waves in the ring.
    """

    radius: np.ndarray
    rate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    spread: np.ndarray
    waves: np.ndarray


def radial_profile(heatmap: Heatmap, top: int = 1, confidence: float = 0.95) -> RadialProfile:
    """Mean error against radius sqrt(i^2 + j^2), rounded to whole cycles per image.

    Each wave counts once, not once for (i, j) and once for (-i, -j). Only whole rings are given, so the corners
    beyond the map's half side are left out. The interval is Wilson's for n images, not for n times the number of
    waves: all waves of a ring were added to the same images, so their errors are not independent.
    """
    side, rate = heatmap.side, heatmap.rate(top)
    waves: dict[int, list[tuple[float, int]]] = {}
    seen: dict[tuple[int, int], list[float]] = {}
    for row, col in np.argwhere(np.isfinite(rate)):
        wave = canonical_frequency(*cell_to_frequency(int(row), int(col), side))
        seen.setdefault(wave, []).append(float(rate[row, col]))
    for (i, j), values in seen.items():
        radius = round(float(np.hypot(i, j)))
        if radius <= side // 2:
            images = heatmap.images[i + side // 2, j + side // 2]
            waves.setdefault(radius, []).append((float(np.mean(values)), int(images)))
    rings = sorted(waves)
    means = np.array([np.mean([value for value, _ in waves[ring]]) for ring in rings])
    fewest = np.array([min(images for _, images in waves[ring]) for ring in rings], dtype=np.int64)
    low, high = wilson(means, fewest, confidence)
    return RadialProfile(
        radius=np.array(rings, dtype=np.int64),
        rate=means,
        low=low,
        high=high,
        spread=np.array([np.std([value for value, _ in waves[ring]]) for ring in rings]),
        waves=np.array([len(waves[ring]) for ring in rings], dtype=np.int64),
    )


@dataclass(frozen=True)
class Difference:
    """Error of one map minus error of another: (R, R) values in [-1, 1], NaN where either is unknown."""

    value: np.ndarray
    interval: Interval


def difference(first: Heatmap, second: Heatmap, top: int = 1, confidence: float = 0.95) -> Difference:
    """`first` minus `second`, over the cells that both have; the larger map is cropped to the smaller."""
    side = min(first.side, second.side)
    first, second = first.crop(side), second.crop(side)
    rate_a, rate_b = first.rate(top), second.rate(top)
    interval = newcombe(rate_a, first.interval(top, confidence), rate_b, second.interval(top, confidence))
    return Difference(rate_a - rate_b, interval)


def minus_clean(heatmap: Heatmap, top: int = 1, confidence: float = 0.95) -> Difference | None:
    """Error with the wave minus error without; None where the source does not give the clean error."""
    clean = heatmap.clean_rate(top)
    if clean is None:
        return None
    rate = heatmap.rate(top)
    clean_map = np.full_like(rate, clean)
    clean_interval = wilson(clean_map, int(heatmap.clean[2]), confidence)
    interval = newcombe(rate, heatmap.interval(top, confidence), clean_map, clean_interval)
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
        reasons.append(f"They were measured on different data: {a['dataset']['name']} and {b['dataset']['name']}.")
    if float(a["epsilon"]) != float(b["epsilon"]):
        reasons.append(f"Their waves have different size v: {a['epsilon']:g} and {b['epsilon']:g}.")
    if len(a["class_names"]) != len(b["class_names"]):
        reasons.append(f"They choose among {len(a['class_names'])} and {len(b['class_names'])} classes.")
    return tuple(reasons)
