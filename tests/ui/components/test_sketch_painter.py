"""A painted sketch from the browser, which may send anything."""

import base64

import pytest

from core.data.sketches import draw_sketch
from ui.components.painters.painters import read_choice

SHIP = base64.b64encode(draw_sketch("ship").tobytes()).decode()


def test_sketch_of_right_size_is_accepted():
    assert read_choice(SHIP, 32) == SHIP


@pytest.mark.parametrize(
    "value",
    [None, 3, b"AAAA", "", "AAAA", SHIP[:-4], SHIP + "AAAA", SHIP[:-1] + "=", SHIP[:-1] + "!", "é" * 4096, [SHIP]],
)
def test_invalid_sketch_is_ignored(value):
    assert read_choice(value, 32) is None
