"""What a classifier does to an image before its network sees it. Imports torch: import it lazily."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

RESIZE_MODES = ("shortest", "squash", "longest")


class Preprocess(nn.Module):
    """Resize, centre-crop and normalise images, differentiably and for any input size.

    Resizing does what PIL does, which most models were evaluated with: antialiased, first along the rows and then
    along the columns, clipped to [0, 1] after each. Only PIL's rounding to whole grey values is left out, which
    makes them 0.3 grey levels apart on average and never more than 1.2. An image of the network's own size is only
    normalised.

    Args:
        size: the network's input side in pixels.
        mean, std: per channel, for pixel values in [0, 1].
        interpolation: "bicubic" or "bilinear".
        resize_mode: "shortest" scales the shorter side to `size` and crops the centre, "squash" ignores the
            aspect ratio, "longest" scales the longer side and pads with black. On square images they agree.
    Raises:
        ValueError: unknown interpolation or resize mode.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self,
        size: int,
        mean: Sequence[float],
        std: Sequence[float],
        *,
        interpolation: str = "bicubic",
        resize_mode: str = "shortest",
    ) -> None:
        super().__init__()
        if interpolation not in ("bicubic", "bilinear"):
            raise ValueError(f"interpolation must be 'bicubic' or 'bilinear', got {interpolation!r}")
        if resize_mode not in RESIZE_MODES:
            raise ValueError(f"resize mode must be one of {', '.join(RESIZE_MODES)}, got {resize_mode!r}")
        self.size = int(size)
        self.interpolation = interpolation
        self.resize_mode = resize_mode
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(-1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(-1, 1, 1), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) pixel values in [0, 1] -> (B, 3, size, size) normalised.

        Raises:
            ValueError: not a float batch of colour images.
        """
        if images.ndim != 4 or images.shape[1] != 3 or not images.is_floating_point():
            raise ValueError(
                "a classifier takes images (B, 3, H, W), floating point in [0, 1]; "
                f"got shape {tuple(images.shape)}, {images.dtype}"
            )
        return (self._resize(images) - self.mean) / self.std

    def _resize(self, images: torch.Tensor) -> torch.Tensor:
        height, width = images.shape[-2:]
        if (height, width) == (self.size, self.size):
            return images
        rows, columns = self._scaled_size(height, width)
        for size in ((height, columns), (rows, columns)):
            if images.shape[-2:] != size:
                images = F.interpolate(images, size, mode=self.interpolation, align_corners=False, antialias=True)
                images = images.clamp(0.0, 1.0)  # bicubic overshoots
        edges = []
        for excess in (columns - self.size, rows - self.size):
            before = round(excess / 2) if excess > 0 else -(-excess // 2)
            edges += [-before, before - excess]
        return F.pad(images, edges)  # a negative width crops

    def _scaled_size(self, height: int, width: int) -> tuple[int, int]:
        if self.resize_mode == "squash":
            return self.size, self.size
        if self.resize_mode == "longest":
            ratio = max(height, width) / self.size
            return round(height / ratio), round(width / ratio)
        short = min(height, width)
        # exact for the shorter side; torchvision truncates the longer one
        return int(self.size * height / short), int(self.size * width / short)
