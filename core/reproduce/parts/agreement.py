"""Agreement of a computed map with its reference, over their common waves."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import compress
from typing import Any

import numpy as np

from core.claims.bands import Band, in_band
from core.fourier.basis import Frequency, half_plane, wave_map, wave_values
from core.fourier.intervals import Interval, correlation
from core.fourier.maps.contrasts import Errors, clear_waves, contrast, errors_under, same_images
from core.fourier.maps.heatmap import MEANS, Heatmap, outcome_row

MARGIN = 0.02  # in error: means within this distance count as equal
FEW = 0.05  # share of waves that may differ
FALSE_DISCOVERIES = 0.05


class Match(StrEnum):
    """Verdict of a comparison."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNDECIDED = "cannot tell"
    NOT_COMPARED = "nothing to compare with"


def measured_json(measured: Interval) -> dict[str, Any]:
    """Return a number with its interval, [low, high], as a JSON object, null if unknown."""
    value = None if math.isnan(measured.value) else measured.value
    return {"value": value, "interval": measured.ends}


@dataclass(frozen=True)
class WaveRow:
    """One wave: computed and reference top-1 error in [0, 1], and their difference with its 95 % interval."""

    wave: Frequency
    error: float
    reference: float
    difference: Interval


@dataclass(frozen=True)
class MapAgreement:
    """Comparison of a computed map with its reference, errors in [0, 1].

    mean_error, mean_reference: over the common waves. mean_difference: the first minus the second, with its 95 %
    interval. mean_absolute_difference: over the waves; expected_by_chance: that of two independent draws of as many
    images as either map used, None if both maps use the same images. differing_waves: their number, with 5 % false
    discoveries allowed. identical_waves: those with the same count of errors, where both maps have the same images and
    random signs; else None. correlation: Pearson's over the waves, NaN below three. paired: compared image by image.
    """

    mean_error: float
    mean_reference: float
    mean_difference: Interval
    mean_absolute_difference: float
    expected_by_chance: float | None
    differing_waves: int
    identical_waves: int | None
    correlation: float
    paired: bool
    rows: tuple[WaveRow, ...]

    @property
    def largest(self) -> WaveRow:
        """The wave with the largest difference."""
        return max(self.rows, key=lambda row: abs(row.difference.value))

    @property
    def match(self) -> Match:
        """Verdict: agrees if the mean difference's interval lies within the margin and few waves differ."""
        few, (_, low, high) = self.differing_waves <= FEW * len(self.rows), self.mean_difference
        if few and low >= -MARGIN and high <= MARGIN:
            return Match.AGREES
        return Match.DIFFERS if not few or self.mean_difference.clear else Match.UNDECIDED

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as a JSON object; an interval is [low, high]."""
        rows = [
            {
                "i": row.wave[0],
                "j": row.wave[1],
                "error": row.error,
                "reference": row.reference,
                "difference": row.difference.value,
                "interval": row.difference.ends,
            }
            for row in self.rows
        ]
        return {
            **vars(self),
            "match": self.match,
            "waves": len(self.rows),
            "mean_difference": self.mean_difference.value,
            "interval": self.mean_difference.ends,
            "largest": {"wave": list(self.largest.wave), "difference": self.largest.difference.value},
            "correlation": None if np.isnan(self.correlation) else self.correlation,
            "rows": rows,
        }


def map_agreement(computed: Heatmap, reference: Heatmap) -> MapAgreement | None:
    """Compare two maps of the same side; None if they have no common waves.

    The interval of the mean difference is paired if both maps store which of the same images they misclassify.
    Otherwise the computed map's interval treats each image as one observation and the other is Wilson's, as if all
    waves misled the same images; Newcombe's method combines them as if the images differed: too wide, if anything.
    """
    waves = common_waves(computed, reference)
    if not waves:
        return None
    computed, reference = restricted_to(computed, waves), restricted_to(reference, waves)
    everywhere, paired = Band(0, computed.side), same_images(computed, reference)
    ours, theirs = in_band(computed, everywhere), in_band(reference, everywhere)
    apart = contrast(ours, theirs)
    assert ours is not None and theirs is not None and apart is not None
    computed_errors, reference_errors = wave_errors(computed, waves), wave_errors(reference, waves)
    a, b = computed_errors.measured.value, reference_errors.measured.value
    differences = computed_errors.minus(reference_errors).measured
    rows = tuple(
        WaveRow(wave, error, other, Interval(*numbers))
        for wave, error, other, *numbers in zip(waves, *(part.tolist() for part in (a, b, *differences)), strict=True)
    )
    return MapAgreement(
        mean_error=ours.measured.value,
        mean_reference=theirs.measured.value,
        mean_difference=apart,
        mean_absolute_difference=float(np.abs(a - b).mean()),
        expected_by_chance=None
        if paired
        else _by_chance(b, *(wave_values(heatmap.images, waves) for heatmap in (computed, reference))),
        differing_waves=int(clear_waves(computed, reference, FALSE_DISCOVERIES).clear.sum()),
        correlation=correlation(a, b),
        identical_waves=int((a == b).sum()) if _same_draw(computed, reference) else None,
        paired=paired,
        rows=rows,
    )


def _same_draw(first: Heatmap, second: Heatmap) -> bool:
    """Return whether both maps were computed on the same images with the same random signs."""
    a, b = ((heatmap.metadata["dataset"]["content_hash"], heatmap.metadata["seed"]) for heatmap in (first, second))
    return a == b


def common_waves(*maps: Heatmap) -> tuple[Frequency, ...]:
    """Return the common waves of maps of the same side."""
    waves = half_plane(maps[0].side)
    known = np.all([np.isfinite(wave_values(heatmap.rate(), waves)) for heatmap in maps], axis=0)
    return tuple(compress(waves, known))


def restricted_to(heatmap: Heatmap, waves: tuple[Frequency, ...]) -> Heatmap:
    """Restrict the map to some waves."""
    absent = np.isnan(wave_map(np.zeros(len(waves)), waves, heatmap.side))
    changes: dict[str, Any] = {"count": np.where(absent, 0, heatmap.count)}
    changes |= {name: np.where(absent, -1, getattr(heatmap, name)) for name in ("top1_errors", "top5_errors")}
    for name in ("printed_rates", *MEANS, "sampling_variance"):
        if (array := getattr(heatmap, name)) is not None:
            changes[name] = np.where(absent, np.nan, array)
    if heatmap.outcomes is not None:
        rows = [outcome_row(wave, heatmap.side) for wave in (None, *waves)]
        changes["outcomes"] = np.zeros_like(heatmap.outcomes)
        changes["outcomes"][rows] = heatmap.outcomes[rows]
    return replace(heatmap, **changes)


def wave_errors(heatmap: Heatmap, waves: tuple[Frequency, ...]) -> Errors:
    """Return the top-1 errors under W waves, averaged if a published map holds a wave twice."""
    errors, rate = errors_under(heatmap, waves), heatmap.rate()
    mean = (wave_values(rate, waves) + wave_values(rate[::-1, ::-1], waves)) / 2
    return replace(errors, measured=errors.measured._replace(value=mean))


def _by_chance(rate: np.ndarray, n_a: np.ndarray, n_b: np.ndarray) -> float:
    """Return the mean absolute difference of two independent binomial draws of n_a and n_b images."""
    deviation = np.sqrt(rate * (1 - rate) * (1 / n_a + 1 / n_b))
    # E|d| = s sqrt(2 / pi) for d ~ Normal(0, s^2), approximately the difference of two binomial shares: the mean of
    # the half-normal distribution (Leone, Nelson & Nottingham 1961).
    return float(np.sqrt(2 / np.pi) * deviation.mean())
