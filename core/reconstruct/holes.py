"""Holes in photographs: the place that matters most to a network, and the hole judged alone. Does not import torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.images.masks import fill_hole, square_mask

PLACES = 5  # candidates along each axis
MARGIN = 0.1  # of the hole's side, shown around it when it is judged alone


def costliest_hole(
    image: np.ndarray, side: int, probabilities: Callable[[np.ndarray], np.ndarray], label: int | None = None
) -> np.ndarray:
    """Return the square hole, of 5 x 5 places, whose fill from its rim costs a network most of a class's probability.

    Args:
        image: (3, H, H) uint8.
        side: of the hole, in pixels.
        probabilities: (B, 3, H, H) float32 in [0, 1] -> (B, K) class probabilities.
        label: the class; None for the network's own top-1 prediction for the image.
    Returns:
        bool (1, H, H), True = hole.
    """
    size, whole = image.shape[-1], image[None].astype(np.float32) / np.float32(255)
    if label is None:
        label = int(probabilities(whole)[0].argmax())
    centres = np.linspace(side // 2, size - side // 2, PLACES).round().astype(int).tolist()
    masks = [square_mask((x, y), side, height=size, width=size) for y in centres for x in centres]
    filled = fill_hole(np.repeat(whole, len(masks), axis=0), np.stack(masks), "rim")
    return masks[int(probabilities(filled)[:, label].argmin())]


def hole_alone(images: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the square around a hole, with a tenth of the hole's side on every side where the image has it.

    With its surroundings, a network recognises most pictures whatever is in the hole; alone, the hole must convince.

    Args:
        images: (..., H, H). mask: bool (1, H, H), True = hole.
    Returns:
        (..., S, S) view of the images.
    """
    spans = [np.flatnonzero(mask[0].any(axis=axis)) for axis in (1, 0)]
    extent = max(int(span[-1]) + 1 - int(span[0]) for span in spans)
    side = min(mask.shape[-1], extent + 2 * round(MARGIN * extent))
    top, left = (min(max((int(s[0]) + int(s[-1]) + 1 - side) // 2, 0), mask.shape[-1] - side) for s in spans)
    return images[..., top : top + side, left : left + side]
