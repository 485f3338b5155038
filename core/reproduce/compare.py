"""Does a computed heat map agree with the paper's, or with the shipped one?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.fourier.contrasts import clear_waves
from core.fourier.heatmap import TOP1, Heatmap, heatmap_png
from core.fourier.outcomes import Errors, errors_under
from core.fourier.waves import wave_values
from core.shared.numbers import Frequency, Interval, clustered_interval, correlation, wilson

EQUAL_WITHIN = 0.02  # in error: means within this distance count as equal
FEW = 0.05  # share of waves that may differ
FALSE_DISCOVERIES = 0.05


class Match(StrEnum):
    """Verdict of a comparison of maps."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNDECIDED = "cannot tell"


@dataclass(frozen=True)
class MapAgreement:
    """Comparison of a computed map with its reference, errors in [0, 1].

    waves: number of common waves. mean_error, mean_reference: over them. mean_difference: the first minus the second,
    with its 95% interval. differing_waves: their number, with 5% false discoveries allowed. correlation: Pearson's
    over the waves, NaN below three.
    """

    waves: int
    mean_error: float
    mean_reference: float
    mean_difference: Interval
    differing_waves: int
    correlation: float

    @property
    def match(self) -> Match:
        """Verdict: agrees if the mean difference's interval lies within the margin and few waves differ."""
        few, (_, low, high) = self.differing_waves <= FEW * self.waves, self.mean_difference
        if few and low >= -EQUAL_WITHIN and high <= EQUAL_WITHIN:
            return Match.AGREES
        return Match.DIFFERS if not few or self.mean_difference.clear else Match.UNDECIDED


def map_agreement(computed: Heatmap, reference: Heatmap) -> MapAgreement | None:
    """Compare two maps of the same side; None if they have no common waves.

    The interval of the mean difference is paired if both maps store which of the same images they misclassify.
    Otherwise the computed map's interval treats each image as one observation and the other is Wilson's, as if all
    waves misled the same images; Newcombe's method combines them as if the images differed. Both can only widen it.
    """
    comparison = clear_waves(computed, reference, FALSE_DISCOVERIES)
    waves = comparison.waves
    if not waves:
        return None
    ours, theirs = (_mean_error(heatmap, waves) for heatmap in (computed, reference))
    return MapAgreement(
        waves=len(waves),
        mean_error=ours.measured.value,
        mean_reference=theirs.measured.value,
        mean_difference=ours.minus(theirs).measured.item(),
        differing_waves=int(comparison.clear.sum()),
        correlation=correlation(_rates(computed, waves), _rates(reference, waves)),
    )


def _rates(heatmap: Heatmap, waves: Sequence[Frequency]) -> np.ndarray:
    """Return the (W,) top-1 errors under waves, averaged if a published map holds a wave twice."""
    rate = heatmap.rate()
    return (wave_values(rate, waves) + wave_values(rate[::-1, ::-1], waves)) / 2


def _mean_error(heatmap: Heatmap, waves: Sequence[Frequency]) -> Errors:
    """Return the mean error over waves, each image as one observation; from counts alone with Wilson's interval."""
    under = errors_under(heatmap, waves)
    if under.scores is None:
        n = wave_values(heatmap.images, waves).min()
        return Errors(wilson(_rates(heatmap, waves).mean(), int(n)).item())
    scores = under.scores.mean(axis=0)
    return Errors(clustered_interval(scores).item(), scores, under.images)


def map_plots(name: str, heatmap: Heatmap, reference: Heatmap | None) -> dict[str, bytes]:
    """Return a map of most waves and its reference, as PNG by description; none of a map of fewer waves."""
    if 2 * (heatmap.count > 0).sum() <= heatmap.size**2:
        return {}
    plots = {"Computed here.": heatmap_png(heatmap.error_rate, TOP1, title=f"{name}, computed here")}
    if reference is not None:
        origin = "shipped" if reference.printed_rates is None else "published"
        known = np.where(heatmap.count > 0, reference.error_rate, np.nan)
        plots[f"The {origin} map."] = heatmap_png(known, TOP1, title=f"{name}, {origin}")
    return plots
