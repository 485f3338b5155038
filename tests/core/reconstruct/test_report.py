"""Measures and files of a run against slow implementations and scikit-image, and the picture grid."""

import io

import numpy as np
import pytest
from PIL import Image

from core.pgd.batches import picture_grid
from core.pgd.pictures import Reconstruction, from_csv, measure_change, to_csv


def test_measure_change_against_slow_twins():
    generator = np.random.default_rng(1)
    before, after = generator.random((2, 3, 16, 16), dtype=np.float32)
    hole = np.zeros((1, 16, 16), dtype=bool)
    hole[:, 4:10, 5:12] = True
    change = measure_change(before, after, hole)
    inside = [(c, y, x) for c in range(3) for y in range(4, 10) for x in range(5, 12)]
    outside = [(c, y, x) for c in range(3) for y in range(16) for x in range(16) if not hole[0, y, x]]
    assert change["change_inside"] == pytest.approx(np.mean([abs(after[at] - before[at]) for at in inside]), abs=1e-6)
    assert change["change_outside"] == pytest.approx(np.mean([abs(after[at] - before[at]) for at in outside]), abs=1e-6)
    assert change["perturbation_norm"] == pytest.approx(float(np.linalg.norm(after - before)), abs=1e-4)


def test_measure_change_of_a_perfect_reconstruction():
    image = np.random.default_rng(0).random((3, 16, 16), dtype=np.float32)
    changes = measure_change(image, image, np.ones((1, 16, 16), dtype=bool))
    assert changes == dict.fromkeys(changes, 0)


def test_rows_are_read_back_to_the_bit():
    numbers = np.random.default_rng(0).random(10).tolist()
    rows = [
        Reconstruction(0, "", 'a, "b"\nc', "é", "x", *numbers[:6], 1, 0, *numbers[6:]),
        Reconstruction(1, "cat", "dog", "-1", "1.5", *numbers[4:], 0, 1, *numbers[:4], 7, 0.1, "a", "b", 0, 1),
    ]
    assert from_csv(to_csv(rows)) == rows


def first_tile(pictures: np.ndarray, side: int) -> np.ndarray:
    """(side, side, 3) integers: the first picture in a grid of two rows."""
    with Image.open(io.BytesIO(picture_grid([("noise", pictures), ("result", pictures)]))) as grid:
        return np.asarray(grid.convert("RGB")).astype(int)[6 : 6 + side, 110 : 110 + side]


def test_picture_grid_enlarges_small_pictures_smoothly():
    edge = np.zeros((2, 3, 32, 32))
    edge[..., 16:] = 1
    tile = first_tile(edge, 128)
    assert (tile[:, :56] == 0).all() and (tile[:, 72:] == 255).all()  # two small pixels of four each from the edge
    across = np.diff(tile[64, :, 0])
    assert (across >= 0).all() and 0 < across.max() < 100  # square pixels would jump by 255


def test_picture_grid_shows_larger_pictures_pixel_for_pixel():
    pictures = np.random.default_rng(0).integers(0, 256, (2, 3, 112, 112)) / 255
    np.testing.assert_array_equal(first_tile(pictures, 112), (pictures[0] * 255).round().transpose(1, 2, 0))
