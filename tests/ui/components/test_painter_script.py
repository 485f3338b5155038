"""painter.js paints exactly what `tests.painter_oracle` defines; in Node."""

from pathlib import Path

import numpy as np
import pytest

from tests.node import function_of, in_node
from tests.painter_oracle import brush_mask, ellipse_mask, fill_mask, line_points

CALLS = Path(__file__).with_name("calls.js")
PAINT, LINES = (function_of(CALLS, name) for name in ("paint", "lines"))


def painted(tool, strokes, height, width):
    """(strokes, H, W) uint8: pixels painted by a tool, given its points and other arguments."""
    values = [{"tool": tool, "points": points, "more": more} for points, more in strokes]
    pixels = in_node("painters/painter.js", PAINT, {"height": height, "width": width, "strokes": values})
    return np.array(pixels, np.uint8).reshape(-1, height, width)


def points(rng, count, height, width):
    """Random points, some of them outside the picture."""
    return np.stack([rng.integers(-s // 4, s + s // 4, count) for s in (width, height)], axis=1).tolist()


def test_lines_are_the_oracles_in_every_direction():
    lines = [((3, -2), (3 + x, y - 2)) for x in range(-9, 10) for y in range(-9, 10)]
    for line, points in zip(lines, in_node("painters/painter.js", LINES, lines), strict=True):
        assert [tuple(point) for point in points] == list(line_points(*line)), line


@pytest.mark.parametrize(("height", "width"), [(32, 32), (24, 40)])
def test_brushes_of_every_radius_and_ellipses_are_the_oracles(height, width):
    rng, size = np.random.default_rng(height), {"height": height, "width": width}
    strokes = [(points(rng, 4, height, width), radius) for radius in range(13)]
    for (path, radius), cells in zip(strokes, painted("brush", strokes, height, width), strict=True):
        np.testing.assert_array_equal(cells == 9, brush_mask(path, radius, **size)[0])
    strokes = [(points(rng, 2, height, width), None) for _ in range(30)] + [([(4, 7), (4, 7)], None)]
    for (corners, _), cells in zip(strokes, painted("ellipse", strokes, height, width), strict=True):
        np.testing.assert_array_equal(cells == 9, ellipse_mask(*corners, **size)[0])


def test_fills_are_the_oracles_and_one_outside_paints_nothing():
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 2, (24, 40), dtype=np.uint8) for _ in range(20)] + [np.full((24, 40), 9, np.uint8)]
    starts = [tuple(map(int, rng.integers(0, (40, 24)))) for _ in pictures]
    strokes = [([start], picture.ravel().tolist()) for start, picture in zip(starts, pictures, strict=True)]
    outside = [([point], pictures[0].ravel().tolist()) for point in ((-1, 3), (40, 3), (3, -1), (3, 24))]
    cells = painted("fill", strokes + outside, 24, 40)
    for start, before, after in zip(starts, pictures, cells, strict=False):
        expected = np.where(fill_mask(np.stack(3 * [before], axis=2), start)[0], 9, before)
        np.testing.assert_array_equal(after, expected)
    assert (cells[-4:] == pictures[0]).all()
