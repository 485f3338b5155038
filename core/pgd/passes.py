"""A network's passes over the images of a run, forward and back, as many at once as fit the memory. Imports torch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from core.shared.device import forward

ImageClassifier = Callable[[Tensor], Tensor]


class Passes:
    """Logits (B, K), cross-entropy (B,) and its gradient (B, 3, H, W), None where `last`, of images (B, 3, H, W).

    All images at once; where they do not fit the memory, in halves from then on.
    """

    def __init__(self, classifier: ImageClassifier, targets: Tensor, dtype: str, size: int) -> None:
        self._classifier, self._targets, self._dtype, self._size = classifier, targets, dtype, size

    def __call__(self, images: Tensor, last: bool) -> tuple[Tensor, Tensor, Tensor | None]:
        while True:
            try:
                pairs = zip(images.split(self._size), self._targets.split(self._size), strict=True)
                parts = [self._part(*pair, last) for pair in pairs]
                break
            except torch.OutOfMemoryError as error:
                if self._size == 1:
                    raise RuntimeError(
                        f"one picture does not fit the memory of {images.device}; take a smaller network, or the CPU"
                    ) from error
            self._size = -(-self._size // 2)
            torch.cuda.empty_cache()
        if len(parts) == 1:
            return parts[0]
        logits, cross_entropy, gradients = zip(*parts, strict=True)
        return torch.cat(logits), torch.cat(cross_entropy), None if last else torch.cat(gradients)

    def _part(self, images: Tensor, targets: Tensor, last: bool) -> tuple[Tensor, Tensor, Tensor | None]:
        variable = images.detach().requires_grad_(not last)  # without a gradient, nothing is kept for it
        logits = forward(self._classifier, variable, self._dtype)
        cross_entropy = F.cross_entropy(logits, targets, reduction="none")
        if last:
            return logits.detach(), cross_entropy.detach(), None
        if not logits.requires_grad:
            raise ValueError("the classifier cannot be differentiated: its logits carry no gradient to the images")
        # contiguous: networks in channels-last order hand out gradients whose norm would round differently.
        gradient = torch.autograd.grad(cross_entropy.sum(), variable)[0].contiguous()
        return logits.detach(), cross_entropy.detach(), gradient
