"""Mean errors of heat maps over rings and bands of radii, differences of two maps, and which waves differ clearly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, groupby, product
from typing import Any, NamedTuple

import numpy as np

from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import Errors, clean_error, errors_under, images_of, map_outcomes
from core.fourier.waves import half_plane, wave_values
from core.shared.numbers import Frequency, Interval, clustered_interval, join_list, wilson
from core.shared.text import one_line


def ring_errors(heatmap: Heatmap) -> dict[int, Errors]:
    """Return the mean top-1 error by radius sqrt(i^2 + j^2), rounded to whole cycles per image, from the middle.

    Each wave counts once, not once for (i, j) and once for (-i, -j). All waves of a ring were added to the same images,
    so their errors are not independent: the interval treats each image as one observation if the map stores which
    images are misclassified (`clustered_interval`). From counts alone it is Wilson's for n images, as if all waves
    misled the same ones, which makes it wider than needed.
    """
    radius, mean, _, n = _ring_means(heatmap)
    scores, images = _ring_scores(heatmap) or {}, images_of(heatmap)
    interval = clustered_interval(np.stack([*scores.values()])) if scores else wilson(mean, n)
    columns = (column.tolist() for column in (radius, *interval._replace(value=mean)))
    return {ring: Errors(Interval(*numbers), scores.get(ring), images) for ring, *numbers in zip(*columns, strict=True)}


def _ring_means(heatmap: Heatmap) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the computed rings, and of each the mean error, its number of waves, and the least number of images."""
    half, rate, images = heatmap.size // 2, heatmap.rate(), heatmap.images
    i, j = np.indices(rate.shape) - half
    radius = np.rint(np.hypot(i, j)).astype(np.int64)
    # A published map may have measured both (i, j) and (-i, -j): [::-1, ::-1] swaps them.
    pairs, images = np.stack([rate, rate[::-1, ::-1]]), np.maximum(images, images[::-1, ::-1])
    known = np.isfinite(pairs).any(axis=0)
    chosen = known & ((j > 0) | ((j == 0) & (i >= 0)))
    rings, ring, waves = np.unique(radius[chosen], return_inverse=True, return_counts=True)
    min_images = np.full(len(rings), np.iinfo(np.int64).max)
    np.minimum.at(min_images, ring, images[chosen])
    return rings, np.bincount(ring, np.nanmean(pairs[:, chosen], axis=0)) / waves, waves, min_images


def _ring_scores(heatmap: Heatmap) -> dict[int, np.ndarray] | None:
    """Return for each ring the share of its waves that misclassify each image, (n,) in [0, 1]."""
    if (outcomes := map_outcomes(heatmap)) is None:
        return None
    radius, wrong = outcomes
    return {ring: wrong[radius == ring].mean(axis=0) for ring in np.unique(radius).tolist()}


class RingDifference(NamedTuple):
    """Difference of two maps over a ring of rounded radius, each with its 95% interval.

    error: difference of the mean errors. rise: difference of their rises over the clean errors; None if one of these is
    unknown.
    """

    radius: int
    error: Interval
    rise: Interval | None


def ring_differences(first: Heatmap, second: Heatmap) -> tuple[RingDifference, ...]:
    """Return `first` minus `second` for each ring, from the middle; the larger map is cropped to the smaller."""
    size = min(first.size, second.size)
    first, second = first.crop(size), second.crop(size)
    a, b = ring_errors(first), ring_errors(second)
    if not np.array_equal(first.count, second.count):  # rings hold different waves and cannot be paired
        a = {radius: Errors(errors.measured) for radius, errors in a.items()}
    clean_a, clean_b = without_wave(first), without_wave(second)

    def rise(radius: int) -> Interval | None:
        if clean_a is None or clean_b is None:
            return None
        return a[radius].minus(clean_a).minus(b[radius].minus(clean_b)).measured.item()

    return tuple(
        RingDifference(radius, a[radius].minus(b[radius]).measured.item(), rise(radius))
        for radius in sorted(a.keys() & b.keys())
    )


def rings_in_words(first: str, second: str, rings: Sequence[RingDifference]) -> str:
    """Say in which rings the first network's error is clearly larger or smaller than the second's, as a sentence."""
    spans: dict[str, list[str]] = {"more": [], "fewer": []}
    for word, group in groupby(rings, lambda ring: "more" if ring.error.low > 0 else "fewer" * (ring.error.high < 0)):
        a, *_, b = 2 * [ring.radius for ring in group]
        if word and a == b:
            spans[word].append(f"at {a}")
        elif word and a == rings[0].radius:
            spans[word].append(f"up to {b}")
        elif word:
            spans[word].append(f"from {a} on" if b == rings[-1].radius else f"from {a} to {b}")
    where = {word: join_list(some) for word, some in spans.items() if some}
    if not where:
        return f"In no ring does {first} make clearly more or fewer mistakes than {second}."
    (word, rings_of_it), *other = where.items()
    rest = f", and {' '.join(other[0])}" if other else ""
    return f"{first} makes clearly {word} mistakes than {second} {rings_of_it} cycles per image{rest}."


@lru_cache(8)
def difference(first: Heatmap, second: Heatmap, top: int = 1) -> Interval:
    """Return `first` minus `second` as (R, R) maps, NaN where either is unknown; crop the larger map to the smaller."""
    size = min(first.size, second.size)
    first, second = first.crop(size), second.crop(size)
    cells = _known_cells(first.rate(top) + second.rate(top))
    a, b = (errors_under(heatmap, cells, top) for heatmap in (first, second))
    return _as_maps(a.minus(b).measured, cells, size)


def _known_cells(rate: np.ndarray) -> list[Frequency]:
    """Return both (i, j) and (-i, -j): a published map may have measured each."""
    span = range(-(len(rate) // 2), len(rate) // 2 + 1)
    return list(compress(product(span, span), np.isfinite(rate).ravel()))


def _as_maps(measured: Interval, cells: Sequence[Frequency], size: int) -> Interval:
    maps = np.full((3, size, size), np.nan)
    rows, columns = np.reshape(cells, (-1, 2)).astype(np.int64).T + size // 2
    maps[:, rows, columns] = measured
    return Interval(*maps)


def mcnemar(only_first: np.ndarray, only_second: np.ndarray) -> np.ndarray:
    """Return the two-sided exact p of McNemar's test: each network is equally often the only wrong one."""
    from scipy.special import betainc  # the binomial distribution without scipy.stats, which takes 47 MB

    fewer, more = np.minimum(only_first, only_second), np.maximum(only_first, only_second)
    return np.where(fewer == more, 1.0, np.minimum(1.0, 2 * betainc(more, fewer + 1, 0.5)))


@dataclass(frozen=True, eq=False)
class ClearWaves:
    """Waves under which two maps differ, among their common waves, at a controlled false discovery rate.

    p: (W,). clear: (W,) bool.
    """

    waves: tuple[Frequency, ...]
    p: np.ndarray
    clear: np.ndarray


def clear_waves(first: Heatmap, second: Heatmap, rate: float = 0.05) -> ClearWaves:
    """Find the waves under which two maps' top-1 errors differ, by the Benjamini-Hochberg procedure.

    p is McNemar's if both know the same images; from counts alone, that of two independent proportions.
    """
    from scipy.stats import false_discovery_control, norm

    size = min(first.size, second.size)
    first, second = first.crop(size), second.crop(size)
    known = wave_values(np.isfinite(first.rate() + second.rate()), half_plane(size))
    waves = tuple(compress(half_plane(size), known))
    a, b = (errors_under(heatmap, waves) for heatmap in (first, second))
    difference = a.minus(b)
    if difference.scores is not None:
        p = mcnemar((difference.scores > 0).sum(axis=1), (difference.scores < 0).sum(axis=1))
    else:
        value = difference.measured.value
        n_a, n_b = (wave_values(heatmap.images, waves) for heatmap in (first, second))
        pooled = (a.measured.value * n_a + b.measured.value * n_b) / (n_a + n_b)
        error = np.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
        p = 2 * norm.sf(np.abs(np.divide(value, error, out=np.zeros_like(value), where=error > 0)))
    clear = false_discovery_control(p) <= rate if len(p) else np.zeros(0, bool)
    return ClearWaves(waves, p, clear)


def mismatches(first: Heatmap, second: Heatmap) -> tuple[str, ...]:
    """Return the reasons why two maps cannot be compared cell by cell, one sentence each; empty if they can."""
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
        reasons.append(f"Their waves have different strengths: {a['epsilon']:g} and {b['epsilon']:g}.")
    if a.get("weakened_as") != b.get("weakened_as"):
        reasons.append("In one of them the waves are weakened, as enlarging the images does.")
    if len(a["class_names"]) != len(b["class_names"]):
        reasons.append(f"They choose among {len(a['class_names'])} and {len(b['class_names'])} classes.")
    return tuple(reasons)


class Band(NamedTuple):
    """Waves with a rounded radius, in cycles per image, of at least `first` and at most `last`."""

    first: int
    last: int

    def contains(self, radius: Any) -> Any:
        """Return True if a rounded radius lies in the band; elementwise."""
        return (self.first <= radius) & (radius <= self.last)

    @property
    def position(self) -> str:
        """Position of the band relative to its edge: "inside" or "outside"."""
        return "outside" if self.first else "inside"

    @property
    def name(self) -> str:
        """Name of its waves on pages."""
        return "fast waves" if self.first else "slow waves"

    @property
    def edge(self) -> float:
        """Radius of the circle that separates the band from the other waves."""
        return self.first - 0.5 if self.first else self.last + 0.5


# The paper gives no radius. LOWEST is the blue circle in the centre of its ResNet's map; LOW adds one ring.
LOWEST, LOW = Band(0, 1), Band(0, 2)


def corners(heatmap: Heatmap) -> Band:
    """Return the band of the highest frequencies: the rings that the map's square cuts, in its four corners."""
    return Band(heatmap.size // 2 + 1, heatmap.size)


# Bands of a map, by the names that claims use.
BANDS: dict[str, Callable[[Heatmap], Band]] = {
    "lowest": lambda _: LOWEST,
    "low": lambda _: LOW,
    "corners": corners,
    "beyond lowest": lambda heatmap: Band(LOWEST.last + 1, heatmap.size),
}


def in_band(heatmap: Heatmap, band: Band | str) -> Errors | None:
    """Return the mean top-1 error over the waves of a band, each counted once; None if none is computed.

    band: waves, or a name in `BANDS`. From counts alone the interval is Wilson's for n images, as if all waves changed
    the prediction of the same images, which makes it wider than needed.
    """
    band = BANDS[band](heatmap) if isinstance(band, str) else band
    rings, means, waves, _ = _ring_means(heatmap)
    chosen = band.contains(rings)
    if not chosen.any():
        return None
    rates, counts = means[chosen].tolist(), waves[chosen].tolist()
    mean = sum(rate * count for rate, count in zip(rates, counts, strict=True)) / sum(counts)
    if (outcomes := map_outcomes(heatmap)) is None:
        return Errors(wilson(mean, int(heatmap.images[heatmap.images > 0].min())).item())
    radius, wrong = outcomes
    scores = wrong[band.contains(radius)].mean(axis=0)
    return Errors(clustered_interval(scores).item(), scores, images_of(heatmap))


def without_wave(heatmap: Heatmap) -> Errors | None:
    """Return the map's clean error, or the one recorded in its metadata; None if neither is known."""
    clean, here = clean_error(heatmap), heatmap.metadata.get("clean_measured_here")
    if clean is not None or not isinstance(here, dict):
        return clean
    errors, n = here.get("top1_errors"), here.get("n")
    if not isinstance(errors, int) or not isinstance(n, int) or not 0 <= errors <= n or n == 0:
        return None
    return Errors(wilson(errors / n, n).item())
