"""A computed heat map beside the paper's, or the shipped one: do they agree?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import compress

import numpy as np

from core.fourier.contrasts import Band, clear_waves, contrast, in_band
from core.fourier.heatmap import TOP1, Heatmap, heatmap_png, outcome_rows
from core.fourier.waves import half_plane, wave_values
from core.shared.numbers import Frequency, Interval, correlation

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
    with its 95 % interval. differing_waves: their number, with 5 % false discoveries allowed. correlation: Pearson's
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
    waves misled the same images; Newcombe's method combines them as if the images differed: too wide, if anything.
    """
    waves = _common_waves(computed, reference)
    if not waves:
        return None
    computed, reference = restricted_to(computed, waves), restricted_to(reference, waves)
    everywhere = Band(0, computed.side)
    ours, theirs = in_band(computed, everywhere), in_band(reference, everywhere)
    mean_difference = contrast(ours, theirs)
    assert ours is not None and theirs is not None and mean_difference is not None
    return MapAgreement(
        waves=len(waves),
        mean_error=ours.measured.value,
        mean_reference=theirs.measured.value,
        mean_difference=mean_difference,
        differing_waves=int(clear_waves(computed, reference, FALSE_DISCOVERIES).clear.sum()),
        correlation=correlation(_mean_rate(computed, waves), _mean_rate(reference, waves)),
    )


def _common_waves(*maps: Heatmap) -> tuple[Frequency, ...]:
    """Return the common waves of maps of the same side."""
    waves = half_plane(maps[0].side)
    known = np.all([np.isfinite(wave_values(heatmap.rate(), waves)) for heatmap in maps], axis=0)
    return tuple(compress(waves, known))


def restricted_to(heatmap: Heatmap, waves: tuple[Frequency, ...]) -> Heatmap:
    """Restrict the map to some waves."""
    return heatmap.only(outcome_rows((None, *waves), heatmap.side))


def _mean_rate(heatmap: Heatmap, waves: tuple[Frequency, ...]) -> np.ndarray:
    """Return the (W,) top-1 errors under waves, averaged if a published map holds a wave twice."""
    rate = heatmap.rate()
    return (wave_values(rate, waves) + wave_values(rate[::-1, ::-1], waves)) / 2


def map_plots(name: str, heatmap: Heatmap, reference: Heatmap | None) -> dict[str, bytes]:
    """Return a map of most waves and its reference, as PNG by description; none of a map of fewer waves."""
    if 2 * (heatmap.count > 0).sum() <= heatmap.side**2:
        return {}
    plots = {"Computed here.": heatmap_png(heatmap.error_rate, TOP1, title=f"{name}, computed here")}
    if reference is not None:
        origin = "shipped" if reference.printed_rates is None else "published"
        known = np.where(heatmap.count > 0, reference.error_rate, np.nan)
        plots[f"The {origin} map."] = heatmap_png(known, TOP1, title=f"{name}, {origin}")
    return plots
