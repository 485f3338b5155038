"""Two maps, or a map and its clean error, on the same images: the statistics that use which images are wrong.

Every image is one observation, whatever the number of waves: what is averaged over waves is averaged image by image
first. Counts alone do not say this; `intervals.newcombe` takes two maps as independent, and on the same images its
interval may come out too wide or too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from statistics import NormalDist

import numpy as np

from core.fourier.basis import Frequency, canonical_frequency, half_plane, rounded_radius, wave_map, wave_values
from core.fourier.heatmap import Heatmap
from core.fourier.intervals import Interval, wilson
from core.fourier.kept import kept_with_its_maps
from core.fourier.outcomes import outcomes


def paired_interval(differences: np.ndarray, confidence: float = 0.95) -> Interval:
    """Interval of the mean of paired differences, in [-1, 1], along the last axis.

    Source: Agresti & Min 2005 for differences of -1, 0 and 1: half an observation is added to each cell of the 2 x 2
    table. Differs by: takes means over several waves as well, whose squares it counts.
    """
    n = differences.shape[-1] + 2
    mean = differences.sum(axis=-1) / n
    variance = ((differences**2).sum(axis=-1) + 1) / n - mean**2
    half = NormalDist().inv_cdf((1 + confidence) / 2) * np.sqrt(variance / n)
    return Interval(np.clip(mean - half, -1, 1), np.clip(mean + half, -1, 1))


def clustered_interval(scores: np.ndarray, confidence: float = 0.95) -> Interval:
    """Interval of the mean of scores in [0, 1], an image each, along the last axis.

    Wilson's for the effective number of images, mean * (1 - mean) / variance of the mean (Kish 1965): that of a single
    wave is Wilson's for n images, that of many waves is narrower where they mislead different images.
    """
    n, mean = scores.shape[-1], scores.mean(axis=-1)
    variance = scores.var(axis=-1) / n
    known = (variance > 0) & (mean > 0) & (mean < 1)
    effective = np.divide(mean * (1 - mean), variance, out=np.full(mean.shape, float(n)), where=known)
    return wilson(mean, effective, confidence)


def ring_scores(heatmap: Heatmap) -> dict[int, np.ndarray] | None:
    """For each rounded radius the share of its waves under which an image is misclassified, (n,) in [0, 1]."""
    found = outcomes(heatmap)
    if found is None:
        return None
    radius = rounded_radius(found.waves)
    return {int(ring): found.wrong[radius == ring].mean(axis=0) for ring in np.unique(radius)}


def same_images(first: Heatmap, second: Heatmap) -> bool:
    """Whether both maps say which images they misclassify, and these are the same images in the same order."""
    if first.labels is None or second.labels is None:
        return False
    a, b = (heatmap.metadata["dataset"].get("content_hash") for heatmap in (first, second))
    return isinstance(a, str) and a == b and np.array_equal(first.labels, second.labels)


def ring_score_differences(first: Heatmap, second: Heatmap) -> dict[int, np.ndarray] | None:
    """`ring_scores` of the first map minus those of the second; None unless `same_images` and the same waves."""
    a, b = ring_scores(first), ring_scores(second)
    alike = same_images(first, second) and np.array_equal(first.count, second.count)
    if a is None or b is None or not alike:
        return None
    return {radius: a[radius] - b[radius] for radius in a}


@dataclass(frozen=True, eq=False)
class PairedWaves:
    """Two maps wave by wave, over the W waves that both computed.

    differences: (W, n) int8, 1 where the first alone is wrong, -1 where the second alone is. p: (W,) of McNemar's
    exact test. interval: (W,) of the first's error minus the second's.
    """

    waves: tuple[Frequency, ...]
    differences: np.ndarray
    p: np.ndarray
    interval: Interval

    def interval_map(self, side: int) -> Interval:
        """The interval as (R, R) maps of that side; NaN where not computed."""
        return Interval(*(wave_map(end, self.waves, side) for end in self.interval))

    def interval_at(self, wave: Frequency) -> tuple[float, float] | None:
        """The interval of one wave; None where not computed."""
        wave = canonical_frequency(*wave)
        if wave not in self.waves:
            return None
        place = self.waves.index(wave)
        return float(self.interval.low[place]), float(self.interval.high[place])


@kept_with_its_maps(8)
def paired_waves(first: Heatmap, second: Heatmap, confidence: float = 0.95) -> PairedWaves | None:
    """McNemar's test and the paired interval for every wave; None unless `same_images`."""
    side = min(first.side, second.side)
    a, b = outcomes(first.crop(side)), outcomes(second.crop(side))
    if a is None or b is None or not same_images(first, second):
        return None
    places = [{wave: place for place, wave in enumerate(found.waves)} for found in (a, b)]
    waves = tuple(wave for wave in a.waves if wave in places[1])
    rows_a, rows_b = ([place[wave] for wave in waves] for place in places)
    differences = a.wrong[rows_a].astype(np.int8) - b.wrong[rows_b]
    return _paired(waves, differences, confidence)


@kept_with_its_maps(8)
def minus_clean_paired(heatmap: Heatmap) -> PairedWaves | None:
    """Each wave against no wave, on the same images; None without outcomes of both."""
    found = outcomes(heatmap)
    if found is None or found.clean is None:
        return None
    return _paired(found.waves, found.wrong.astype(np.int8) - found.clean)


def _paired(waves: tuple[Frequency, ...], differences: np.ndarray, confidence: float = 0.95) -> PairedWaves:
    p = mcnemar((differences > 0).sum(axis=1), (differences < 0).sum(axis=1))
    return PairedWaves(waves, differences, p, paired_interval(differences, confidence))


def mcnemar(only_first: np.ndarray, only_second: np.ndarray) -> np.ndarray:
    """Two-sided exact p of McNemar's test: both networks are as often the only one that is wrong."""
    from scipy.stats import binom

    return np.minimum(1.0, 2 * binom.cdf(np.minimum(only_first, only_second), only_first + only_second, 0.5))


@dataclass(frozen=True, eq=False)
class ClearWaves:
    """Waves under which two maps differ, of all that both hold; the false discovery rate is held at `rate`.

    value: (W,) first minus second. clear: (W,) bool. paired: whether McNemar's test was used, or, from counts alone,
    the test of two independent proportions.
    """

    waves: tuple[Frequency, ...]
    value: np.ndarray
    clear: np.ndarray
    paired: bool


def clear_waves(first: Heatmap, second: Heatmap, rate: float = 0.05) -> ClearWaves:
    """Where two maps' top-1 errors differ, by Benjamini and Hochberg's procedure over all waves."""
    from scipy.stats import false_discovery_control, norm

    if (found := paired_waves(first, second)) is not None:
        waves, value, p = found.waves, found.differences.mean(axis=1), found.p
    else:
        side = min(first.side, second.side)
        first, second = first.crop(side), second.crop(side)
        rates = [wave_values(heatmap.rate(), half_plane(side)) for heatmap in (first, second)]
        waves = tuple(compress(half_plane(side), np.isfinite(rates[0] + rates[1])))
        a, b = (wave_values(heatmap.rate(), waves) for heatmap in (first, second))
        n_a, n_b = (wave_values(heatmap.images, waves) for heatmap in (first, second))
        value, pooled = a - b, (a * n_a + b * n_b) / (n_a + n_b)
        error = np.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
        p = 2 * norm.sf(np.abs(np.divide(value, error, out=np.zeros_like(value), where=error > 0)))
    clear = false_discovery_control(p) <= rate if len(p) else np.zeros(0, bool)
    return ClearWaves(waves, value, clear, found is not None)
