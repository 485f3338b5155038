"""ResNet-20/32/44/56/110 for 32-pixel images. Imports torch: import it lazily."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


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

    def forward(self, features: torch.Tensor) -> torch.Tensor:
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

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Normalised images (B, 3, 32, 32) -> logits (B, K)."""
        features = F.relu(self.bn1(self.conv1(images)))
        features = self.layer3(self.layer2(self.layer1(features)))
        return self.linear(features.mean(dim=(2, 3)))


def _stage(in_planes: int, planes: int, blocks: int, stride: int) -> nn.Sequential:
    first = BasicBlock(in_planes, planes, stride)
    return nn.Sequential(first, *(BasicBlock(planes, planes, 1) for _ in range(blocks - 1)))
