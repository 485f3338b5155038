"""Share of a wave's norm that a network's resize keeps: computed, or stored for use without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.data.classes import PRECOMPUTED
from core.fourier.basis import fourier_basis, half_plane, wave_map

if TYPE_CHECKING:
    from core.classifiers.kinds.preprocessing import Preprocess

# Made by `precomputed.make_resize_attenuation`.
STORED_ATTENUATION = PRECOMPUTED / "strength" / "resize_attenuation.npz"
_AMPLITUDE = 0.25  # of the wave, around middle grey, to avoid clipping
_AT_ONCE = 32  # waves in memory


def resize_attenuation_map(image_size: int, network_side: int) -> np.ndarray | None:
    """Return the stored share of each wave's norm that resizing keeps, (R, R); None if not measured."""
    with np.load(STORED_ATTENUATION) as file:
        return file.get(f"{image_size}_{network_side}")


def resize_attenuation(preprocess: Preprocess, image_size: int, side: int) -> np.ndarray:
    """Compute the share of each wave's L2 norm that reaches the network's input.

    Norms are divided by the ratio of the sides, as n-fold enlargement multiplies any norm by n: a wave that keeps its
    amplitude has share 1. An epsilon of v at the image amounts to `share * v` at the network.

    Args:
        image_size: side of the images in pixels, before preprocessing.
        side: R, of the heat map.
    Returns:
        (R, R) share, 1 if nothing is lost.
    """
    import torch

    shares, waves = [], half_plane(side)
    grey = torch.full((1, 3, image_size, image_size), 0.5)
    with torch.inference_mode():
        flat = preprocess(grey)
        for start in range(0, len(waves), _AT_ONCE):
            group = waves[start : start + _AT_ONCE]
            units = torch.from_numpy(np.stack([fourier_basis(i, j, image_size, image_size) for i, j in group]))
            peak = units.abs().amax((1, 2), keepdim=True)
            scaled = (units * _AMPLITUDE / peak)[:, None]
            change = ((preprocess(grey + scaled) - flat) * preprocess.std)[:, 0]
            shares.append(change.norm(dim=(1, 2)) / scaled[:, 0].norm(dim=(1, 2)) * image_size / preprocess.size)
    return wave_map(torch.cat(shares).numpy(), waves, side)
