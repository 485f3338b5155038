"""Quantities derived from outcomes: crossover cutoff, dips on a patch grid, energy of a gradient along waves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from core.fourier.heatmap import Heatmap
from core.fourier.waves import check_side, half_plane, largest_side, rounded_radius, wave_values
from core.shared.numbers import Frequency, Interval, bootstrap_interval, student

if TYPE_CHECKING:
    pass


DRAWS = 1_000


@dataclass(frozen=True, eq=False)
class Crossover:
    """Crossover cutoff of a network.

    radius: in cycles per image, with a 95 % percentile bootstrap over the pairs (Efron 1979); its ends are NaN if some
    resample does not cross. drawn: (DRAWS,) the radius of each resample, NaN without one; with the same number of pairs
    and the same seed, the k-th resamples consist of the same pairs.
    """

    radius: Interval
    drawn: np.ndarray


def crossover(low: np.ndarray, high: np.ndarray, cutoffs: Sequence[float], *, seed: int = 0) -> Crossover | None:
    """Return the smallest cutoff from which the low picture's class is predicted as often as the high picture's.

    Shares are interpolated linearly between cutoffs.

    Args:
        low, high: (C, n) bool, whether the network predicts the class of the low and of the high picture of each pair.
        cutoffs: C of them, ascending, in cycles per image.
        seed: of the bootstrap.
    Returns:
        None without a crossover: the low picture's class leads at all cutoffs, or at none.
    """
    radii = np.asarray(cutoffs, dtype=np.float64)
    lead = low.astype(np.float64) - high
    value = float(_equal_at(lead.mean(axis=1)[None], radii)[0])
    if np.isnan(value):
        return None
    generator, pairs = np.random.Generator(np.random.PCG64(seed)), lead.shape[1]
    even = np.full(pairs, 1 / pairs)
    drawn = _equal_at(np.array([lead @ generator.multinomial(pairs, even) for _ in range(DRAWS)]), radii)
    return Crossover(bootstrap_interval(value, drawn), drawn)  # its ends are NaN if any resample's radius is


def crossover_difference(a: Crossover, b: Crossover) -> Interval:
    """Return a's radius minus b's on the same pairs, with the interval of their paired resamples."""
    return bootstrap_interval(a.radius.value - b.radius.value, a.drawn - b.drawn)


def _equal_at(lead: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Return where each row of (D, C) first rises from below zero to zero or more, (D,); NaN if it never does.

    A row that starts at zero or above must first fall below zero.
    """
    rises = (lead[:, :-1] < 0) & (lead[:, 1:] >= 0)
    k = rises.argmax(axis=1)
    before, after = (np.take_along_axis(lead, (k + step)[:, None], axis=1)[:, 0] for step in (0, 1))
    crosses = rises.any(axis=1)
    share = np.divide(-before, after - before, out=np.full(len(lead), np.nan), where=crosses)
    return radii[k] + share * (radii[k + 1] - radii[k])


CHUNK = 50  # pictures in one pass


def relative_energy(gradients: np.ndarray, side: int) -> np.ndarray:
    """Return the energy of each gradient along each wave of `half_plane(side)`; 1 everywhere for a flat spectrum.

    With F_c the discrete Fourier transform of channel c of the gradient g, the energy along a wave is
    e(i, j) = sum_c |F_c(i, j)|^2 / (H W). Over all H W frequencies it adds up to ||g||^2 (Parseval). It is the mean,
    over the phase of a wave U(i, j) of norm 1 and over the independent signs r of Eq. 1, of (sum_c r_c <g_c, U>)^2:
    the squared change of the loss per unit of v, to first order. Each picture's energies are divided by their mean over
    the map's side * side cells, so that steep pictures do not dominate.

    Args:
        gradients: (B, 3, H, W).
        side: of the heat map, at most `largest_side(H, W)`.
    Returns:
        (B, W) float64; NaN for a gradient without energy in these waves.
    Raises:
        ValueError: the side is too large for the gradient's pixels.
    """
    check_side(side)
    height, width = gradients.shape[-2:]
    if side > (largest := largest_side(height, width)):
        raise ValueError(f"gradients of {height} x {width} pixels hold waves up to side {largest}; got {side}")
    spectra = np.fft.fft2(gradients.astype(np.float64))
    signed = np.arange(side) - side // 2
    cells = (np.abs(spectra[..., signed[:, None], signed]) ** 2).sum(axis=1)
    mean = cells.mean(axis=(1, 2), keepdims=True)
    relative = np.divide(cells, mean, out=np.full_like(cells, np.nan), where=mean > 0)
    return wave_values(relative, half_plane(side))


def ring_energy(relative: np.ndarray, side: int) -> np.ndarray:
    """Return the mean `relative_energy` of each ring of rounded radius 0, 1, ... up to the corners, (..., rings)."""
    ring = rounded_radius(half_plane(side))
    return relative @ (np.eye(ring.max() + 1)[ring] / np.bincount(ring))


_DRAWS_AT_ONCE = 5_000  # bounds the memory for random numbers


@dataclass(frozen=True)
class Lattice:
    """The lattice statistic of one map.

    waves: those with both coordinates multiples of the period, once for (i, j) and (-i, -j), without (0, 0). contrasts:
    (waves,) error minus the mean error of the eight neighbours. mean: of the contrasts, with its 95 % interval
    (Student's t over the waves). p: share of random draws of as many waves whose mean is at most that of the lattice,
    which counts as one of the draws.
    """

    waves: tuple[Frequency, ...]
    contrasts: np.ndarray
    mean: Interval
    p: float
    draws: int


def neighbour_contrasts(heatmap: Heatmap) -> np.ndarray:
    """Return each wave's error minus the mean of its eight neighbours, (R, R); NaN if one is unknown or missing."""
    rate = heatmap.rate()
    contrast, side = np.full_like(rate, np.nan), heatmap.side
    shifts = [(i, j) for i in (0, 1, 2) for j in (0, 1, 2) if (i, j) != (1, 1)]
    around = np.array([rate[i : side - 2 + i, j : side - 2 + j] for i, j in shifts]).mean(axis=0)
    contrast[1:-1, 1:-1] = rate[1:-1, 1:-1] - around
    return contrast


def lattice(heatmap: Heatmap, period: int, *, draws: int = 10_000, seed: int = 0) -> Lattice | None:
    """Return the lattice statistic for multiples of `period`, with a permutation test for dips.

    The test assumes exchangeable waves, which holds only approximately: neighbours share cells.

    Returns:
        None if the map has fewer than two such waves with all their neighbours.
    Raises:
        ValueError: a period below 2, whose lattice is the whole map.
    """
    if period < 2:
        raise ValueError(f"a lattice has a period of at least 2; got {period}")
    contrasts = neighbour_contrasts(heatmap)
    waves = half_plane(heatmap.side)[1:]
    known = tuple(compress(waves, np.isfinite(wave_values(contrasts, waves))))
    waves = tuple((i, j) for i, j in known if i % period == 0 and j % period == 0)
    if len(waves) < 2:
        return None
    everywhere, values = wave_values(contrasts, known), wave_values(contrasts, waves)
    mean = student(values)
    generator, as_low, remaining = np.random.default_rng(seed), 0, draws
    while remaining > 0:
        order = generator.random((min(remaining, _DRAWS_AT_ONCE), len(known)))
        drawn = np.argpartition(order, len(waves) - 1, axis=1)[:, : len(waves)]
        as_low += int((everywhere[drawn].mean(axis=1) <= mean.value).sum())
        remaining -= len(order)
    return Lattice(waves, values, mean, (1 + as_low) / (1 + draws), draws)
