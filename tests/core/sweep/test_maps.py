"""Growing maps: their contents, and that each of them can be continued."""

import dataclasses
from itertools import islice

import numpy as np
import pytest

from core.fourier.estimate import ESTIMATOR
from core.fourier.heatmap import Heatmap, outcome_rows
from core.sweep.grow import grow
from core.sweep.waves import SweepConfig, sweep_cells

CONFIG = SweepConfig(side=5, epsilon=1.5, seed=3, batch_size=8)
ROUNDING = 1e-6  # tolerance of a mean probability: a product's last bit may depend on the number of images in it


def assert_same_cells(first, second):
    for name in ("counts", "hits", "bits", "labels"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_growing_adds_one_wave_each_after_the_clean_error(linear_classifier, noise_dataset):
    maps = list(grow(linear_classifier, noise_dataset, CONFIG))
    # All waves but the zero frequency, which is second, fill two cells.
    assert [int((heatmap.count > 0).sum()) for heatmap in maps] == [0, *range(1, 26, 2)]
    assert all(heatmap.clean[2] == 37 and heatmap.number("true_probability") is not None for heatmap in maps)
    assert [heatmap.counts.sum() for heatmap in maps] == list(range(37, 15 * 37, 37))
    clean, *results = sweep_cells(linear_classifier, noise_dataset, CONFIG, waves=[None, *CONFIG.waves])
    assert maps[-1].numbers["true_probability"][0] == clean.means["true_probability"]
    half = CONFIG.side // 2
    for sign in (1, -1):
        for result in results:
            i, j = result.frequency
            row, col = half + sign * i, half + sign * j
            counts = [getattr(maps[-1], name)[row, col] for name in ("top1_errors", "top5_errors", "count")]
            assert counts == [result.top1_errors, result.top5_errors, result.count]
            assert maps[-1].number("true_probability")[row, col] == result.means["true_probability"]
            (place,) = outcome_rows([(i, j)], CONFIG.side)
            np.testing.assert_array_equal(maps[-1].bits[place], result.bits)


@pytest.mark.parametrize("known", [1, 4, 13])
def test_growing_continues_from_a_saved_map(linear_classifier, noise_dataset, known, tmp_path):
    *_, whole = grow(linear_classifier, noise_dataset, CONFIG)
    *_, part = islice(grow(linear_classifier, noise_dataset, CONFIG), known)
    source = {**part.metadata["source"], "wall_seconds": 1000.0}
    dataclasses.replace(part, metadata={**part.metadata, "source": source}).save(tmp_path / "map.npz")
    start = Heatmap.load(tmp_path / "map.npz")
    rest = list(grow(linear_classifier, noise_dataset, CONFIG, start))
    assert len(rest) == 14 - known
    assert_same_cells(rest[-1], whole)
    assert rest[-1].metadata["source"]["wall_seconds"] >= 1000
    assert list(grow(linear_classifier, noise_dataset, CONFIG, rest[-1])) == []


@pytest.mark.parametrize(
    "change", [{"epsilon": 1.0}, {"seed": 4}, {"side": 3}, {"dtype": "bfloat16"}, {"weaken_as": 64}, {"passes": 0.25}]
)
def test_growing_refuses_a_map_of_another_configuration(linear_classifier, noise_dataset, change):
    first = next(grow(linear_classifier, noise_dataset, CONFIG))
    other = dataclasses.replace(CONFIG, **change)
    with pytest.raises(ValueError, match="other settings: .*, not"):
        grow(linear_classifier, noise_dataset, other, first)


def test_metadata_say_how_waves_are_weakened(linear_classifier, noise_dataset):
    weakened = dataclasses.replace(CONFIG, weaken_as=64)
    first, plain = (next(grow(linear_classifier, noise_dataset, config)) for config in (weakened, CONFIG))
    assert first.metadata["weakened_as"] == 64 and "weakened_as" not in plain.metadata


def test_maps_of_samples_say_so_and_continue_from_a_saved_map(linear_classifier, noise_dataset, tmp_path):
    config = dataclasses.replace(CONFIG, passes=0.25)
    *_, whole = grow(linear_classifier, noise_dataset, config)
    assert (whole.count == 9).all() and whole.clean[2] == 37 and whole.metadata["dataset"]["n"] == 37
    assert whole.metadata["sample"]["images_per_wave"] == 9
    assert whole.bits is None and whole.labels is None
    assert 0 < whole.variance_share <= 1
    assert whole.metadata["estimate"]["estimator"] == ESTIMATOR
    *_, part = islice(grow(linear_classifier, noise_dataset, config), 6)
    part.save(tmp_path / "map.npz")
    *_, resumed = grow(linear_classifier, noise_dataset, config, Heatmap.load(tmp_path / "map.npz"))
    assert resumed.arrays().keys() == whole.arrays().keys() >= {"true_probability", "sampling_variance", "estimate"}
    for name, values in whole.arrays().items():
        np.testing.assert_array_equal(resumed.arrays()[name], values)


def test_maps_of_all_images_are_those_without_a_sample(linear_classifier, noise_dataset):
    almost = dataclasses.replace(CONFIG, passes=0.99)  # 36.6 of 37 images
    first, second = (list(grow(linear_classifier, noise_dataset, config))[-1] for config in (CONFIG, almost))
    assert_same_cells(first, second)
    assert "sample" not in second.metadata
