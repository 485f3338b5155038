"""A hole in the URL: exact round trip, and anything else is refused."""

import base64
import zlib

import numpy as np
import pytest

from core.data.holes_and_sketches import MAX_HOLE_LENGTH as MAX_LENGTH
from core.data.holes_and_sketches import hole_text, read_hole, square_mask
from tests.painter_oracle import brush_mask


@pytest.mark.parametrize("size", [8, 32, 224])
def test_hole_text_is_read_back_to_the_pixel(size):
    rng = np.random.default_rng(size)
    points = [tuple(int(v) for v in point) for point in rng.integers(0, size, (5, 2))]
    for mask in (
        square_mask((size // 2, size // 3), size // 4, height=size, width=size),
        brush_mask(points, size // 16, height=size, width=size),
        np.zeros((1, size, size), dtype=bool),
        np.ones((1, size, size), dtype=bool),
    ):
        text = hole_text(mask)
        assert text is not None and len(text) < MAX_LENGTH
        assert np.array_equal(read_hole(text, size), mask)


def test_hole_text_gives_up_on_a_hole_that_is_too_ragged():
    assert hole_text(np.random.default_rng(0).random((1, 224, 224)) < 0.5) is None


def packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(data, 9)).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "32",
        "32.",
        "32.!!!",
        "32.AAAA",
        "224." + packed(bytes(128)),
        "32." + packed(bytes(127)),
        "32." + packed(bytes(129)),
        "32." + packed(bytes(10**6)),
        "32." + "A" * 10**5,
        "32.é",
        "-1." + packed(b""),
    ],
)
def test_read_hole_refuses_what_is_no_hole_of_this_size(text):
    assert read_hole(text, 32) is None


def test_links_of_earlier_versions_open():
    square = square_mask((16, 16), 16, height=32, width=32)
    np.testing.assert_array_equal(read_hole("32.eNpjYCAA_v-nDBMAAAjoH-E", 32), square)
