"""Forward and backward passes over a run's images, in batches that fit the memory. Imports torch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

ImageClassifier = Callable[[Tensor], Tensor]


class Passes:
    """Return logits (B, K), cross-entropy (B,) and its gradient (B, 3, H, W), or None if `last`.

    Processes all images at once, or in halves after running out of memory.
    """

    def __init__(self, classifier: ImageClassifier, targets: Tensor, size: int) -> None:
        self._classifier, self._targets, self._size = classifier, targets, size

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
        variable = images.detach().requires_grad_(not last)  # without a gradient, no activations are kept
        logits = self._classifier(variable)
        cross_entropy = F.cross_entropy(logits, targets, reduction="none")
        if last:
            return logits.detach(), cross_entropy.detach(), None
        if not logits.requires_grad:
            raise ValueError("the classifier cannot be differentiated: its logits carry no gradient to the images")
        # contiguous: gradients of channels-last networks would round differently in the norm.
        gradient = torch.autograd.grad(cross_entropy.sum(), variable)[0].contiguous()
        return logits.detach(), cross_entropy.detach(), gradient
