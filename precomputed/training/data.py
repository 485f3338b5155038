"""Training images as tensors, batches and augmentation. Imports torch at the top: import it lazily."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.data.datasets import load_dataset


@dataclass(frozen=True)
class LabelledImages:
    """Images (N, 3, H, W) uint8 and labels (N,) int64 on one device; `content_hash` identifies the whole data set."""

    images: Tensor
    labels: Tensor
    content_hash: str

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, chosen: slice | Tensor) -> LabelledImages:
        return LabelledImages(self.images[chosen], self.labels[chosen], self.content_hash)

    def batches(self, size: int = 500) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield all images in order as float32 (B, 3, H, W) in [0, 1] with labels (B,); the last B may be smaller."""
        for start in range(0, len(self), size):
            yield to_unit_range(self.images[start : start + size]), self.labels[start : start + size]


@dataclass(frozen=True)
class Batch:
    """Augmented images (B, 3, H, W) in [0, 1], not attacked; their labels and positions in the data, (B,) int64."""

    images: Tensor
    labels: Tensor
    indices: Tensor


def load_cifar10(data_dir: Path | str, split: str, device: str = "cpu", limit: int | None = None) -> LabelledImages:
    """Load the CIFAR-10 images of one split as tensors on `device`; `limit` selects a seeded random subset.

    Raises:
        FileNotFoundError, ValueError, RuntimeError: as `core.data.datasets.load_dataset`.
    """
    dataset = load_dataset("cifar10", data_dir, split=split, limit=limit)
    images = torch.from_numpy(np.ascontiguousarray(dataset.images)).to(device)
    return LabelledImages(images, torch.from_numpy(dataset.labels).to(device), dataset.content_hash)


def seeded_generator(*numbers: int) -> torch.Generator:
    """Return a generator seeded by all `numbers`, so that a step's randomness needs no stored state to resume."""
    seed = np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(seed) & 0x7FFF_FFFF_FFFF_FFFF)


def batch_indices(count: int, batch_size: int, step: int, seed: int) -> Tensor:
    """Return the indices of the batch of `step`, counted from the start of training: (batch_size,) int64.

    Every epoch is a fresh permutation that depends on the seed and the epoch alone; the last, incomplete
    batch of an epoch is left out.
    """
    epoch, position = divmod(step, count // batch_size)
    order = torch.randperm(count, generator=seeded_generator(seed, 1, epoch))
    return order[position * batch_size : (position + 1) * batch_size]


def draw_batch(data: LabelledImages, step: int, batch_size: int, shift: int, seed: int) -> Batch:
    """Return the batch of `step` on the device of the data, its images randomly mirrored and shifted."""
    count = len(data)
    indices = batch_indices(count, batch_size, step, seed)
    flips = alternating_flips(indices, count, step // (count // batch_size), seed)
    indices, flips = indices.to(data.labels.device), flips.to(data.labels.device)
    images = flip_and_shift(to_unit_range(data.images[indices]), flips, shift, seeded_generator(seed, 3, step))
    return Batch(images.contiguous(memory_format=torch.channels_last), data.labels[indices], indices)


def to_unit_range(images: Tensor) -> Tensor:
    """Convert uint8 to float32 in [0, 1], channels last: the faster memory layout for convolutions on a CPU."""
    return images.float().div_(255).contiguous(memory_format=torch.channels_last)


def flip_and_shift(images: Tensor, flips: Tensor, shift: int, generator: torch.Generator) -> Tensor:
    """Mirror the images marked in `flips`, then shift each by up to `shift` pixels, with reflected borders.

    Args:
        images: (B, 3, H, W) float.
        flips: (B,) bool.
        shift: largest shift in pixels, vertical and horizontal independently.
        generator: source of the shifts.
    """
    images = torch.where(flips.view(-1, 1, 1, 1), images.flip(-1), images)
    count, _, height, width = images.shape
    padded = F.pad(images, (shift,) * 4, mode="reflect")
    shifts = torch.randint(2 * shift + 1, (2, count), generator=generator).to(images.device)
    rows = shifts[0].view(-1, 1) + torch.arange(height, device=images.device)  # (B, H)
    columns = shifts[1].view(-1, 1) + torch.arange(width, device=images.device)  # (B, W)
    batch = torch.arange(count, device=images.device).view(-1, 1, 1)
    shifted = padded.permute(0, 2, 3, 1)[batch, rows.unsqueeze(2), columns.unsqueeze(1)]  # (B, H, W, 3)
    return shifted.permute(0, 3, 1, 2)


def alternating_flips(indices: Tensor, count: int, epoch: int, seed: int) -> Tensor:
    """Return which images to mirror, (B,) bool: a random half in the first epoch, the other half in the next, and so
    on.

    Unlike independent coin flips, every two epochs then contain every image in both orientations.
    Source: Jordan 2024, sec. 3.6.
    """
    first = torch.randint(2, (count,), generator=seeded_generator(seed, 2)).bool()
    return first[indices] ^ bool(epoch % 2)
