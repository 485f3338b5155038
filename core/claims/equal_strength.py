"""Comparison of two networks at equal wave strength: enlarging a picture weakens high frequencies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.claims.bands import Band
from core.claims.finding import NamedMap
from core.data.profiles import cached_by_files, read_stored
from core.fourier.basis import half_plane, rounded_radius, wave_values
from core.fourier.maps.heatmap import Heatmap
from core.sweep.loop.resize_attenuation import resize_attenuation_map


@dataclass(frozen=True, eq=False)
class EqualStrength:
    """Strength of waves at the inputs of two networks, for a comparison at equal strength.

    subject, reference: mean share of a wave's norm, over a band, that reaches each network's input. network_side: the
    subject's, in pixels. weakened: the reference's map under waves weakened alike; None where not measured.
    """

    subject: float
    reference: float
    network_side: int
    weakened: Heatmap | None

    @property
    def equal(self) -> bool:
        """Whether waves reach both networks with the same strength, so that none need weakening."""
        return abs(self.subject - self.reference) < 0.02


def equal_strength(subject: NamedMap, reference: NamedMap, band: Band) -> EqualStrength | None:
    """Return the strengths over a band; None if a network's input size is unknown or its resize was not measured."""
    a, b = subject.network_side, reference.network_side
    if a is None or b is None:
        return None
    shares = [remaining_share(named.heatmap, side, band) for named, side in ((subject, a), (reference, b))]
    if shares[0] is None or shares[1] is None:
        return None
    return EqualStrength(shares[0], shares[1], a, _weakened(reference, a))


def remaining_share(heatmap: Heatmap, network_side: int, band: Band) -> float | None:
    """Return the mean share of its norm that a wave of a band keeps; None if not measured."""
    image_size = int(heatmap.metadata["image_size"])
    if image_size == network_side:
        return 1.0
    shares = resize_attenuation_map(image_size, network_side)
    if shares is None or len(shares) != heatmap.side:
        return None
    waves = np.array(half_plane(heatmap.side))
    return float(wave_values(shares, waves[band.holds(rounded_radius(waves))]).mean())


def _weakened(named: NamedMap, network_side: int) -> Heatmap | None:
    """Return the map of the same classifier and data with weakened waves, if measured."""
    for weakened in _weakened_maps():
        facts, expected = weakened.metadata, named.heatmap.metadata
        same = named.has_weights_of(facts) and facts["dataset"]["name"] == expected["dataset"]["name"]
        if same and facts.get("weakened_as") == network_side and facts["epsilon"] == expected["epsilon"]:
            return weakened
    return None


@cached_by_files("strength")
def _weakened_maps(paths: tuple[Path, ...]) -> list[Heatmap]:
    return list(read_stored(Heatmap.load, [path for path in paths if "_weakened" in path.stem]))
