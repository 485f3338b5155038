"""The precision that a classifier computes in. Does not import torch before it is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

DTYPES = ("float32", "bfloat16", "float16")


def forward(classifier: Callable[[Tensor], Tensor], images: Tensor, dtype: str) -> Tensor:
    """Logits (B, K) in float32 of images (B, 3, H, W) in [0, 1], computed in a dtype; so will be their gradients."""
    import torch

    with torch.autocast(images.device.type, getattr(torch, dtype), enabled=dtype != "float32"):
        return classifier(images).float()
