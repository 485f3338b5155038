"""The crossover cutoff, from known shares and a bootstrap by plain loops."""

import math
from statistics import mean

import numpy as np
import pytest

from core.fourier.crossover import RESAMPLES, crossover, crossover_difference

CUTOFFS = (1.0, 2.0, 4.0, 8.0)


def says(*counts, n=10):
    """(C, n) bool with the given number of True in each row."""
    return np.array([[k < count for k in range(n)] for count in counts])


def by_hand(low, high, cutoffs):
    """The crossover cutoff of rows of 0 and 1."""
    lead = [mean(map(float, a)) - mean(map(float, b)) for a, b in zip(low, high, strict=True)]
    for k in range(1, len(lead)):
        if lead[k - 1] < 0 <= lead[k]:
            return cutoffs[k - 1] + (cutoffs[k] - cutoffs[k - 1]) * -lead[k - 1] / (lead[k] - lead[k - 1])
    return None


def test_missing_crossover_is_none():
    assert crossover(says(0, 1, 2, 3), says(9, 8, 7, 6), CUTOFFS) is None
    assert crossover(says(6, 7, 8, 9), says(3, 2, 1, 0), CUTOFFS) is None


def random_network(seed, n=200, at=4.0):
    rng = np.random.default_rng(seed)
    own = rng.normal(at, 0.8, n)  # the radius at which each pair switches
    low = np.array([own < cutoff for cutoff in CUTOFFS])
    return low & (rng.random(low.shape) < 0.9), ~low & (rng.random(low.shape) < 0.9)


def test_the_interval_is_a_percentile_bootstrap_over_pairs():
    low, high = random_network(0)
    result = crossover(low, high, CUTOFFS)
    rng = np.random.default_rng(9)
    drawn = []
    for _ in range(RESAMPLES):
        some = rng.integers(0, 200, 200)
        drawn.append(by_hand(low[:, some], high[:, some], CUTOFFS))
    assert result.radius.value == pytest.approx(by_hand(low, high, CUTOFFS))
    spread = np.std(drawn)
    assert result.radius[1:] == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.3 * spread)
    again, other = crossover(low, high, CUTOFFS), crossover(low, high, CUTOFFS, seed=1)
    assert again.radius == result.radius and other.radius[1:] != result.radius[1:]


def test_the_difference_is_of_the_same_drawn_pairs():
    a, b = (crossover(*random_network(0, at=at), CUTOFFS) for at in (4.0, 5.0))
    result = crossover_difference(a, b)
    assert result.value == pytest.approx(a.radius.value - b.radius.value) and result.high < 0
    itself = crossover_difference(a, crossover(*random_network(0), CUTOFFS))
    assert itself == (0, 0, 0)
    unpaired = math.hypot(a.radius.high - a.radius.low, b.radius.high - b.radius.low)
    assert result.high - result.low < unpaired


def test_an_interval_is_unknown_where_a_sample_has_none():
    result = crossover(says(4, 5, 5, 6), says(6, 5, 5, 5), CUTOFFS)
    assert result.radius.value == 2 and math.isnan(result.radius.low) and math.isnan(result.radius.high)
