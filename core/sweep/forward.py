"""The forward pass of a sweep, and what makes it fast. Does not import torch before it is called."""

from __future__ import annotations

from timeit import repeat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from core.classifiers.base import Classifier


def forward(classifier: Classifier, images: Tensor, dtype: str) -> Tensor:
    """Logits (B, K) in float32 of images (B, 3, H, W) in [0, 1], computed in a dtype."""
    import torch

    with torch.autocast(images.device.type, getattr(torch, dtype), enabled=dtype != "float32"):
        return classifier(images).float()


def best_batch_size(classifier: Classifier, images: Tensor, dtype: str) -> int:
    """Batch size of highest throughput, measured on the images themselves; doubled while that pays.

    On a CPU small batches often win. A size that does not fit the memory ends the search.
    """
    import torch

    size, max_size = (64, 2048) if images.is_cuda else (1, 256)
    best, best_rate = size, 0.0
    with torch.inference_mode():
        while size <= min(max_size, 4 * best):
            batch = images[torch.arange(size, device=images.device) % len(images)].float() / 255
            try:
                seconds = repeat(lambda: forward(classifier, batch, dtype).sum().item(), number=1, repeat=3)  # noqa: B023
            except torch.OutOfMemoryError:
                torch.cuda.empty_cache()
                break
            if (rate := size / min(seconds)) > best_rate * 1.02:
                best, best_rate = size, rate
            size *= 2
    return best
