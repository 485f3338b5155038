"""Radial profiles and differences of heat maps, on maps small enough to do by hand."""

import numpy as np
import pytest

from core.fourier.analysis import difference, minus_clean, mismatches, radial_profile
from core.fourier.basis import half_plane
from core.fourier.heatmap import Heatmap
from core.fourier.intervals import wilson

METADATA = {
    "dataset": {"name": "dots", "n": 100},
    "image_size": 8,
    "epsilon": 1.0,
    "class_names": ["a", "b"],
}


def heatmap(errors, n=100, **metadata):
    errors = np.array(errors, dtype=np.int64)
    return Heatmap(
        errors,
        np.zeros_like(errors),
        np.where(errors < 0, 0, n).astype(np.int64),
        np.array([5, 0, n], dtype=np.int64),
        METADATA | metadata,
    )


SMALL = heatmap([[40, 20, 50], [10, 0, 10], [50, 20, 40]])


def test_radial_profile_averages_whole_rings_counting_each_wave_once():
    profile = radial_profile(SMALL)
    # Ring 1 holds (1, 0) 20 %, (0, 1) 10 %, and both diagonals (radius 1.41): 40 % and 50 %.
    assert profile.radius.tolist() == [0, 1]
    np.testing.assert_allclose(profile.rate, [0, 0.3])
    assert profile.waves.tolist() == [1, 4]
    assert profile.spread[1] == pytest.approx(np.std([0.2, 0.1, 0.4, 0.5]))


@pytest.mark.parametrize("top", [1, 5])
def test_radial_profile_agrees_with_the_slow_twin(top):
    rng = np.random.default_rng(0)
    rates = rng.random((2, 9, 9))
    rates[:, rng.random((9, 9)) < 0.3] = np.nan
    unknown = np.full((9, 9), -1)
    published = Heatmap(unknown, unknown, np.zeros_like(unknown), np.full(3, -1), METADATA, rates)
    rings = {}
    for i, j in half_plane(9):
        known = [rate for rate in (published.rate(top)[i + 4, j + 4], published.rate(top)[4 - i, 4 - j]) if rate >= 0]
        if known and round(np.hypot(i, j)) <= 4:
            rings.setdefault(round(np.hypot(i, j)), []).append(np.mean(known))
    profile = radial_profile(published, top)
    assert profile.radius.tolist() == sorted(rings)
    np.testing.assert_allclose(profile.rate, [np.mean(rings[ring]) for ring in sorted(rings)])
    np.testing.assert_allclose(profile.spread, [np.std(rings[ring]) for ring in sorted(rings)], atol=1e-12)
    assert profile.waves.tolist() == [len(rings[ring]) for ring in sorted(rings)]


def test_radial_profile_interval_counts_images_not_images_times_waves():
    profile = radial_profile(SMALL)
    expected = wilson(0.3, 100)
    assert (profile.low[1], profile.high[1]) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_radial_profile_leaves_out_what_was_not_computed():
    profile = radial_profile(heatmap([[-1, 20, -1], [-1, -1, -1], [-1, 20, -1]]))
    assert profile.radius.tolist() == [1] and profile.waves.tolist() == [1]
    assert profile.rate.tolist() == [0.2]


def test_difference_crops_to_the_smaller_map_and_subtracts():
    large = np.full((5, 5), 90)
    large[2, 2] = 30
    result = difference(heatmap(large), SMALL)
    assert result.value.shape == (3, 3)
    assert result.value[1, 1] == pytest.approx(0.3)
    assert result.value[0, 2] == pytest.approx(0.4)
    assert (result.interval.low <= result.value).all() and (result.value <= result.interval.high).all()


def test_minus_clean_subtracts_the_clean_error_or_says_it_is_unknown():
    found = minus_clean(SMALL)
    assert found is not None and found.value[0, 0] == pytest.approx(0.35)
    unknown = Heatmap(SMALL.top1_errors, SMALL.top5_errors, SMALL.count, np.full(3, -1, dtype=np.int64), METADATA)
    assert minus_clean(unknown) is None


def test_mismatches_names_each_difference_between_runs():
    assert mismatches(SMALL, SMALL) == ()
    other = heatmap([[1]], image_size=16, epsilon=2.0, dataset={"name": "stripes"}, class_names=["a"], weakened_as=224)
    reasons = " ".join(mismatches(SMALL, other))
    for part in ("8 and 16 pixels", "dots and stripes", "size v: 1 and 2", "2 and 1 classes", "waves are weakened"):
        assert part in reasons


def test_radial_profile_reaches_the_corners_and_marks_rings_that_the_square_cuts():
    profile = radial_profile(heatmap(np.arange(25).reshape(5, 5) + 1), corners=True)
    assert profile.radius.tolist() == [0, 1, 2, 3] and profile.whole.tolist() == [True, True, True, False]
    # Radius 2.83 is that of the corners alone: (2, 2) and (-2, 2), each averaged with its mirror image, 1 to 25 %.
    assert profile.waves[-1] == 2 and profile.rate[-1] == pytest.approx(0.13)
    whole = radial_profile(heatmap(np.arange(25).reshape(5, 5) + 1))
    np.testing.assert_array_equal(whole.rate, profile.rate[:-1])
