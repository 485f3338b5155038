"""A computed heat map beside the paper's, or the shipped one: do they agree?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import compress
from typing import Any

import numpy as np

from core.fourier.contrasts import Band, clear_waves, contrast, in_band
from core.fourier.heatmap import TOP1, Heatmap, figure_file, heatmap_png, outcome_rows
from core.fourier.outcomes import Errors, errors_under, same_images
from core.fourier.waves import half_plane, rounded_radius, wave_values
from core.shared.numbers import Frequency, Interval, correlation

MARGIN = 0.02  # in error: means within this distance count as equal
FEW = 0.05  # share of waves that may differ
FALSE_DISCOVERIES = 0.05


class Match(StrEnum):
    """Verdict of a comparison of maps."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNDECIDED = "cannot tell"
    NOT_COMPARED = "nothing to compare with"


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
    waves = _common_waves(computed, reference)
    if not waves:
        return None
    computed, reference = restricted_to(computed, waves), restricted_to(reference, waves)
    everywhere, paired = Band(0, computed.side), same_images(computed, reference)
    draws = [
        (heatmap.metadata["dataset"]["content_hash"], heatmap.metadata["seed"]) for heatmap in (computed, reference)
    ]
    ours, theirs = in_band(computed, everywhere), in_band(reference, everywhere)
    mean_difference = contrast(ours, theirs)
    assert ours is not None and theirs is not None and mean_difference is not None
    computed_errors, reference_errors = _wave_errors(computed, waves), _wave_errors(reference, waves)
    a, b = computed_errors.measured.value, reference_errors.measured.value
    differences = computed_errors.minus(reference_errors).measured
    rows = tuple(
        WaveRow(wave, error, other, Interval(*numbers))
        for wave, error, other, *numbers in zip(waves, *(part.tolist() for part in (a, b, *differences)), strict=True)
    )
    n_a, n_b = (wave_values(heatmap.images, waves) for heatmap in (computed, reference))
    # E|d| = s sqrt(2 / pi) for d ~ Normal(0, s^2), approximately the difference of two binomial shares: the mean of
    # the half-normal distribution (Leone, Nelson & Nottingham 1961).
    by_chance = float(np.sqrt(2 / np.pi) * np.sqrt(b * (1 - b) * (1 / n_a + 1 / n_b)).mean())
    return MapAgreement(
        mean_error=ours.measured.value,
        mean_reference=theirs.measured.value,
        mean_difference=mean_difference,
        mean_absolute_difference=float(np.abs(a - b).mean()),
        expected_by_chance=None if paired else by_chance,
        differing_waves=int(clear_waves(computed, reference, FALSE_DISCOVERIES).clear.sum()),
        correlation=correlation(a, b),
        identical_waves=int((a == b).sum()) if draws[0] == draws[1] else None,
        paired=paired,
        rows=rows,
    )


def _common_waves(*maps: Heatmap) -> tuple[Frequency, ...]:
    """Return the common waves of maps of the same side."""
    waves = half_plane(maps[0].side)
    known = np.all([np.isfinite(wave_values(heatmap.rate(), waves)) for heatmap in maps], axis=0)
    return tuple(compress(waves, known))


def restricted_to(heatmap: Heatmap, waves: tuple[Frequency, ...]) -> Heatmap:
    """Restrict the map to some waves."""
    return heatmap.only(outcome_rows((None, *waves), heatmap.side))


def _wave_errors(heatmap: Heatmap, waves: tuple[Frequency, ...]) -> Errors:
    """Return the top-1 errors under W waves, averaged if a published map holds a wave twice."""
    errors, rate = errors_under(heatmap, waves), heatmap.rate()
    mean = (wave_values(rate, waves) + wave_values(rate[::-1, ::-1], waves)) / 2
    return replace(errors, measured=errors.measured._replace(value=mean))


def origin_of(reference: Heatmap | None) -> str:
    """Return the origin of a reference: "published", or "shipped" with this project."""
    return "published" if reference is not None and reference.printed_rates is not None else "shipped"


_MAX_BARS = 100  # more intervals would hide the points


def map_plots(
    name: str, heatmap: Heatmap, reference: Heatmap | None, agreement: MapAgreement | None
) -> dict[str, bytes]:
    """Return the plots of a map beside its reference, as PNG by description."""
    plots, origin = dict[str, bytes](), origin_of(reference)
    if 2 * (heatmap.count > 0).sum() > heatmap.side**2:
        plots["Computed here."] = heatmap_png(heatmap.error_rate, TOP1, title=f"{name}, computed here")
        if reference is not None:
            known = np.where(heatmap.count > 0, reference.error_rate, np.nan)
            plots[f"The {origin} map."] = heatmap_png(known, TOP1, title=f"{name}, {origin}")
    if agreement is not None:
        plots["Each dot is a wave; on the line both errors are the same."] = _waves(name, heatmap, origin, agreement)
    return plots


def _waves(name: str, heatmap: Heatmap, origin: str, agreement: MapAgreement) -> bytes:
    from matplotlib.figure import Figure

    rows = agreement.rows
    waves = [row.wave for row in rows]
    here, there = (100 * np.array([getattr(row, side) for row in rows]) for side in ("error", "reference"))
    figure = Figure(figsize=(5.2, 4.6), layout="constrained")
    axes = figure.add_subplot()
    axes.axline((0, 0), slope=1, color="#888888", linewidth=1)
    if len(rows) <= _MAX_BARS:
        low, high = (100 * wave_values(end, waves) for end in heatmap.interval()[1:])
        axes.vlines(there, low, high, color="#bbbbbb", linewidth=1.5)
    points = axes.scatter(there, here, c=rounded_radius(waves), cmap="viridis", s=16, zorder=3)
    axes.set(xlim=(0, 100), ylim=(0, 100), aspect="equal")
    axes.set(xlabel=f"{origin} error (%)", ylabel="error here (%)")
    axes.set_title(name, fontsize=10, parse_math=False)
    figure.colorbar(points, ax=axes, label="radius (cycles per image)")
    return figure_file(figure, format="png", dpi=150)
