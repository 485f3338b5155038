"""Canvases: blurred bands of colour, the starts of drawings from a word alone, and the same as empty sketches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.data.sketches import SKETCH_SIZE, Colour

CanvasName = Literal["grey", "meadow", "sea", "horizon"]


@dataclass(frozen=True)
class Canvas:
    """Bands of equal height, blurred into each other.

    title: on pages. colours: of the bands, from top to bottom. blur: the Gaussian's standard deviation, in parts of the
    picture's height. description: what one sees, in a sentence.
    """

    title: str
    colours: tuple[Colour, ...]
    blur: float
    description: str


CANVASES: dict[CanvasName, Canvas] = {
    # The mean colour of natural pixels, rounded; its start also has faint noise (`core.pgd.starts.start_of`).
    "grey": Canvas("Grey", ((125, 123, 114),), 0.0, "plain grey"),
    "meadow": Canvas("Meadow", ((150, 200, 240), (114, 170, 80)), 0.06, "a smooth sky over a meadow"),
    "sea": Canvas("Sea", ((170, 205, 235), (40, 110, 170)), 0.06, "a smooth sky over the sea"),
    "horizon": Canvas("Pale horizon", ((226, 222, 214), (200, 190, 176)), 0.12, "a pale horizon"),
}
COMPARED_CANVAS: CanvasName = "grey"  # of the gallery and of all comparisons with the paper's method
DEFAULT_CANVAS: CanvasName = "grey"  # of the page *Paint*
TRIES = 4  # started by one press


def tried_canvases(chosen: CanvasName = DEFAULT_CANVAS) -> tuple[CanvasName, ...]:
    """Return the canvas of each of several tries, which have one run's settings: the chosen one comes again if need be.

    Grey has other settings than the rest, so all its tries are on grey.
    """
    if chosen == COMPARED_CANVAS:
        return (chosen,) * TRIES
    further = [name for name in CANVASES if name not in (chosen, COMPARED_CANVAS)][: TRIES - 1]
    return (*(name for name in CANVASES if name == chosen or name in further), *(chosen,) * (TRIES - 1 - len(further)))


def paint_canvas(name: CanvasName, image_size: int) -> np.ndarray:
    """Return a canvas as a start, (3, image_size, image_size) float32 in [0, 1]; "grey" without its noise."""
    from scipy.ndimage import gaussian_filter1d

    canvas = CANVASES[name]
    rows = np.array(canvas.colours, dtype=float)[_bands(canvas, image_size)] / 255
    if canvas.blur:
        rows = gaussian_filter1d(rows, canvas.blur * image_size, axis=0, mode="nearest")
    return np.repeat(rows.T[:, :, None], image_size, axis=2).astype(np.float32)


def empty_sketch(name: CanvasName) -> np.ndarray:
    """Return a sketch with nothing but a canvas's bands, uint8 (32, 32, 3)."""
    rows = np.array(CANVASES[name].colours, dtype=np.uint8)[_bands(CANVASES[name], SKETCH_SIZE)]
    return np.repeat(rows[:, None], SKETCH_SIZE, axis=1)


def canvas_of(sketch: np.ndarray) -> CanvasName | None:
    """Return the canvas that has this uint8 (32, 32, 3) sketch as its empty sketch; None for any other sketch."""
    return next((name for name in CANVASES if np.array_equal(empty_sketch(name), sketch)), None)


def _bands(canvas: Canvas, size: int) -> np.ndarray:
    """Return the index of the colour of each of `size` rows."""
    return np.arange(size) * len(canvas.colours) // size
