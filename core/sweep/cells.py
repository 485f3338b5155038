"""Fourier sweeps: a classifier's errors with every wave added to every image (paper, sec. 2.1).

`sweep_cells` is the one loop; the app, the tests and the batch script (`python -m core.sweep`) consume it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.fourier.basis import (
    Frequency,
    canonical_frequency,
    check_side,
    fourier_bases,
    frequency_to_cell,
    half_plane,
    largest_side,
    random_signs,
)

if TYPE_CHECKING:
    import torch

    from core.classifiers.base import Classifier

# Size v of the wave per channel in the paper (sec. 2.1), by image size in pixels.
DTYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True, kw_only=True)
class SweepConfig:
    """What a sweep computes, and how.

    side: R, odd. epsilon: L2 size v of the wave per channel, pixel range [0, 1]. seed: of the random signs.
    cells: the frequencies to compute, None for all. batch_size: images per forward pass, None to measure the best.
    dtype: precision of the forward pass; the wave is always added in float32.
    """

    side: int
    epsilon: float
    seed: int = 0
    cells: tuple[Frequency, ...] | None = None
    batch_size: int | None = None
    dtype: str = "float32"

    def __post_init__(self) -> None:
        check_side(self.side)
        if not 0 <= self.epsilon < float("inf"):
            raise ValueError(f"epsilon is the L2 size of the wave and must be >= 0; got {self.epsilon}")
        if not 0 <= self.seed < 2**64:
            raise ValueError(f"a seed lies between 0 and 2**64 - 1; got {self.seed}")
        if self.batch_size is not None and self.batch_size < 1:
            raise ValueError(f"a batch holds at least 1 image; got {self.batch_size}")
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype {self.dtype!r} is unknown; use one of {', '.join(DTYPES)}")
        for i, j in self.cells or ():
            frequency_to_cell(i, j, self.side)

    @property
    def waves(self) -> tuple[Frequency, ...]:
        """The different waves to compute, each by its canonical frequency, in a fixed order."""
        if self.cells is None:
            return half_plane(self.side)
        return tuple(dict.fromkeys(canonical_frequency(i, j) for i, j in self.cells))


@dataclass(frozen=True)
class CellResult:
    """Errors under one wave. `frequency` is canonical; None stands for clean images, without any wave.

    true_probability: mean softmax probability of the true class, in [0, 1].
    """

    frequency: Frequency | None
    top1_errors: int
    top5_errors: int
    count: int
    true_probability: float


def sweep_cells(
    classifier: Classifier,
    images: np.ndarray | torch.Tensor,
    labels: np.ndarray | torch.Tensor,
    config: SweepConfig,
    *,
    waves: Sequence[Frequency | None] | None = None,
) -> Iterator[CellResult]:
    """Errors of `classifier` under each wave, in order.

    The images go to the device once. A cell's result does not depend on the batch size, the order of the cells or
    what was computed before, up to the rounding of the forward pass itself.

    Args:
        images: (N, 3, H, W) uint8.
        labels: (N,) integers, positions in the classifier's classes.
        waves: the frequencies to compute, None among them for the clean images; default `config.waves`.
    Raises:
        ValueError: at the call, for images, labels or frequencies that do not fit.
        RuntimeError: from the iterator, when the logits are not finite, or one image does not fit the memory.
    """
    _check_arguments(images, labels, config)
    return _sweep(classifier, images, labels, config, config.waves if waves is None else tuple(waves))


def _check_arguments(images: np.ndarray | torch.Tensor, labels: np.ndarray | torch.Tensor, config: SweepConfig) -> None:
    if images.ndim != 4 or images.shape[1] != 3 or "uint8" not in str(images.dtype):
        raise ValueError(f"images must be (N, 3, H, W) uint8; got {tuple(images.shape)} {images.dtype}")
    if labels.shape != images.shape[:1]:
        raise ValueError(f"labels must be ({images.shape[0]},), one per image; got {tuple(labels.shape)}")
    if images.shape[0] == 0:
        raise ValueError("a sweep needs at least one image; got none")
    height, width = images.shape[2:]
    if config.side > (most := largest_side(height, width)):
        raise ValueError(
            f"a heat map of side {config.side} needs frequencies up to {config.side // 2} cycles per image, but "
            f"images of {height} x {width} pixels carry fewer: use a side of at most {most}"
        )


def _sweep(
    classifier: Classifier,
    images: np.ndarray | torch.Tensor,
    labels: np.ndarray | torch.Tensor,
    config: SweepConfig,
    waves: tuple[Frequency | None, ...],
) -> Iterator[CellResult]:
    import torch

    device = classifier.device
    on_device = torch.as_tensor(images).to(device)
    targets = torch.as_tensor(labels).to(device, torch.int64)
    total = len(on_device)
    batch_size = config.batch_size or best_batch_size(classifier, on_device, config)
    done = 0
    while done < len(waves):
        # Few images: several waves share a forward pass. Many images: one wave takes several, evenly filled.
        group = waves[done : done + max(1, batch_size // total)]
        try:
            yield from _group_results(classifier, on_device, targets, config, group, batch_size)
        except torch.OutOfMemoryError as error:
            if batch_size == 1:
                raise RuntimeError(
                    f"one image does not fit the memory of {device}; use --device cpu or a smaller classifier"
                ) from error
            torch.cuda.empty_cache()
            batch_size = max(1, batch_size // 2)
            continue
        done += len(group)


def _group_results(
    classifier: Classifier,
    images: torch.Tensor,
    labels: torch.Tensor,
    config: SweepConfig,
    group: tuple[Frequency | None, ...],
    batch_size: int,
) -> list[CellResult]:
    """Results of a group of waves; counted on the device, fetched once."""
    import torch

    total, (height, width) = len(images), images.shape[2:]
    zero = np.zeros((1, height, width), dtype=np.float32)
    bases = np.concatenate([zero if wave is None else fourier_bases([wave], height, width) for wave in group])
    signs = np.stack([random_signs(total, wave or (0, 0), seed=config.seed) for wave in group])
    scaled = torch.from_numpy(bases * np.float32(config.epsilon)).to(images.device)  # (G, H, W)
    signs_on_device = torch.from_numpy(signs).to(images.device)  # (G, N, 3)
    tally = torch.zeros(3, len(group), dtype=torch.float64, device=images.device)
    finite = torch.ones((), dtype=torch.bool, device=images.device)
    with torch.inference_mode():
        for chunk in even_chunks(total, batch_size):
            perturbed = _perturbed_chunk(images[chunk], scaled, signs_on_device[:, chunk])
            logits = _forward(classifier, perturbed, config.dtype)
            chosen = labels[chunk].repeat(len(group))
            finite &= logits.isfinite().all()
            top5 = logits.topk(min(5, logits.shape[1]), dim=1).indices
            probability = logits.softmax(dim=1).gather(1, chosen[:, None])[:, 0]
            wrong = top5 != chosen[:, None]
            outcome = torch.stack([wrong[:, 0], wrong.all(dim=1), probability])  # (3, G * n)
            tally += outcome.view(3, len(group), -1).sum(dim=2, dtype=torch.float64)
    if not bool(finite):
        raise RuntimeError(
            f"{classifier.name} gave logits that are not finite in {config.dtype}, near frequency {group[0]}; "
            "use --dtype float32"
        )
    return [
        CellResult(wave, round(top1), round(top5_errors), total, probability / total)
        for wave, (top1, top5_errors, probability) in zip(group, tally.T.tolist(), strict=True)
    ]


def even_chunks(total: int, batch_size: int) -> list[slice]:
    """Slices that cover `total` images in as few batches as `batch_size` allows, of nearly equal length."""
    batches = -(-total // batch_size)
    edges = [total * batch // batches for batch in range(batches + 1)]
    return [slice(start, stop) for start, stop in zip(edges, edges[1:], strict=False)]


def _perturbed_chunk(images: torch.Tensor, scaled: torch.Tensor, signs: torch.Tensor) -> torch.Tensor:
    """(n, 3, H, W) uint8, G waves (G, H, W), signs (G, n, 3) -> (G * n, 3, H, W) float32, clipped; Eq. 1.

    The same arithmetic as `fourier.add_basis`, for all waves of a group at once and without measuring the change.
    """
    import torch

    # Three passes over the pixels; each further one costs a small classifier about two per cent of its speed.
    pixels = torch.div(images, 255)
    signs = signs.to(pixels.dtype)[..., None, None]  # (G, n, 3, 1, 1)
    return torch.addcmul(pixels, signs, scaled[:, None, None]).clamp_(0, 1).flatten(0, 1)


def _forward(classifier: Classifier, images: torch.Tensor, dtype: str) -> torch.Tensor:
    import torch

    if dtype == "float32":
        return classifier(images).float()
    with torch.autocast(images.device.type, dtype=getattr(torch, dtype)):
        return classifier(images).float()


def best_batch_size(classifier: Classifier, images: torch.Tensor, config: SweepConfig) -> int:
    """Batch size of highest throughput, measured on the images themselves; doubled while that pays.

    On a CPU small batches often win, since their activations stay in the cache. A size that does not fit the
    memory ends the search.
    """
    import torch

    best, best_rate = 1, 0.0
    size = 64 if images.is_cuda else 1
    limit = 2048 if images.is_cuda else 256
    with torch.inference_mode():
        while size <= limit:
            batch = images[torch.arange(size, device=images.device) % len(images)].float() / 255
            try:
                rates = []
                for _ in range(3):
                    start = time.perf_counter()
                    _forward(classifier, batch, config.dtype).sum().item()
                    rates.append(size / (time.perf_counter() - start))
            except torch.OutOfMemoryError:
                torch.cuda.empty_cache()
                break
            if max(rates) > best_rate * 1.02:
                best, best_rate = size, max(rates)
            elif size >= 4 * best:
                break
            size *= 2
    return best
