"""Crossover cutoff: from which cutoff of a hybrid picture its low half decides a network's prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.shared.numbers import Interval, bootstrap_interval

RESAMPLES = 1_000


@dataclass(frozen=True, eq=False)
class Crossover:
    """Crossover cutoff of a network.

    radius: in cycles per image, with a 95% percentile bootstrap over the pairs (Efron 1979); its ends are NaN if some
    resample does not cross. drawn: (RESAMPLES,) the radius of each resample, NaN without one; with the same number of
    pairs and the same seed, the k-th resamples consist of the same pairs.
    """

    radius: Interval
    drawn: np.ndarray


def crossover(low: np.ndarray, high: np.ndarray, cutoffs: Sequence[float], *, seed: int = 0) -> Crossover | None:
    """Return the smallest cutoff from which the low picture's class is predicted as often as the high picture's.

    Shares are interpolated linearly between cutoffs.

    Args:
        low, high: (C, n) bool, True where the network predicts the class of the pair's low or high picture.
        cutoffs: C of them, ascending, in cycles per image.
        seed: for the bootstrap.
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
    drawn = _equal_at(np.array([lead @ generator.multinomial(pairs, even) for _ in range(RESAMPLES)]), radii)
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
    fraction = np.divide(-before, after - before, out=np.full(len(lead), np.nan), where=crosses)
    return radii[k] + fraction * (radii[k + 1] - radii[k])
