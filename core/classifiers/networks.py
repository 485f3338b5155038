"""Small networks in plain torch, and copies of any network that compute the same in less time. Imports torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import fuse_conv_bn_eval

IMAGE_TOWER = "mobilevit_xxs"  # timm's name of `MobileVitXxs`
_PATCH, _HEADS = 2, 4  # MobileViT attends to every second pixel of every second row, four times
_TRUNK, _PROJECTION = "visual.trunk.", "visual.head.proj.weight"
ModuleT = TypeVar("ModuleT")


class MiniClip(nn.Module):
    """Image tower in plain torch; the text tower is open_clip's, loaded when a prompt needs it.

    Args:
        state: tensors of a file in open_clip's format.
        load_whole: loads the file as an open_clip model.
    Raises:
        KeyError, RuntimeError: tensors are missing or do not fit.
    """

    def __init__(self, state: Mapping[str, Tensor], load_whole: Callable[[], Any]) -> None:
        super().__init__()
        self._load_whole = load_whole
        self.trunk = MobileVitXxs()
        self.trunk.load_state_dict({key.removeprefix(_TRUNK): state[key] for key in state if key.startswith(_TRUNK)})
        self.trunk.eval().fuse()
        width, features = state[_PROJECTION].shape
        self.project = nn.Linear(features, width, bias=False)
        self.project.load_state_dict({"weight": state[_PROJECTION]})
        self.logit_scale = nn.Parameter(state["logit_scale"])

    def encode_image(self, images: Tensor) -> Tensor:
        """Normalised images (B, 3, H, W) -> (B, D)."""
        return self.project(self.trunk(images))

    def encode_text(self, tokens: Tensor, normalize: bool = False) -> Tensor:
        """(K, L) int64 -> (K, D), on the tokens' device."""
        return self._whole.to(tokens.device).encode_text(tokens, normalize=normalize)

    @cached_property
    def _whole(self) -> Any:
        with torch.inference_mode(False):
            return self._load_whole().requires_grad_(False).eval()


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


class ConvNorm(nn.Module):
    """Convolution and batch normalisation, without an activation."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int = 1, *, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            channels_in, channels_out, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=False
        )
        self.bn: nn.BatchNorm2d | nn.Identity = nn.BatchNorm2d(channels_out)

    def forward(self, features: Tensor) -> Tensor:
        return self.bn(self.conv(features))

    def fuse(self) -> None:
        """Fold the normalisation into the convolution, as is possible in eval mode."""
        if isinstance(self.bn, nn.BatchNorm2d):
            self.conv, self.bn = fuse_conv_bn_eval(self.conv, self.bn), nn.Identity()


class Bottleneck(nn.Module):
    """Inverted bottleneck: widen, depthwise convolution, narrow; residual if the shape allows."""

    def __init__(self, channels_in: int, channels_out: int, *, stride: int = 1) -> None:
        super().__init__()
        wide = 2 * channels_in
        self.conv1_1x1 = ConvNorm(channels_in, wide)
        self.conv2_kxk = ConvNorm(wide, wide, 3, stride=stride, groups=wide)
        self.conv3_1x1 = ConvNorm(wide, channels_out)
        self.adds = stride == 1  # then input and output have equally many channels

    def forward(self, features: Tensor) -> Tensor:
        inner = F.silu(self.conv2_kxk(F.silu(self.conv1_1x1(features))))
        inner = self.conv3_1x1(inner)
        return inner + features if self.adds else inner


class Attention(nn.Module):
    """Multi-head self-attention over (B, N, C)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        batch, count, width = tokens.shape
        query, key, value = self.qkv(tokens).view(batch, count, 3, _HEADS, width // _HEADS).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value)  # (B, heads, N, C / heads)
        return self.proj(mixed.transpose(1, 2).reshape(batch, count, width))


class Mlp(nn.Module):
    """Two linear layers, applied to each token."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 2 * width)
        self.fc2 = nn.Linear(2 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.fc2(F.silu(self.fc1(tokens)))


class Layer(nn.Module):
    """Pre-norm transformer layer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(width), Attention(width)
        self.norm2, self.mlp = nn.LayerNorm(width), Mlp(width)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attn(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


class MobileVitBlock(nn.Module):
    """Local convolution, global transformer, and a convolution that fuses both."""

    def __init__(self, channels: int, width: int, depth: int) -> None:
        super().__init__()
        self.conv_kxk = ConvNorm(channels, channels, 3)
        self.conv_1x1 = nn.Conv2d(channels, width, 1, bias=False)
        self.transformer = nn.Sequential(*(Layer(width) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.conv_proj = ConvNorm(width, channels)
        self.conv_fusion = ConvNorm(2 * channels, channels, 3)

    def forward(self, features: Tensor) -> Tensor:
        local = self.conv_1x1(F.silu(self.conv_kxk(features)))
        batch, width, height, breadth = local.shape
        rows, columns = height // _PATCH, breadth // _PATCH
        # (B, C, H, W) -> (B * 4, H/2 * W/2, C): one sequence for each of the four positions in a patch
        tokens = local.reshape(batch, width, rows, _PATCH, columns, _PATCH).permute(0, 3, 5, 2, 4, 1)
        tokens = self.norm(self.transformer(tokens.reshape(batch * _PATCH**2, rows * columns, width)))
        tokens = tokens.view(batch, _PATCH, _PATCH, rows, columns, width).permute(0, 5, 3, 1, 4, 2)
        distant = F.silu(self.conv_proj(tokens.reshape(batch, width, height, breadth)))
        return F.silu(self.conv_fusion(torch.cat((features, distant), dim=1)))


class MobileVitXxs(nn.Module):
    """Normalised images (B, 3, H, W), H and W multiples of 64 -> features (B, 320).

    Source: Mehta & Rastegari 2022, the smallest variant, as timm has it. For evaluation only: no dropout, and after
    `fuse` no batch statistics.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(3, 16, 3, stride=2)
        self.stages = nn.Sequential(
            nn.Sequential(Bottleneck(16, 16)),
            nn.Sequential(Bottleneck(16, 24, stride=2), Bottleneck(24, 24), Bottleneck(24, 24)),
            nn.Sequential(Bottleneck(24, 48, stride=2), MobileVitBlock(48, 64, depth=2)),
            nn.Sequential(Bottleneck(48, 64, stride=2), MobileVitBlock(64, 80, depth=4)),
            nn.Sequential(Bottleneck(64, 80, stride=2), MobileVitBlock(80, 96, depth=3)),
        )
        self.final_conv = ConvNorm(80, 320)

    def forward(self, images: Tensor) -> Tensor:
        features = self.stages(F.silu(self.stem(images)))
        return F.silu(self.final_conv(features)).mean(dim=(2, 3))

    def fuse(self) -> None:
        """Fuse every normalisation into its convolution; the predictions change in the last bits."""
        for module in self.modules():
            if isinstance(module, ConvNorm):
                module.fuse()


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
    """Return a network for gradients of several pictures, whose attention reads tokens from contiguous memory.

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
        # Equal tensors stay one tensor: torch then multiplies by all weights at once.
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
