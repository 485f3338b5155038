"""Small networks in plain torch, and copies of any network that compute the same in less time. Imports torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from torch import Tensor, nn
from torch.nn import functional as F

ModuleT = TypeVar("ModuleT")


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
    Source: the whitening layer and the order of operations are those of Keller Jordan's airbench94 (2024), the
    residual branch that of David Page's ResNet-9 (2018). Differs by: narrower, SiLU, learned BatchNorm scales.
    """

    PATCH = 2
    WHITENING_FILTERS = 24

    def __init__(self, widths: Sequence[int] = (48, 96, 192), num_classes: int = 10) -> None:
        super().__init__()
        self.whitening = nn.Conv2d(3, self.WHITENING_FILTERS, self.PATCH)
        self.whitening.weight.requires_grad_(False)
        channels = (self.WHITENING_FILTERS, *widths)
        self.stages = nn.Sequential(*(ResidualStage(channels[k], channels[k + 1]) for k in range(3)))
        self.head = nn.Linear(widths[-1], num_classes)

    def forward(self, images: Tensor) -> Tensor:
        features = self.stages(F.silu(self.whitening(images)))  # (B, widths[2], 3, 3)
        return self.head(features.amax(dim=(2, 3)))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a parameter-free shortcut (option A: every other pixel, zero channels)."""

    def __init__(self, in_planes: int, planes: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.stride = stride
        self.new_channels = planes - in_planes

    def forward(self, features: Tensor) -> Tensor:
        shortcut = features
        if self.stride != 1:
            shortcut = shortcut[:, :, :: self.stride, :: self.stride]
        if self.new_channels:
            before = self.new_channels // 2
            shortcut = F.pad(shortcut, (0, 0, 0, 0, before, self.new_channels - before))
        features = F.relu(self.bn1(self.conv1(features)))
        return F.relu(self.bn2(self.conv2(features)) + shortcut)


class CifarResNet(nn.Module):
    """CIFAR ResNet of depth 6 * blocks + 2: three stages with 16, 32 and 64 channels; 9 blocks are ResNet-56.

    Parameter names are those of the public weight files.
    Source: He et al. 2016, sec. 4.2, with option-A shortcuts; weights by akamaster/pytorch_resnet_cifar10.
    """

    def __init__(self, blocks: int = 9) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = _stage(16, 16, blocks, stride=1)
        self.layer2 = _stage(16, 32, blocks, stride=2)
        self.layer3 = _stage(32, 64, blocks, stride=2)
        self.linear = nn.Linear(64, 10)

    def forward(self, images: Tensor) -> Tensor:
        """Normalised images (B, 3, 32, 32) -> logits (B, K)."""
        features = F.relu(self.bn1(self.conv1(images)))
        features = self.layer3(self.layer2(self.layer1(features)))
        return self.linear(features.mean(dim=(2, 3)))


def _stage(in_planes: int, planes: int, blocks: int, stride: int) -> nn.Sequential:
    first = BasicBlock(in_planes, planes, stride)
    return nn.Sequential(first, *(BasicBlock(planes, planes, 1) for _ in range(blocks - 1)))


def frozen_copy(network: ModuleT) -> ModuleT:
    """Return a network in eval mode with frozen parameters that shares its tensors; `network` is unchanged."""

    def freeze(module: nn.Module) -> None:
        module.training = False
        module._buffers = dict(module._buffers)
        module._parameters = {
            name: None if weight is None else nn.Parameter(weight.detach(), requires_grad=False)
            for name, weight in module._parameters.items()
        }

    return _with_changed_modules(network, freeze)


def with_contiguous_attention(network: ModuleT) -> ModuleT:
    """Return a network for gradients of several pictures: its attention reads tokens from contiguous memory.

    `nn.MultiheadAttention` transposes a batch without moving it; if torch needs its gradient, it then copies the
    weights once per token: by oneDNN, CLIP ViT-B/32 took 3 to 7 times as long (two to ten pictures, two cores). Results
    differ in the last bit at most, and `network` is unchanged. Without gradients `network` is faster, by torch's fused
    attention. Anything but a torch module is returned as is.
    """

    def change(module: nn.Module) -> None:
        if type(module) is nn.MultiheadAttention and module.batch_first:
            module.__class__, module.batch_first = _ContiguousAttention, False

    return _with_changed_modules(network, change)


class _ContiguousAttention(nn.MultiheadAttention):
    """Attention between tokens (B, L, D), computed on (L, B, D)."""

    def forward(self, query: Tensor, key: Tensor, value: Tensor, *args: Any, **options: Any) -> Any:
        if query.dim() == 2:  # no batch
            return super().forward(query, key, value, *args, **options)
        # Keep identical inputs one tensor, so torch fuses the projections.
        moved = {id(tokens): tokens.transpose(0, 1).contiguous() for tokens in (query, key, value)}
        attended, weights = super().forward(moved[id(query)], moved[id(key)], moved[id(value)], *args, **options)
        return attended.transpose(0, 1), weights


def _with_changed_modules(network: ModuleT, change: Callable[[nn.Module], None]) -> ModuleT:
    """Return a copy of a torch module and its submodules, each changed in place; others as they are."""

    def copied(module: nn.Module) -> nn.Module:
        children = {name: None if child is None else copied(child) for name, child in module._modules.items()}
        twin = type(module).__new__(type(module))  # not by copy.copy, which parametrised modules refuse
        twin.__dict__.update(module.__dict__, _modules=children)
        change(twin)
        return twin

    return copied(network) if isinstance(network, nn.Module) else network  # type: ignore[return-value]
