"""Canvases: the colours that were measured, and the sketches of the same name."""

import numpy as np
import pytest
from scipy import ndimage

from core.data.canvases import CANVASES, canvas_of, empty_sketch, paint_canvas
from core.data.class_statistics import natural_pixels
from core.data.sketches import draw_sketch


@pytest.mark.parametrize("size", [32, 224])
@pytest.mark.parametrize("name", CANVASES)
def test_a_canvas_is_its_bands_blurred_along_the_rows(name, size):
    canvas = CANVASES[name]
    bands = np.repeat(np.array(canvas.colours) / 255, size // len(canvas.colours), axis=0)
    blurred = bands.T
    if canvas.blur:
        sigma = canvas.blur * size
        blurred = np.stack([ndimage.gaussian_filter1d(bands[:, c], sigma, mode="nearest") for c in range(3)])
    painted = paint_canvas(name, size)
    assert painted.shape == (3, size, size) and painted.dtype == np.float32
    np.testing.assert_array_equal(painted, np.repeat(blurred[:, :, None], size, axis=2).astype(np.float32))


def test_grey_is_the_mean_colour_of_natural_pixels():
    (grey,) = CANVASES["grey"].colours
    np.testing.assert_array_equal(grey, np.rint(255 * natural_pixels().mean))


def test_an_empty_sketch_is_known_by_its_pixels():
    assert [canvas_of(empty_sketch(name)) for name in CANVASES] == [*CANVASES]
    sketch = empty_sketch("sea")
    assert len(np.unique(sketch.reshape(-1, 3), axis=0)) == 2 and (sketch[:16] == CANVASES["sea"].colours[0]).all()
    sketch[0, 0] = 0
    assert canvas_of(sketch) is None and canvas_of(draw_sketch("volcano")) is None
