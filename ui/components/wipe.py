"""Before and after on top of each other, with a border to be moved between them."""

from __future__ import annotations

import numpy as np

from core.images.square import png_data_uri
from ui.components.mount import register

_component = register("wipe")


def wipe(before: np.ndarray, after: np.ndarray, *, labels: tuple[str, str], key: str) -> None:
    """Show two uint8 (H, W, 3) pictures of the same size; moving the border causes no rerun.

    Raises:
        ValueError: the pictures differ in size.
    """
    if before.shape != after.shape:
        raise ValueError(f"a wipe wants two pictures of the same size, got {before.shape} and {after.shape}")
    _component(
        key=key,
        data={
            "key": key,
            "before": png_data_uri(before),
            "after": png_data_uri(after),
            "before_label": labels[0],
            "after_label": labels[1],
            "crisp": len(before) < 100,
        },
    )
