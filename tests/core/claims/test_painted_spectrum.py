"""Energy of the waves that networks paint, and their effect on the error, by plain loops."""

import math

import numpy as np
import pytest

from core.claims.painted_spectrum import difference_under, painted_energy, rise_under
from core.fourier.intervals import Interval
from tests.core.judged import stored_files, stored_kinds

RISES = {
    0: Interval(0.9, 0.8, 1.0),
    1: Interval(0.3, 0.2, 0.4),
    2: Interval(0.1, 0.06, 0.14),
    7: Interval(0.5, 0.4, 0.6),
}
PIXELS, VIEWS = np.array([0.0, 0.1, 0.2, 0.7]), np.array([0.0, 0.6, 0.3, 0.1])


def test_a_ring_counts_by_its_share_of_the_energy():
    # Ring 0 is the mean colour, ring 3 is not in the map, ring 7 was not painted: rings 1 and 2 remain.
    value, low, high = rise_under(VIEWS, RISES)
    assert value == pytest.approx((0.6 * 0.3 + 0.3 * 0.1) / 0.9)
    half = math.sqrt((0.6 * 0.1) ** 2 + (0.3 * 0.04) ** 2) / 0.9
    assert (low, high) == pytest.approx((value - half, value + half))


def test_the_difference_is_that_of_the_means_with_a_shared_ring_counted_once():
    value, low, high = difference_under({"pixels": PIXELS, "views": VIEWS}, RISES)
    assert value == pytest.approx(rise_under(VIEWS, RISES).value - rise_under(PIXELS, RISES).value)
    moved = 0.6 / 0.9 - 0.1 / 0.3  # share of the energy, from ring 2 to ring 1
    assert (high - low) / 2 == pytest.approx(moved * math.hypot(0.1, 0.04))


def test_stored_energies_are_shares_of_the_weights_own_drawings():
    stored = stored_kinds()
    for name, (facts, _) in stored_files().items():
        energies = painted_energy(name, facts["classifier"]["sha256"])
        assert energies.keys() == {"pixels", "views"}
        for search, energy in energies.items():
            assert list(energy) == stored[f"classless, {search}"][name]["energy"]
            assert energy[0] == 0 and sum(energy) == pytest.approx(1, abs=1e-3)
        assert painted_energy(name, "other weights") == {}
    large = painted_energy("efficientnet-lite0", None)
    assert len(large["views"]) == round(112 * math.sqrt(2)) + 1
    assert painted_energy("resnet-50", None) == {}
