"""What is said about maps: on maps small enough to do by hand, and against plain loops over the shipped files."""

import itertools
import math

import numpy as np
import pytest

from core.data.classes import PRECOMPUTED
from core.fourier.findings import (
    Estimate,
    cell_contrast,
    cell_error,
    cell_rise,
    clean_error,
    ring_at,
    ring_differences,
    ring_means,
    sign_runs,
)
from core.fourier.heatmap import Heatmap

METADATA = {"dataset": {"name": "dots", "n": 100}, "image_size": 8, "epsilon": 1.0, "class_names": ["a", "b"]}
FILES = {path.stem: path for path in (PRECOMPUTED / "heatmaps").glob("*.npz")}


def heatmap(errors, n=100):
    errors = np.array(errors, dtype=np.int64)
    count = np.where(errors < 0, 0, n).astype(np.int64)
    return Heatmap(errors, np.zeros_like(errors), count, np.array([5, 0, n], dtype=np.int64), METADATA)


SMALL = heatmap([[40, 20, 50], [10, 0, 10], [50, 20, 40]])


def around(value, half=0.01):
    return Estimate(value, value - half, value + half)


def wilson(rate, n, z=1.959963984540054):
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return centre - half, centre + half


def newcombe(a, n_a, b, n_b):
    (low_a, high_a), (low_b, high_b) = wilson(a, n_a), wilson(b, n_b)
    d = a - b
    return d - math.sqrt((a - low_a) ** 2 + (high_b - b) ** 2), d + math.sqrt((high_a - a) ** 2 + (b - low_b) ** 2)


def test_cell_error_reads_the_wave_with_its_interval():
    found = cell_error(SMALL, (-1, 0))
    assert found.value == 0.2
    assert (found.low, found.high) == pytest.approx(wilson(0.2, 100))
    assert cell_error(SMALL, (0, -1)).value == 0.1 and cell_error(SMALL, (0, -1), top=5).value == 0


def test_what_a_map_does_not_hold_is_unknown_and_not_zero():
    holes = heatmap([[40, -1, 50], [10, 0, 10], [50, -1, 40]])
    assert cell_error(SMALL, (2, 0)) is None and cell_error(SMALL, (0, -2)) is None
    assert cell_error(holes, (1, 0)) is None and cell_contrast(SMALL, holes, (1, 0)) is None
    published = Heatmap(
        np.full((3, 3), -1), np.full((3, 3), -1), np.zeros((3, 3), np.int64), np.full(3, -1), METADATA,
        np.full((2, 3, 3), 0.5),
    )  # fmt: skip
    assert clean_error(published) is None and cell_rise(published, (0, 0)) is None
    assert cell_error(published, (0, 0)).value == 0.5


def test_contrast_and_rise_carry_newcombes_interval():
    other = heatmap([[10, 10, 10], [10, 10, 10], [10, 10, 10]], n=400)
    contrast = cell_contrast(SMALL, other, (1, 1))
    assert contrast.value == pytest.approx(0.4 - 0.025) and contrast.clear
    assert (contrast.low, contrast.high) == pytest.approx(newcombe(0.4, 100, 0.025, 400))
    rise = cell_rise(SMALL, (1, 0))
    assert rise.value == pytest.approx(0.15) and (rise.low, rise.high) == pytest.approx(newcombe(0.2, 100, 0.05, 100))
    assert not cell_rise(SMALL, (0, 1)).clear  # 10 of 100 against 5 of 100


def test_rings_reach_the_corners_and_say_which_are_cut():
    five = np.zeros((5, 5), np.int64)
    five[0, 0] = five[4, 4] = 90  # radius 2.83: the only ring that the square cuts, with two waves in it
    rings = ring_means(heatmap(five))
    assert [(ring.radius, ring.whole, ring.waves) for ring in rings] == [
        (0, True, 1), (1, True, 4), (2, True, 6), (3, False, 2),
    ]  # fmt: skip
    assert rings[-1].error.value == pytest.approx(0.45)
    assert (rings[-1].error.low, rings[-1].error.high) == pytest.approx(wilson(0.45, 100))
    assert ring_at(heatmap(five), 3) == rings[-1] and ring_at(heatmap(five), 4) is None


@pytest.mark.parametrize("name", sorted(FILES))
def test_rings_agree_with_a_loop_over_the_file(name):
    with np.load(FILES[name]) as file:
        rates = file["printed_rates"][0] if "printed_rates" in file else file["top1_errors"] / file["count"]
    half, sums = len(rates) // 2, {}
    for i, j in itertools.product(range(-half, half + 1), repeat=2):
        sums.setdefault(round(math.sqrt(i * i + j * j)), []).append(rates[half + i, half + j])
    for ring in ring_means(Heatmap.load(FILES[name])):
        # both halves of a map hold the same waves, so the mean over all cells is the mean over waves
        assert ring.error.value == pytest.approx(sum(sums[ring.radius]) / len(sums[ring.radius]), abs=1e-12)
        assert ring.waves == math.ceil(len(sums[ring.radius]) / 2)
    assert ring.radius == max(sums)


def test_differences_crop_the_larger_map_to_the_same_waves():
    five = np.full((5, 5), 90, np.int64)
    five[1:4, 1:4] = [[40, 20, 50], [10, 0, 10], [50, 20, 40]]
    assert [(radius, estimate.value) for radius, estimate in ring_differences(heatmap(five), SMALL)] == [(0, 0), (1, 0)]


def test_sign_runs_tell_noise_from_change():
    values = (0.2, 0.005, -0.2, -0.3, 0.0, 0.004, -0.2)
    runs = sign_runs(enumerate(map(around, values)))
    assert [(run.sign, run.first, run.last, run.at, run.clear) for run in runs] == [
        (1, 0, 1, 0, (0, 0)),
        (-1, 2, 4, 3, (2, 3)),
        (1, 5, 5, 5, None),
        (-1, 6, 6, 6, (6, 6)),
    ]
    assert sign_runs([]) == ()


def test_the_papers_two_maps_change_sign_three_times_beyond_the_noise():
    maps = (Heatmap.load(FILES[f"{name}_cifar10_published"]) for name in ("clip-vit-b-32", "resnet-56"))
    runs = sign_runs(ring_differences(*maps))
    assert [(run.sign, run.first, run.last) for run in runs] == [(1, 0, 2), (-1, 3, 10), (1, 11, 15), (-1, 16, 21)]
    assert all(run.clear for run in runs)
