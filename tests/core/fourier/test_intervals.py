"""Intervals against scipy's, and at the edges."""

import numpy as np
import pytest
from scipy.stats import binomtest

from core.shared.numbers import FEWEST, median_interval, newcombe, wilson


@pytest.mark.parametrize(("errors", "n"), [(0, 10), (1, 10), (10, 10), (543, 1000), (3, 7)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_wilson_agrees_with_scipy(errors, n, confidence):
    expected = binomtest(errors, n).proportion_ci(confidence, method="wilson")
    _, low, high = wilson(errors / n, n, confidence)
    assert (float(low), float(high)) == (
        pytest.approx(expected.low, abs=1e-12),
        pytest.approx(expected.high, abs=1e-12),
    )


def test_wilson_is_unknown_without_trials():
    _, low, high = wilson(np.array([0.5, np.nan]), np.array([0, 10]))
    assert np.isnan(low).all() and np.isnan(high).all()


def test_wilson_refuses_an_impossible_confidence():
    with pytest.raises(ValueError, match="confidence lies between 0 and 1; got 95"):
        wilson(0.5, 10, 95)


def test_newcombe_agrees_with_the_published_example():
    # Newcombe 1998, table II, example a: 56/70 against 48/80, method 10: 0.0524 to 0.3339.
    a, b = np.array(56 / 70), np.array(48 / 80)
    value, low, high = newcombe(wilson(a, 70), wilson(b, 80))
    assert value == a - b
    assert (float(low), float(high)) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))


def test_median_interval_is_the_sign_tests():
    rng = np.random.default_rng(0)
    for n in (6, 9, 20, 100):
        values = rng.exponential(size=n)
        _, low, high = median_interval(values)
        for end, inwards in ((low, 1e-9), (high, -1e-9)):  # the test rejects a median just outside, but not just inside
            beyond, within = (binomtest(int((values < at).sum()), n).pvalue for at in (end - inwards, end + inwards))
            assert beyond <= 0.05 < within
    assert np.isnan(median_interval(np.arange(FEWEST - 1.0)).low), "five values are too few"
