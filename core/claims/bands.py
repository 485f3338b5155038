"""Errors that claims compare: over bands of waves and without a wave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from core.fourier.basis import rounded_radius
from core.fourier.intervals import clustered_interval, wilson
from core.fourier.maps.contrasts import Errors, clean_error, images_of
from core.fourier.maps.heatmap import Heatmap
from core.fourier.maps.outcomes import outcomes
from core.fourier.maps.rings import radial_profile


class Band(NamedTuple):
    """Waves whose rounded radius, in cycles per image, is at least `first` and at most `last`."""

    first: int
    last: int

    def holds(self, radius: Any) -> Any:
        """Return whether a rounded radius lies in the band; elementwise."""
        return (self.first <= radius) & (radius <= self.last)

    @property
    def side(self) -> str:
        """Side of the edge that holds the band: "inside" or "outside"."""
        return "outside" if self.first else "inside"

    @property
    def edge(self) -> float:
        """Radius of the circle that separates the band from the other waves."""
        return self.first - 0.5 if self.first else self.last + 0.5


# The paper gives no radius. LOWEST is the blue circle in the centre of its ResNet's map; LOW adds one ring.
LOWEST, LOW = Band(0, 1), Band(0, 2)


def corners(heatmap: Heatmap) -> Band:
    """The highest frequencies: the rings that the map's square cuts, in its four corners."""
    return Band(heatmap.side // 2 + 1, heatmap.side)


# Bands of a map, by the names used in claims.toml.
BANDS: dict[str, Callable[[Heatmap], Band]] = {
    "lowest": lambda _: LOWEST,
    "low": lambda _: LOW,
    "corners": corners,
    "beyond lowest": lambda heatmap: Band(LOWEST.last + 1, heatmap.side),
}


def in_band(heatmap: Heatmap, band: Band | str) -> Errors | None:
    """Return the mean top-1 error over the waves of a band, each counted once; None if none is computed.

    band: waves, or a name in `BANDS`. From counts alone the interval is Wilson's for n images, as if all waves changed
    the prediction of the same images: too wide.
    """
    band = BANDS[band](heatmap) if isinstance(band, str) else band
    profile = radial_profile(heatmap, corners=True)
    chosen = band.holds(profile.radius)
    rates, waves = profile.rate[chosen].tolist(), profile.waves[chosen].tolist()
    if not waves:
        return None
    mean = sum(rate * count for rate, count in zip(rates, waves, strict=True)) / sum(waves)
    result = outcomes(heatmap)
    if result is None:
        return Errors(wilson(mean, int(heatmap.images[heatmap.images > 0].min())).item())
    scores = result.wrong[band.holds(rounded_radius(result.waves))].mean(axis=0)
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
