"""A small residual network for 32-pixel images. Imports torch at the top: import it lazily."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F


class ResidualStage(nn.Module):
    """Halve the resolution with a convolution and max-pooling, then add one residual convolution."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
        self.reduce_norm = nn.BatchNorm2d(channels_out)
        self.refine = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.refine_norm = nn.BatchNorm2d(channels_out)

    def forward(self, features: Tensor) -> Tensor:
        # Pooling before the norm and the activation, as in airbench: both then run on a quarter of the pixels.
        pooled = F.max_pool2d(self.reduce(features), 2)
        features = F.silu(self.reduce_norm(pooled))
        return features + F.silu(self.refine_norm(self.refine(features)))


class MiniResNet(nn.Module):
    """Normalised images (B, 3, 32, 32) -> logits (B, K), in 0.7 million parameters.

    A fixed 2 x 2 whitening layer (24 filters: the 12 principal directions of the training patches and their
    negatives), three residual stages, global max-pooling and one linear layer. The activation is SiLU because
    a smooth one makes adversarial training work better at the same cost (Xie et al. 2020).

    Args:
        widths: channels of the three stages.
        num_classes: K.
    Raises:
        ValueError: `widths` does not hold three positive numbers.
    Source: the whitening layer and the order of operations are those of Keller Jordan's airbench94 (2024), the
    residual branch that of David Page's ResNet-9 (2018). Differs by: narrower, SiLU, learned BatchNorm scales.
    """

    PATCH = 2
    WHITENING_FILTERS = 24

    def __init__(self, widths: Sequence[int] = (48, 96, 192), num_classes: int = 10) -> None:
        super().__init__()
        if len(widths) != 3 or min(widths) < 1:
            raise ValueError(f"widths must be three positive channel counts; got {list(widths)}")
        self.whitening = nn.Conv2d(3, self.WHITENING_FILTERS, self.PATCH)
        self.whitening.weight.requires_grad_(False)
        channels = (self.WHITENING_FILTERS, *widths)
        self.stages = nn.Sequential(*(ResidualStage(channels[k], channels[k + 1]) for k in range(3)))
        self.head = nn.Linear(widths[-1], num_classes)

    def forward(self, images: Tensor) -> Tensor:
        features = self.stages(F.silu(self.whitening(images)))  # (B, widths[2], 3, 3)
        return self.head(features.amax(dim=(2, 3)))
