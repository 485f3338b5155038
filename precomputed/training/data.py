"""Training data: CIFAR-10, and for the CLIPs its captions and their vocabulary. Imports torch."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from open_clip import SimpleTokenizer
from torch import Tensor
from torch.nn import functional as F

from core.data.datasets import load_dataset
from core.data.sample_sets import CIFAR10


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


# "names" of each class and "templates" are for training; those of "held_out_names" and "held_out_templates" are never
# seen in it as a whole. A text tower trained from scratch cannot know a new word, so held-out names are new compounds
# of a training word.
_WORDS = json.loads(Path(__file__).with_name("captions.json").read_text(encoding="utf-8"))
NAMES: dict[str, list[str]] = _WORDS["names"]
HELD_OUT_NAMES: dict[str, list[str]] = _WORDS["held_out_names"]
TEMPLATES: list[str] = _WORDS["templates"]
HELD_OUT_TEMPLATES: list[str] = _WORDS["held_out_templates"]
ATTRIBUTE_TEMPLATES: list[str] = _WORDS["attribute_templates"]


@dataclass(frozen=True)
class Attribute:
    """A measurable attribute of a picture and the words for it."""

    synonyms: tuple[str, ...]
    holds: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # mean red, green, blue (N,) -> bool (N,)


def _brightness(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> np.ndarray:
    return 0.299 * red + 0.587 * green + 0.114 * blue


ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute(("dark", "dim"), lambda r, g, b: _brightness(r, g, b) < 0.35),
    Attribute(("bright", "light"), lambda r, g, b: _brightness(r, g, b) > 0.6),
    Attribute(("bluish", "blue"), lambda r, g, b: b - np.maximum(r, g) > 0.04),
    Attribute(("greenish", "green"), lambda r, g, b: g - np.maximum(r, b) > 0.02),
    Attribute(("reddish", "warm"), lambda r, g, b: r - np.maximum(g, b) > 0.06),
    Attribute(("grey", "colourless"), lambda r, g, b: np.ptp(np.stack([r, g, b]), axis=0) < 0.015),
)


@dataclass(frozen=True)
class Caption:
    """A sentence, the class it names (position in `CIFAR10.names`) and the attribute it claims (-1 for none)."""

    text: str
    label: int
    attribute: int = -1


def fill(template: str, name: str, attribute: str = "") -> str:
    """Put the words into a pattern, with "an" before a vowel."""
    return re.sub(r"\ba (?=[aeiou])", "an ", template.replace("{attribute}", attribute).replace("{class}", name))


def captions() -> tuple[Caption, ...]:
    """Return all training captions in a fixed order.

    Each caption appears with and without an attribute, and also with a plain "a", as prompts are usually written ("a
    photo of a airplane").
    """
    sentences: dict[Caption, None] = {}  # a dict keeps the order and drops repetitions
    for label, class_name in enumerate(CIFAR10.names):
        for name in NAMES[class_name]:
            for template in TEMPLATES:
                sentences[Caption(fill(template, name), label)] = None
                sentences[Caption(template.replace("{class}", name), label)] = None
            for index, attribute in enumerate(ATTRIBUTES):
                for word in attribute.synonyms:
                    for template in ATTRIBUTE_TEMPLATES:
                        sentences[Caption(fill(template, name, word), label, index)] = None
    return tuple(sentences)


def attributes_of(images: np.ndarray) -> np.ndarray:
    """Return whether each attribute holds: images (N, 3, H, W) uint8 -> bool (N, A), A = len(ATTRIBUTES)."""
    red, green, blue = images.mean(axis=(2, 3)).T / 255
    return np.stack([attribute.holds(red, green, blue) for attribute in ATTRIBUTES], axis=1)


HEADER = "#version: 0.2, a subset of CLIP's merges (MIT licence, (c) 2021 OpenAI)"

Merge = tuple[str, str]


def merges_of_word(word: str, ranks: dict[Merge, int]) -> set[Merge]:
    """Return the merges that turn an ASCII word's characters into CLIP's tokens; `ranks` gives their order."""
    pieces = [*word[:-1], word[-1] + "</w>"]
    used: set[Merge] = set()
    while len(pieces) > 1:
        best = min(pairwise(pieces), key=lambda pair: ranks.get(pair, len(ranks)))
        if best not in ranks:
            break
        used.add(best)
        merged: list[str] = []
        for piece in pieces:
            # Left to right, as in CLIP: a token joins the previous one if the two form the chosen pair.
            if merged and (merged[-1], piece) == best:
                merged[-1] = "".join(best)
            else:
                merged.append(piece)
        pieces = merged
    return used


def reduced_merges(texts: Iterable[str], most_frequent: int = 1000) -> list[Merge]:
    """Return the merges that `texts` need and CLIP's first `most_frequent` merges, in CLIP's order."""
    ranks: dict[Merge, int] = SimpleTokenizer().bpe_ranks
    merges = set(list(ranks)[:most_frequent])
    for word in texts:
        merges |= merges_of_word(word, ranks)
    return sorted(merges, key=ranks.__getitem__)


def vocabulary_file(merges: Iterable[Merge]) -> bytes:
    """Return the gzipped file for `SimpleTokenizer(bpe_path=...)`; the same merges give the same bytes."""
    # No final newline: open_clip would read an empty merge from it.
    text = "\n".join([HEADER, *(" ".join(merge) for merge in merges)])
    return gzip.compress(text.encode("utf-8"), mtime=0)
