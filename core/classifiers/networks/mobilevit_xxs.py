"""MobileViT-XXS, the image tower of the bundled CLIPs, in torch alone. Imports torch: import it lazily.

Equal to timm's `mobilevit_xxs`, tensor names included, so one weight file serves both. Importing timm would delay a
visitor's first prediction by 1.8 s (1.9 s instead of 0.1 s on an idle core), because it imports torchvision, and that
imports torch's compiler.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import fuse_conv_bn_eval

PATCH = 2  # attention runs over every second pixel of every second row, four times
HEADS = 4


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
        query, key, value = self.qkv(tokens).view(batch, count, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
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
        rows, columns = height // PATCH, breadth // PATCH
        # (B, C, H, W) -> (B * 4, H/2 * W/2, C): one sequence for each of the four positions in a patch
        tokens = local.reshape(batch, width, rows, PATCH, columns, PATCH).permute(0, 3, 5, 2, 4, 1)
        tokens = self.norm(self.transformer(tokens.reshape(batch * PATCH**2, rows * columns, width)))
        tokens = tokens.view(batch, PATCH, PATCH, rows, columns, width).permute(0, 5, 3, 1, 4, 2)
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
