"""Compute the share of each wave's norm that the networks' resizes keep, for use without torch.

    python -m precomputed.make_resize_attenuation

writes precomputed/strength/resize_attenuation.npz: for each pair of sizes a map of shares, named IMAGE_NETWORK in
pixels.
"""

from __future__ import annotations

import numpy as np

from core.classifiers.classifier import Preprocess
from core.fourier.waves import STORED_ATTENUATION, largest_side, resize_attenuation
from core.shared.files import npz_bytes, write_atomically

SIZES = ((32, 64), (32, 224))  # CIFAR-10 into Mini CLIP and into CLIP ViT-B/32, both bicubic


def resize_attenuations() -> dict[str, np.ndarray]:
    """Return the file's arrays."""
    return {
        f"{size}_{side}": resize_attenuation(
            Preprocess(side, (0.0,) * 3, (1.0,) * 3), size, largest_side(size, size)
        ).astype(np.float32)
        for size, side in SIZES
    }


def main() -> None:
    """Write the file."""
    STORED_ATTENUATION.parent.mkdir(exist_ok=True)
    write_atomically(STORED_ATTENUATION, npz_bytes(**resize_attenuations()))


if __name__ == "__main__":
    main()
