"""Outcomes of a sweep against a slow twin that stores every prediction, and files with false outcomes."""

import dataclasses
import math

import numpy as np
import pytest

from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import clean_error, map_outcomes
from core.fourier.waves import half_plane
from core.sweep.grow import grow
from core.sweep.wave_sweep import SweepConfig
from tests.core.toy import slow_ranks

CONFIG = SweepConfig(size=5, epsilon=1.5, seed=3, batch_size=8)


@pytest.fixture
def swept(linear_classifier, noise_dataset):
    """The finished map, and the misclassified images for each wave, (i, j) or None: one image at a time."""
    *_, heatmap = grow(linear_classifier, noise_dataset, CONFIG)
    ranks = slow_ranks(linear_classifier, noise_dataset, CONFIG)
    return heatmap, {wave: [rank > 0 for rank in known] for wave, known in ranks.items()}


def test_outcomes_are_those_of_the_slow_twin(swept):
    heatmap, wrong = swept
    radius, outcomes = map_outcomes(heatmap)
    assert radius.tolist() == [round(math.hypot(*wave)) for wave in CONFIG.waves]
    np.testing.assert_array_equal(outcomes, [wrong[wave] for wave in CONFIG.waves])
    np.testing.assert_array_equal(clean_error(heatmap).scores, wrong[None])
    assert 0 < outcomes.mean() < 1 and not (outcomes == outcomes[0]).all()
    assert map_outcomes(dataclasses.replace(heatmap, bits=None, labels=None)) is None


def test_outcomes_survive_saving_cropping_and_half_a_sweep(linear_classifier, noise_dataset, swept, tmp_path):
    heatmap, wrong = swept
    heatmap.save(tmp_path / "map.npz")
    _, small = map_outcomes(Heatmap.load(tmp_path / "map.npz").crop(3))
    np.testing.assert_array_equal(small, [wrong[wave] for wave in half_plane(3)])
    some = dataclasses.replace(CONFIG, cells=((2, 1), (0, 0)))
    *_, part = grow(linear_classifier, noise_dataset, some)
    np.testing.assert_array_equal(map_outcomes(part)[1], [wrong[0, 0], wrong[2, 1]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (lambda m: {"labels": None}, "come together"),
        (lambda m: {"labels": m.labels[:-1]}, r"labels must be \(37,\) uint16"),
        (lambda m: {"labels": m.labels + np.uint16(6)}, "labels hold class"),
        (lambda m: {"bits": m.bits[:-1]}, r"bits must be \(14, 1, 5\) uint8"),
        (lambda m: {"bits": m.bits ^ np.uint8(128)}, "hits differ from the counts"),
        (lambda m: {"bits": padded(m.bits)}, "hits differ from the counts"),
    ],
)
def test_outcomes_that_cannot_be_are_refused(swept, changes, message):
    heatmap, _ = swept
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(heatmap, **changes(heatmap))


def padded(bits):
    """One hit moved from its image to a padding bit after the last of 37 images."""
    moved = bits.copy()
    row = int(np.argmax(moved[:, 0, 0] > 0))
    moved[row, 0, 0] &= moved[row, 0, 0] - np.uint8(1)
    moved[row, 0, -1] |= 1
    return moved
