"""The lattice statistic: the shipped map of CLIP with independent code, and maps with a known lattice."""

import random

import numpy as np
import pytest

from core.data.sample_sets import PRECOMPUTED
from core.fourier.heatmap import Heatmap
from core.fourier.patch_grid import lattice, neighbour_contrasts
from tests.core.squares import squares_of_file, with_squares

FOLDER = PRECOMPUTED / "heatmaps"


def dips(name, period, limit=14):
    """{(i, j): points below or above the mean of the eight neighbours}, by plain loops over the file."""
    file = squares_of_file(FOLDER / f"{name}.npz")
    rates = (file["printed_rates"][0] if "printed_rates" in file else file["top1_errors"] / file["count"]).tolist()
    contrasts = {}
    for i in range(-limit, limit + 1):
        for j in range(limit + 1):
            if (j == 0 and i <= 0) or i % period or j % period:
                continue
            block = [rates[15 + i + down][15 + j + across] for down in (-1, 0, 1) for across in (-1, 0, 1)]
            contrasts[i, j] = 100 * (block[4] - (sum(block) - block[4]) / 8)
    return contrasts


def test_published_clip_map_dips_on_its_lattice():
    expected = dips("clip-vit-b-32_cifar10_published", 7)
    assert len(expected) == 12
    assert -min(expected.values()) == pytest.approx(9.5, abs=0.05) and -max(expected.values()) == pytest.approx(
        3.2, abs=0.06
    )
    result = lattice(Heatmap.load(FOLDER / "clip-vit-b-32_cifar10_published.npz"), 7)
    assert dict(zip(result.waves, 100 * result.contrasts, strict=True)) == pytest.approx(expected)
    assert 100 * result.mean.value == pytest.approx(sum(expected.values()) / 12) == pytest.approx(-6.4, abs=0.05)
    assert result.mean.low < result.mean.value < result.mean.high < 0
    # no random draw of twelve cells is as low: with another generator and another way of drawing, too
    every, rng = list(dips("clip-vit-b-32_cifar10_published", 1).values()), random.Random(1)
    assert result.p == 1 / 10_001 and min(sum(rng.sample(every, 12)) / 12 for _ in range(5_000)) > -3


@pytest.fixture
def noise():
    """A symmetric map of 21 x 21 noisy cells, made of counts."""
    heatmap = Heatmap.load(FOLDER / "mini-resnet_cifar10.npz").crop(21)
    errors = np.random.default_rng(0).integers(4000, 4100, (21, 21))
    return with_squares(heatmap, top1_errors=np.maximum(errors, errors[::-1, ::-1]))


def test_planted_lattice_is_found(noise):
    assert lattice(noise, 4).p > 0.05
    errors = noise.top1_errors.copy()
    errors[2:-1:4, 2:-1:4] -= 100  # i and j from -8 to 8 in steps of 4
    planted = lattice(with_squares(noise, top1_errors=errors), 4)
    assert len(planted.waves) == 12 and planted.mean.value == pytest.approx(-0.01, abs=0.002)
    assert planted.p < 0.001


def test_waves_with_missing_neighbours_are_excluded(noise):
    assert np.isnan(neighbour_contrasts(noise)[0]).all()

    def without(*waves):
        count, errors = noise.count.copy(), noise.top1_errors.copy()
        for i, j in waves:
            for cell in ((10 + i, 10 + j), (10 - i, 10 - j)):
                count[cell], errors[cell] = 0, -1
        return with_squares(noise, count=count, top1_errors=errors, top5_errors=np.full_like(errors, -1))

    assert (4, 4) in lattice(noise, 4).waves and (4, 4) not in lattice(without((4, 5)), 4).waves
    assert lattice(noise, 9).waves == ((0, 9), (9, 0), (-9, 9), (9, 9)) and lattice(noise, 10) is None
    assert lattice(without((9, 0), (9, 9)), 9).waves == ((0, 9), (-9, 9)), "two waves are enough"
    assert lattice(without((9, 0), (9, 9), (0, 9)), 9) is None, "one wave has no interval"
    with pytest.raises(ValueError, match="at least 2"):
        lattice(noise, 1)
