"""How many images a forward pass of a sweep takes. Does not import torch before it is called."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

from core.device import forward

if TYPE_CHECKING:
    from torch import Tensor

    from core.classifiers.base import Classifier
    from core.data.dataset import ImageDataset
    from core.sweep.config import SweepConfig

# Of each batch size, and the share of the usual size's time that another must stay below.
_TIMINGS, _CLEARLY = 3, 0.9


def best_batch_size(classifier: Classifier, images: Tensor, dtype: str) -> int:
    """Batch size of highest throughput, measured on the images themselves: the middle one, unless another is faster.

    Every size is timed on the same number of images, in turns, and its best time counts: what else the machine does
    then slows all sizes alike. A size that does not fit the memory is left out.
    """
    import torch

    sizes = (128, 512, 2048) if images.is_cuda else (4, 16, 64)
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


def sized_batches(classifier: Classifier, dataset: ImageDataset, config: SweepConfig) -> SweepConfig:
    """The configuration with its batch size measured, where it leaves that open."""
    import torch

    if config.batch_size is not None:
        return config
    images = torch.as_tensor(dataset.images).to(classifier.device)
    return replace(config, batch_size=best_batch_size(classifier, images, config.dtype))
