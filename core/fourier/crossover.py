"""The crossover cutoff: the cutoff of hybrid images at which a network says either picture's class equally often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.fourier.intervals import Measured, bootstrapped

DRAWS = 1_000


@dataclass(frozen=True, eq=False)
class Crossover:
    """Crossing of two shares.

    radius: in cycles per image, with a 95 % interval over the pairs: a percentile bootstrap (Efron 1979). Its ends are
    NaN where some drawn sample does not cross. drawn: (DRAWS,) the radius of each drawn sample, NaN where it has none;
    of the same number of pairs and the same seed, the k-th is of the same pairs.
    """

    radius: Measured
    drawn: np.ndarray


def crossover(low: np.ndarray, high: np.ndarray, cutoffs: Sequence[float], *, seed: int = 0) -> Crossover | None:
    """The smallest cutoff from which on the low picture's class is said as often as the high picture's.

    Between two cutoffs both shares are taken to be straight lines.

    Args:
        low, high: (C, n) bool, whether the network says the class of the low and of the high picture of each pair.
        cutoffs: C of them, ascending, in cycles per image.
        seed: of the bootstrap.
    Returns:
        None where they do not cross: the low picture's class leads from the first cutoff on, or never.
    """
    radii = np.asarray(cutoffs, dtype=np.float64)
    lead = low.astype(np.float64) - high
    value = float(equal_at(lead.mean(axis=1)[None], radii)[0])
    if np.isnan(value):
        return None
    generator, pairs = np.random.Generator(np.random.PCG64(seed)), lead.shape[1]
    even = np.full(pairs, 1 / pairs)
    drawn = equal_at(np.array([lead @ generator.multinomial(pairs, even) for _ in range(DRAWS)]), radii)
    return Crossover(bootstrapped(value, drawn), drawn)  # whose ends are NaN where any sample's radius is


def crossover_difference(a: Crossover, b: Crossover) -> Measured:
    """a's radius minus b's, on the same pairs: the interval is of the differences of their drawn samples."""
    return bootstrapped(a.radius.value - b.radius.value, a.drawn - b.drawn)


def equal_at(lead: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """(D,) where each of (D, C) rows first rises from below zero to zero or more; NaN where it never does.

    A row that begins at zero or above has no such place, unless it falls below zero first.
    """
    rises = (lead[:, :-1] < 0) & (lead[:, 1:] >= 0)
    k = rises.argmax(axis=1)
    before, after = (np.take_along_axis(lead, (k + step)[:, None], axis=1)[:, 0] for step in (0, 1))
    crosses = rises.any(axis=1)
    share = np.divide(-before, after - before, out=np.full(len(lead), np.nan), where=crosses)
    return radii[k] + share * (radii[k + 1] - radii[k])
