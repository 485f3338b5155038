"""What claims are made of: mean errors over bands of waves, and their differences with intervals that fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from core.fourier.basis import rounded_radius
from core.fourier.findings import Estimate, clean_error, mean_of, ring_means
from core.fourier.heatmap import Heatmap
from core.fourier.intervals import wilson
from core.fourier.outcomes import grey, outcomes
from core.fourier.paired import clustered_interval


class Band(NamedTuple):
    """Waves whose rounded radius, in cycles per image, is at least `first` and at most `last`."""

    first: int
    last: int

    def holds(self, radius: Any) -> Any:
        """Whether a rounded radius lies in the band; elementwise."""
        return (self.first <= radius) & (radius <= self.last)


# The paper gives no radius. The blue circle in the centre of its ResNet's map ends with the first; "low" is one more.
LOWEST, LOW = Band(0, 1), Band(0, 2)


def corners(heatmap: Heatmap) -> Band:
    """The highest frequencies: the rings that the map's square cuts, in its four corners."""
    return Band(heatmap.side // 2 + 1, heatmap.side)


@dataclass(frozen=True, eq=False)
class Measured:
    """A mean error with its interval. scores: (n,) image by image, where the map says which are misclassified."""

    estimate: Estimate
    scores: np.ndarray | None = None


def in_band(heatmap: Heatmap, band: Band) -> Measured | None:
    """Mean top-1 error over the waves of a band, each counted once; None where none is computed.

    From counts alone the interval is Wilson's for n images, as if all waves misled the same ones: too wide.
    """
    rings = [ring for ring in ring_means(heatmap) if band.holds(ring.radius)]
    if not rings:
        return None
    mean = sum(ring.waves * ring.error.value for ring in rings) / sum(ring.waves for ring in rings)
    found, scores = outcomes(heatmap), None
    if found is None:
        ends = wilson(mean, int(heatmap.images[heatmap.images > 0].min()))
    else:
        scores = found.wrong[band.holds(rounded_radius(found.waves))].mean(axis=0)
        ends = clustered_interval(scores)
    return Measured(Estimate.of(mean, ends), scores)


def without_wave(heatmap: Heatmap) -> Measured | None:
    """The clean error: the map's own, or the one that its metadata say was measured here; None where neither is."""
    estimate, found = clean_error(heatmap), outcomes(heatmap)
    if estimate is not None:
        return Measured(estimate, None if found is None or found.clean is None else found.clean.astype(float))
    here = heatmap.metadata.get("clean_measured_here")
    errors, n = (here.get("top1_errors"), here.get("n")) if isinstance(here, dict) else (None, None)
    if not isinstance(errors, int) or not isinstance(n, int) or not 0 <= errors <= n or n == 0:
        return None
    return Measured(Estimate.of(errors / n, wilson(errors / n, n)))


def difference(first: Measured, second: Measured, *, paired: bool) -> Estimate:
    """First minus second; image by image where both scores are known and `paired` says that the images are the same."""
    if paired and first.scores is not None and second.scores is not None:
        return mean_of(first.scores - second.scores)
    return first.estimate.minus(second.estimate)


def grey_minus_coloured(heatmap: Heatmap, band: Band) -> Estimate | None:
    """Mean error under the grey waves of a band minus that under its coloured ones, image by image.

    Every image met both kinds, but for a few in a band of few waves, which are left out. None without outcomes or a
    seed, or where no image met both.
    """
    found, signs = outcomes(heatmap), grey(heatmap)
    if found is None or signs is None:
        return None
    chosen = band.holds(rounded_radius(found.waves))
    wrong, signs = found.wrong[chosen], signs[chosen]
    both = signs.any(axis=0) & ~signs.all(axis=0)
    if not both.any():
        return None
    wrong, signs = wrong[:, both], signs[:, both]
    parts = [(wrong & some).sum(axis=0) / some.sum(axis=0) for some in (signs, ~signs)]
    return mean_of(parts[0] - parts[1])
