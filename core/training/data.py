"""Training images as tensors, batches and augmentation. Imports torch at the top: import it lazily."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.data.class_statistics import CIFAR10_MEAN, CIFAR10_STD


@dataclass(frozen=True)
class LabelledImages:
    """images: (N, 3, H, W) uint8; labels: (N,) int64; both on one device. content_hash names the data exactly."""

    images: Tensor
    labels: Tensor
    content_hash: str

    def __len__(self) -> int:
        return len(self.labels)

    def head(self, count: int) -> LabelledImages:
        """The first `count` images, on the same device."""
        return LabelledImages(self.images[:count], self.labels[:count], self.content_hash)


def load_cifar10(
    data_dir: Path | str, split: str, *, device: torch.device | str = "cpu", limit: int | None = None
) -> LabelledImages:
    """The CIFAR-10 images of one split as tensors on `device`; `limit` picks a seeded random subset.

    Raises:
        FileNotFoundError, ValueError: as `core.data.datasets.load_dataset`.
    """
    from core.data.datasets import load_dataset

    dataset = load_dataset("cifar10", data_dir, split=split, limit=limit)
    images = torch.from_numpy(np.ascontiguousarray(dataset.images)).to(device)
    labels = torch.from_numpy(np.asarray(dataset.labels, dtype=np.int64)).to(device)
    return LabelledImages(images, labels, dataset.content_hash)


def seeded_subset(data: LabelledImages, count: int, seed: int = 0) -> LabelledImages:
    """`count` images drawn at random without repetition, or all where there are fewer."""
    chosen = torch.randperm(len(data), generator=seeded_generator(seed, 5))[:count].to(data.labels.device)
    return LabelledImages(data.images[chosen], data.labels[chosen], data.content_hash)


def seeded_generator(*numbers: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator that depends on all `numbers`, so that a step's randomness needs no stored state to resume."""
    seed = np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]
    return torch.Generator(device=device).manual_seed(int(seed) & 0x7FFF_FFFF_FFFF_FFFF)


def batch_indices(count: int, batch_size: int, step: int, seed: int) -> Tensor:
    """Which images make up the batch of `step`, counted from the start of training: (batch_size,) int64.

    Every epoch is a fresh permutation that depends on the seed and the epoch alone; the last, incomplete
    batch of an epoch is left out.
    """
    steps_per_epoch = count // batch_size
    epoch, position = divmod(step, steps_per_epoch)
    order = torch.randperm(count, generator=seeded_generator(seed, 1, epoch))
    return order[position * batch_size : (position + 1) * batch_size]


def to_unit_range(images: Tensor) -> Tensor:
    """uint8 -> float32 in [0, 1], channels last in memory: the faster layout for convolutions on a CPU."""
    return images.float().div_(255).contiguous(memory_format=torch.channels_last)


def normalise(images: Tensor, mean: tuple[float, ...] = CIFAR10_MEAN, std: tuple[float, ...] = CIFAR10_STD) -> Tensor:
    """[0, 1] -> zero mean and unit variance per channel over CIFAR-10's training images."""
    return (images - images.new_tensor(mean).view(3, 1, 1)) / images.new_tensor(std).view(3, 1, 1)


def flip_and_shift(images: Tensor, flips: Tensor, shift: int, generator: torch.Generator) -> Tensor:
    """Mirror the images marked in `flips`, then move each by up to `shift` pixels, with reflected borders.

    Args:
        images: (B, 3, H, W) float.
        flips: (B,) bool.
        shift: largest move in pixels, vertical and horizontal independently; 0 moves nothing.
        generator: source of the moves.
    """
    images = torch.where(flips.view(-1, 1, 1, 1), images.flip(-1), images)
    if shift == 0:
        return images
    count, _, height, width = images.shape
    padded = F.pad(images, (shift,) * 4, mode="reflect")
    moves = torch.randint(2 * shift + 1, (2, count), generator=generator, device=generator.device).to(images.device)
    rows = moves[0].view(-1, 1) + torch.arange(height, device=images.device)  # (B, H)
    columns = moves[1].view(-1, 1) + torch.arange(width, device=images.device)  # (B, W)
    batch = torch.arange(count, device=images.device).view(-1, 1, 1)
    moved = padded.permute(0, 2, 3, 1)[batch, rows.unsqueeze(2), columns.unsqueeze(1)]  # (B, H, W, 3)
    return moved.permute(0, 3, 1, 2)


def alternating_flips(indices: Tensor, count: int, epoch: int, seed: int) -> Tensor:
    """(B,) bool: a random half of the images mirrored in the first epoch, the other half in the next, and so on.

    Every two epochs then show every image both ways round, which independent coin flips do not.
    Source: Jordan 2024, sec. 3.6.
    """
    first = torch.randint(2, (count,), generator=seeded_generator(seed, 2)).bool()
    return first[indices.cpu()] ^ bool(epoch % 2)
