"""Strokes of the painters in plain Python: the oracle of their tests.

Everything a pointer can paint is defined with integers only, so that a painter in the browser paints the same
pixels bit for bit. Points are (x, y) whole pixels: x counts columns to the right, y counts rows downwards.

1. The path of a stroke is the Bresenham line between each two successive points, ends included (`line_points`); a
   single point is a path of one pixel. Points may lie outside the image.
2. A brush of radius r paints every pixel (px, py) with (px - x)^2 + (py - y)^2 <= r^2 for some (x, y) on the path.
3. A square of side s that is dragged to (x, y) is the whole hole: s x s pixels, of which the top-left one is
   (clamp(x - s div 2, 0, W - s), clamp(y - s div 2, 0, H - s)): the square is moved inside, never cut.
4. A fill paints every pixel connected to (x, y) by edges between pixels of its colour.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from scipy import ndimage

from core.data.holes import Point, square_mask


def stamp_mask(points: Sequence[Point], side: int, *, height: int, width: int) -> np.ndarray:
    """(1, H, W) a square of `side` pixels dragged along `points`: rule 3."""
    return square_mask(points[-1], side, height=height, width=width)


def brush_mask(points: Sequence[Point], radius: int, *, height: int, width: int) -> np.ndarray:
    """(1, H, W) a round brush of `radius` pixels drawn along `points`: rule 2. Radius 0 paints single pixels."""
    rows, columns = np.mgrid[:height, :width]
    mask = np.zeros((1, height, width), dtype=bool)
    for x, y in path_points(points):
        mask |= (columns - x) ** 2 + (rows - y) ** 2 <= radius**2
    return mask


def fill_mask(picture: np.ndarray, point: Point) -> np.ndarray:
    """(1, H, W) pixels painted by a fill of a (H, W, 3) picture at `point`: rule 4."""
    x, y = point
    areas, _ = ndimage.label((picture == picture[y, x]).all(axis=2))
    return (areas == areas[y, x])[None]


def path_points(points: Sequence[Point]) -> Iterator[Point]:
    """Every pixel on the path of a stroke, rule 1; corners come twice."""
    yield points[0]
    for start, end in pairwise(points):
        yield from line_points(start, end)


def line_points(start: Point, end: Point) -> Iterator[Point]:
    """Pixels of the line from `start` to `end`, both included, in integer arithmetic.

    With dx = |x1 - x0|, dy = -|y1 - y0|, sx and sy the signs of the two differences (-1 when negative, else +1) and
    error = dx + dy, repeat: yield (x, y); stop at the end; let twice = 2 * error; if twice >= dy: error += dy, x += sx;
    if twice <= dx: error += dx, y += sy (both tests use the same `twice`).

    Source: Bresenham 1965, in the symmetric form of Zingl 2012.
    """
    (x, y), (x1, y1) = start, end
    dx, dy = abs(x1 - x), -abs(y1 - y)
    sx, sy = (-1 if x1 < x else 1), (-1 if y1 < y else 1)
    error = dx + dy
    while True:
        yield x, y
        if (x, y) == (x1, y1):
            return
        twice = 2 * error
        if twice >= dy:
            error, x = error + dy, x + sx
        if twice <= dx:
            error, y = error + dx, y + sy
