"""Painted sketches and moved frames from the browser, which may send anything."""

import base64
import math

import numpy as np
import pytest

from core.data.picture_files import framed_square
from core.data.sketches import draw_sketch
from tests.node import in_node
from ui.components.painters.painters import read_choice, read_position

SHIP = base64.b64encode(draw_sketch("ship").tobytes()).decode()


def test_sketch_of_right_size_is_accepted():
    assert read_choice(SHIP, 32) == SHIP


@pytest.mark.parametrize(
    "value",
    [None, 3, b"AAAA", "", "AAAA", SHIP[:-4], SHIP + "AAAA", SHIP[:-1] + "=", SHIP[:-1] + "!", "é" * 4096, [SHIP]],
)
def test_invalid_sketch_is_ignored(value):
    assert read_choice(value, 32) is None


@pytest.mark.parametrize("value", [None, True, "0.5", -0.01, 1.01, math.nan, math.inf, [0.5]])
def test_invalid_place_of_a_frame_is_ignored(value):
    assert read_position(value) is None and read_position(1) == 1.0


def test_javascript_frames_the_square_that_python_cuts():
    shapes, places = [(40, 30), (30, 41), (224, 300), (7, 7)], [0, 0.1, 0.25, 0.5, 1 / 3, 1]
    squares = in_node(
        "painters/frame.js",
        "({ squareAt }, cases) => cases.map((values) => squareAt(...values))",
        [[*shape, place] for shape in shapes for place in places],
    )
    cases = [(shape, place) for shape in shapes for place in places]
    for ((width, height), place), (left, top, size) in zip(cases, squares, strict=True):
        x, y = np.meshgrid(np.arange(width), np.arange(height))
        square = framed_square(np.stack([x, y, x], axis=2), place)
        assert (*square[0, 0, :2], len(square)) == (left, top, size)
