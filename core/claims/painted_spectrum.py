"""Spectrum of what a network paints by either search, and the rise of its error under these waves. No torch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.fourier.intervals import Interval
from core.pgd.view_settings import SEARCHES, Search
from core.reconstruct.search_outcomes import stored_outcomes
from core.runs.judgement import comparison_kind
from core.runs.picture_outcomes import picture_outcomes


def painted_energy(classifier: str, sha256: str | None) -> dict[Search, np.ndarray]:
    """Return the energy of a network’s drawings by search, (R,) shares by radius; empty if none are stored.

    At 32 pixels 200 drawings from blurs of no class, at 224 those of `precomputed.make_views` from grey starts.
    """
    large, energies = stored_outcomes(), dict[Search, np.ndarray]()
    for search in SEARCHES:
        small = picture_outcomes(comparison_kind("classless", search)).get(classifier)
        if small is not None and small.energy is not None and small.sha256 == sha256:
            energies[search] = small.energy
        elif large is not None and large.painter == classifier and f"draw-{search}" in large.groups:
            energies[search] = large.groups[f"draw-{search}"].energy
    return energies if len(energies) == len(SEARCHES) else {}


def rise_under(energy: np.ndarray, rises: Mapping[int, Interval]) -> Interval:
    """Return the mean rise of the error under the painted waves, each ring weighted by its share of the energy.

    Rings beyond the map and the mean colour are left out. The interval is that of the rises alone, with errors of
    different rings taken as independent.
    """
    rings = [ring for ring in rises if 0 < ring < len(energy)]
    return _weighted(energy[rings] / energy[rings].sum(), [rises[ring] for ring in rings])


def difference_under(energies: Mapping[Search, np.ndarray], rises: Mapping[int, Interval]) -> Interval:
    """Return the difference of `rise_under` between drawings by views and by the paper's search."""
    shortest = min(map(len, energies.values()))
    rings = [ring for ring in rises if 0 < ring < shortest]
    pixels, views = (energies[search][rings] / energies[search][rings].sum() for search in SEARCHES)
    return _weighted(views - pixels, [rises[ring] for ring in rings])


def _weighted(weights: np.ndarray, rises: list[Interval]) -> Interval:
    values = np.array([rise.value for rise in rises])
    half = np.array([(rise.high - rise.low) / 2 for rise in rises])
    middle, reach = float(weights @ values), float(np.sqrt((weights**2 * half**2).sum()))
    return Interval(middle, middle - reach, middle + reach)
