"""Contrasts and rings of maps with counts only, on maps small enough to check by hand and against a slow twin."""

import numpy as np
import pytest

from core.fourier.contrasts import (
    contrast,
    difference,
    minus_clean,
    mismatches,
    radial_profile,
    ring_errors,
)
from core.fourier.outcomes import cell_error, clean_error
from core.fourier.waves import half_plane
from tests.core.oracles import wilson
from tests.core.squares import heatmap_of

METADATA = {"dataset": {"name": "dots", "n": 100}, "image_size": 8, "epsilon": 1.0, "class_names": ["a", "b"]}


def heatmap(errors, n=100, **metadata):
    errors = np.array(errors, dtype=np.int64)
    return heatmap_of(
        errors,
        np.zeros_like(errors),
        np.where(errors < 0, 0, n).astype(np.int64),
        np.array([5, 0, n], dtype=np.int64),
        METADATA | metadata,
    )


SMALL = heatmap([[40, 20, 50], [10, 0, 10], [50, 20, 40]])


def test_what_a_map_does_not_hold_is_unknown_and_not_zero():
    holes = heatmap([[40, -1, 50], [10, 0, 10], [50, -1, 40]])
    assert cell_error(SMALL, (2, 0)) is None and cell_error(SMALL, (0, -2)) is None
    assert cell_error(holes, (1, 0)) is None and contrast(cell_error(SMALL, (1, 0)), None) is None
    published = heatmap_of(
        np.full((3, 3), -1), np.full((3, 3), -1), np.zeros((3, 3), np.int64), np.full(3, -1), METADATA,
        np.full((2, 3, 3), 0.5),
    )  # fmt: skip
    assert clean_error(published) is minus_clean(published) is None
    assert contrast(cell_error(published, (0, 0)), None) is None
    assert cell_error(published, (0, 0)).measured.value == 0.5


def test_difference_crops_to_the_smaller_map_and_subtracts():
    large = np.full((5, 5), 90)
    large[2, 2] = 30
    result = difference(heatmap(large), SMALL)
    assert result.value.shape == (3, 3)
    assert result.value[1, 1] == pytest.approx(0.3)
    assert result.value[0, 2] == pytest.approx(0.4)
    assert (result.low <= result.value).all() and (result.value <= result.high).all()


def test_mismatches_names_each_difference_between_runs():
    assert mismatches(SMALL, SMALL) == ()
    other = heatmap([[1]], image_size=16, epsilon=2.0, dataset={"name": "stripes"}, class_names=["a"], weakened_as=224)
    reasons = " ".join(mismatches(SMALL, other))
    for part in ("8 and 16 pixels", "dots and stripes", "size v: 1 and 2", "2 and 1 classes", "waves are weakened"):
        assert part in reasons


# Rings


def test_rings_reach_the_corners_and_say_which_are_cut():
    five = np.zeros((5, 5), np.int64)
    five[0, 0] = five[4, 4] = 90  # radius 2.83: the only ring cut by the square, with two waves in it
    profile = radial_profile(heatmap(five))
    assert list(zip(profile.radius, profile.whole, profile.waves, strict=True)) == [
        (0, True, 1), (1, True, 4), (2, True, 6), (3, False, 2),
    ]  # fmt: skip
    rings = ring_errors(heatmap(five))
    assert list(rings) == [0, 1, 2, 3] and rings[3].measured == pytest.approx((0.45, *wilson(0.45, 100)))


@pytest.mark.parametrize("top", [1, 5])
def test_radial_profile_agrees_with_the_slow_twin(top):
    rng = np.random.default_rng(0)
    rates = rng.random((2, 9, 9))
    rates[:, rng.random((9, 9)) < 0.3] = np.nan
    unknown = np.full((9, 9), -1)
    published = heatmap_of(unknown, unknown, np.zeros_like(unknown), np.full(3, -1), METADATA, rates)
    rings = {}
    for i, j in half_plane(9):
        known = [rate for rate in (published.rate(top)[i + 4, j + 4], published.rate(top)[4 - i, 4 - j]) if rate >= 0]
        if known:
            rings.setdefault(round(np.hypot(i, j)), []).append(np.mean(known))
    profile = radial_profile(published, top)
    assert profile.radius.tolist() == sorted(rings)
    np.testing.assert_allclose(profile.error.value, [np.mean(rings[ring]) for ring in sorted(rings)])
    assert profile.waves.tolist() == [len(rings[ring]) for ring in sorted(rings)]
    if top == 1:
        means = {radius: float(errors.measured.value) for radius, errors in ring_errors(published).items()}
        assert means == pytest.approx({ring: np.mean(rates) for ring, rates in rings.items()})
