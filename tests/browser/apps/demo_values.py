"""Values of the demo page's maps, shared by the page and its tests."""

import numpy as np

SIDES = (31, 63)


def demo_value(number: int, i: np.ndarray | int, j: np.ndarray | int) -> np.ndarray:
    """Error of map `number` in per cent: a ring, asymmetric, so that i, j and their signs all differ."""
    radius = np.hypot(i, 1.3 * np.asarray(j))
    return 8 + 60 * np.exp(-((radius - 6 - 2 * number) ** 2) / 30) + 12 * number + 0.05 * np.asarray(i)
