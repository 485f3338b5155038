"""Rings: on maps small enough to check by hand, and against plain loops over the shipped files."""

import itertools
import math

import numpy as np
import pytest

from core.data.sample_sets import PRECOMPUTED
from core.fourier.contrasts import radial_profile, ring_differences, ring_errors
from core.fourier.heatmap import Heatmap
from core.fourier.waves import half_plane
from tests.core.oracles import wilson
from tests.core.squares import heatmap_of, squares_of_file

METADATA = {"dataset": {"name": "dots", "n": 100}, "image_size": 8, "epsilon": 1.0, "class_names": ["a", "b"]}
FILES = {path.stem: path for path in (PRECOMPUTED / "heatmaps").glob("*.npz")}


def heatmap(errors, n=100):
    errors = np.array(errors, dtype=np.int64)
    count = np.where(errors < 0, 0, n).astype(np.int64)
    return heatmap_of(errors, np.zeros_like(errors), count, np.array([5, 0, n], dtype=np.int64), METADATA)


SMALL = heatmap([[40, 20, 50], [10, 0, 10], [50, 20, 40]])


def test_rings_reach_the_corners_and_say_which_are_cut():
    five = np.zeros((5, 5), np.int64)
    five[0, 0] = five[4, 4] = 90  # radius 2.83: the only ring cut by the square, with two waves in it
    profile = radial_profile(heatmap(five))
    assert list(zip(profile.radius, profile.whole, profile.waves, strict=True)) == [
        (0, True, 1), (1, True, 4), (2, True, 6), (3, False, 2),
    ]  # fmt: skip
    rings = ring_errors(heatmap(five))
    assert list(rings) == [0, 1, 2, 3] and rings[3].measured == pytest.approx((0.45, *wilson(0.45, 100)))


@pytest.mark.parametrize("name", sorted(FILES))
def test_rings_agree_with_a_loop_over_the_file(name):
    file = squares_of_file(FILES[name])
    rates = file["printed_rates"][0] if "printed_rates" in file else file["top1_errors"] / file["count"]
    half, sums = len(rates) // 2, {}
    for i, j in itertools.product(range(-half, half + 1), repeat=2):
        sums.setdefault(round(math.sqrt(i * i + j * j)), []).append(rates[half + i, half + j])
    heatmap = Heatmap.load(FILES[name])
    # both halves of a map hold the same waves, so the mean over all cells equals the mean over waves
    means = {radius: sum(rates) / len(rates) for radius, rates in sorted(sums.items())}
    assert {radius: errors.measured.value for radius, errors in ring_errors(heatmap).items()} == pytest.approx(means)
    assert radial_profile(heatmap).waves.tolist() == [math.ceil(len(sums[radius]) / 2) for radius in means]


def test_the_papers_two_maps_change_sign_three_times_beyond_the_noise():
    maps = (Heatmap.load(FILES[f"{name}_cifar10_published"]) for name in ("clip-vit-b-32", "resnet-56"))
    runs = [list(run) for _, run in itertools.groupby(ring_differences(*maps), lambda ring: ring[1].value > 0)]
    assert [(run[0][1].value > 0, run[0][0], run[-1][0]) for run in runs] == [
        (True, 0, 2), (False, 3, 10), (True, 11, 15), (False, 16, 21),
    ]  # fmt: skip
    assert all(any(difference.clear for _, difference in run) for run in runs)


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


def test_radial_profile_interval_counts_images_not_images_times_waves():
    profile = radial_profile(SMALL)
    assert (profile.error.low[1], profile.error.high[1]) == pytest.approx(wilson(0.3, 100))
