"""Dips of a heat map on the lattice of a transformer's patch grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import compress

import numpy as np

from core.fourier.heatmap import Heatmap
from core.fourier.waves import half_plane, wave_values
from core.shared.numbers import Frequency, Interval, student

_RANDOM_SETS, _DRAWS_AT_ONCE = 10_000, 5_000  # of the permutation test; the latter bounds the memory for random numbers


@dataclass(frozen=True)
class Lattice:
    """The lattice statistic of one map.

    waves: those with both coordinates multiples of the period, once for (i, j) and (-i, -j), without (0, 0). contrasts:
    (waves,) error minus the mean error of the eight neighbours. mean: of the contrasts, with its 95% interval
    (Student's t over the waves). p: share of random draws of as many waves with a mean of at most that of the lattice,
    which counts as one of the draws.
    """

    waves: tuple[Frequency, ...]
    contrasts: np.ndarray
    mean: Interval
    p: float
    draws: int

    @property
    def is_rare(self) -> bool:
        """Return True if random sets of waves hardly ever dip as far."""
        return self.p < 0.01


def neighbour_contrasts(heatmap: Heatmap) -> np.ndarray:
    """Return each wave's error minus the mean of its eight neighbours, (R, R); NaN if one is unknown or missing."""
    rate = heatmap.rate()
    contrast, size = np.full_like(rate, np.nan), heatmap.size
    shifts = [(i, j) for i in (0, 1, 2) for j in (0, 1, 2) if (i, j) != (1, 1)]
    around = np.array([rate[i : size - 2 + i, j : size - 2 + j] for i, j in shifts]).mean(axis=0)
    contrast[1:-1, 1:-1] = rate[1:-1, 1:-1] - around
    return contrast


@lru_cache(64)
def lattice(heatmap: Heatmap, period: int) -> Lattice | None:
    """Return the lattice statistic for multiples of `period`, with a permutation test for dips.

    The test assumes exchangeable waves, which holds only approximately: neighbours share cells.

    Returns:
        None if the map has fewer than two such waves with all their neighbours.
    Raises:
        ValueError: a period below 2, for which the lattice is the whole map.
    """
    if period < 2:
        raise ValueError(f"a lattice has a period of at least 2; got {period}")
    contrasts = neighbour_contrasts(heatmap)
    waves = half_plane(heatmap.size)[1:]
    known = tuple(compress(waves, np.isfinite(wave_values(contrasts, waves))))
    waves = tuple((i, j) for i, j in known if i % period == 0 and j % period == 0)
    if len(waves) < 2:
        return None
    everywhere, values = wave_values(contrasts, known), wave_values(contrasts, waves)
    mean = student(values)
    generator, as_low, remaining = np.random.default_rng(0), 0, _RANDOM_SETS
    while remaining > 0:
        order = generator.random((min(remaining, _DRAWS_AT_ONCE), len(known)))
        drawn = np.argpartition(order, len(waves) - 1, axis=1)[:, : len(waves)]
        as_low += int((everywhere[drawn].mean(axis=1) <= mean.value).sum())
        remaining -= len(order)
    return Lattice(waves, values, mean, (1 + as_low) / (1 + _RANDOM_SETS), _RANDOM_SETS)
