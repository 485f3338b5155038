"""Preprocessing of images for a classifier's network. Imports torch: import it lazily."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn


class Preprocess(nn.Module):
    """Resize and normalise square images, differentiably and for any input size.

    Resizes like PIL, with which most models were evaluated: antialiased, rows first, then columns, clipped to [0, 1]
    after each. Without PIL's rounding to integers the results differ by 0.3 grey levels on average and at most 1.2. An
    image of the network's own size is only normalised.

    Args:
        size: the network's input side in pixels.
        mean, std: per channel, for pixel values in [0, 1].
        interpolation: "bicubic" or "bilinear".
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self, size: int, mean: Sequence[float], std: Sequence[float], *, interpolation: str = "bicubic"
    ) -> None:
        super().__init__()
        self.size = int(size)
        self.interpolation = interpolation
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(-1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(-1, 1, 1), persistent=False)

    def at_size(self, side: int) -> Preprocess:
        """Return the same preprocessing for inputs of another side."""
        other = copy.copy(self)
        other.size = side
        return other

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, H) pixel values in [0, 1] -> (B, 3, size, size) normalised.

        Raises:
            ValueError: not a float batch of square colour images.
        """
        shape = tuple(images.shape)
        if images.ndim != 4 or shape[1] != 3 or shape[2] != shape[3] or not images.is_floating_point():
            raise ValueError(
                "a classifier takes square images (B, 3, H, H), floating point in [0, 1]; "
                f"got shape {shape}, {images.dtype}; crop them first, with core.images.square.square_image"
            )
        for size in ((shape[2], self.size), (self.size, self.size)):
            if images.shape[2:] != size:
                images = F.interpolate(images, size, mode=self.interpolation, align_corners=False, antialias=True)
                images = images.clamp(0.0, 1.0)  # bicubic overshoots
        return (images - self.mean) / self.std
