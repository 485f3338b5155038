"""How many images a forward pass of a sweep takes. Does not import torch before it is called."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

from core.shared.device import forward

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from core.classifiers.kinds.base import Classifier
    from core.data.dataset import ImageDataset
    from core.sweep.loop.config import SweepConfig

# Of each batch size, and the share of the usual size's time that another must stay below.
_TIMINGS, _CLEARLY = 3, 0.9
_MOST = 0.05  # of the work ahead, for measuring
# By device: what is tried, the usual size in the middle.
_SIZES = {"cpu": (4, 16, 64), "cuda": (128, 512, 2048)}


def best_batch_size(classifier: Classifier, images: Tensor, dtype: str, ahead: int | None = None) -> int:
    """Batch size of highest throughput, measured on the images themselves: the middle one, unless another is faster.

    Every size is timed on the same number of images, in turns, and its best time counts: what else the machine does
    then slows all sizes alike. A size that does not fit the memory is left out.

    Args:
        ahead: predictions that are to come; where measuring would be over 5 % of them, the middle one is taken.
    """
    import torch

    sizes = _sizes(images.device)
    if ahead is not None and not worth_measuring(images.device, ahead):
        return sizes[1]
    seconds = dict.fromkeys(sizes, float("inf"))
    with torch.inference_mode():
        for size in _TIMINGS * sizes:
            if size not in seconds:
                continue
            try:
                start, total = perf_counter(), torch.zeros((), device=images.device)
                for places in (torch.arange(max(sizes), device=images.device) % len(images)).split(size):
                    total += forward(classifier, images[places].float() / 255, dtype).sum()
                total.item()  # waits for the device
                seconds[size] = min(seconds[size], perf_counter() - start)
            except torch.OutOfMemoryError:
                del seconds[size]
                torch.cuda.empty_cache()
    if not seconds:
        return sizes[0]  # the sweep halves it
    usual, best = min(sizes[1], max(seconds)), min(seconds, key=seconds.__getitem__)
    return best if seconds[best] < _CLEARLY * seconds[usual] else usual


def worth_measuring(device: torch.device, ahead: int) -> bool:
    """Whether measuring takes at most 5 % of so many predictions."""
    sizes = _sizes(device)
    return _TIMINGS * len(sizes) * max(sizes) <= _MOST * ahead


def _sizes(device: torch.device) -> tuple[int, ...]:
    return _SIZES.get(device.type, _SIZES["cpu"])


def sized_batches(classifier: Classifier, dataset: ImageDataset, config: SweepConfig, ahead: int) -> SweepConfig:
    """The configuration with its batch size measured, where it is open and `ahead` predictions are worth it."""
    import torch

    if config.batch_size is not None or not worth_measuring(classifier.device, ahead):
        return config
    images = torch.as_tensor(dataset.images).to(classifier.device)
    return replace(config, batch_size=best_batch_size(classifier, images, config.dtype))
