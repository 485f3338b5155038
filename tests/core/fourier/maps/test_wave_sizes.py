"""Maps that differ only in the size v, in order: numbers small enough to check by hand."""

import dataclasses

import numpy as np
import pytest

from core.fourier.maps.heatmap import Heatmap
from core.fourier.maps.wave_sizes import families, harmful_from, ring_curve, wave_curve


def heatmap(errors, epsilon, name="toy", n=100):
    """A 3 x 3 map with the same number of errors under every wave, and 10 of 100 without one."""
    metadata = {
        "classifier": {"name": name},
        "dataset": {"name": "dots", "n": n},
        "epsilon": epsilon,
        "class_names": ["a"],
        "source": {"type": "computed", "date": f"day {epsilon}"},
    }
    square = np.full((3, 3), errors)
    return Heatmap(square, 0 * square, 0 * square + n, np.array([10, 0, n]), metadata)


def test_families_differ_in_the_size_of_the_wave_and_in_nothing_else():
    strong, weak, other = heatmap(60, 4.0), heatmap(12, 1.0), heatmap(50, 4.0, name="other")
    twice, larger = heatmap(61, 4.0), heatmap(300, 2.0, n=1000)
    assert families([strong, other, weak, twice, larger]) == ((weak, strong),)
    seeded = dataclasses.replace(weak, metadata={**weak.metadata, "seed": 1})
    assert families([strong, seeded]) == ()


def test_curves_begin_without_a_wave_and_leave_out_what_is_unknown():
    family = heatmap(12, 1.0), heatmap(60, 4.0)
    points = wave_curve(family, (0, 1))
    assert [(point.epsilon, point.error.value) for point in points] == [(0, 0.1), (1, 0.12), (4, 0.6)]
    assert points[2].error.low == pytest.approx(0.5020, abs=1e-4)  # Wilson's interval for 60 of 100
    assert points[2].error.high == pytest.approx(0.6906, abs=1e-4)
    assert ring_curve(family, 1) == points
    assert [point.epsilon for point in wave_curve(family, (5, 0))] == [0]


def test_a_wave_is_harmful_from_where_every_larger_one_is():
    assert harmful_from([heatmap(12, 1.0), heatmap(40, 2.0), heatmap(60, 4.0)], (0, 1)) == 2
    assert harmful_from([heatmap(40, 1.0), heatmap(12, 2.0), heatmap(60, 4.0)], (0, 1)) == 4
    assert harmful_from([heatmap(40, 1.0), heatmap(12, 2.0)], (0, 1)) is None
    assert harmful_from([heatmap(40, 1.0), heatmap(60, 2.0)], (0, 1)) == 1
