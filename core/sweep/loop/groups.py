"""Groups of waves that share forward passes, with their images, strengths and signs."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.fourier import basis
from core.sweep.loop.config import SweepConfig, Wave
from core.sweep.loop.sample import balanced_sample, images_per_wave

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from core.data.dataset import ImageDataset


@dataclass(frozen=True, eq=False)
class Group:
    """G waves, each added to n images.

    scaled: (G, H, W) float32, each wave times its size v; zeros for the clean images. places: (G, n) int64 indices of
    images, or (1, n) if equal for all. signs: (G, n, 3) int8.
    """

    waves: tuple[Wave, ...]
    scaled: np.ndarray
    places: np.ndarray
    signs: np.ndarray

    @property
    def count(self) -> int:
        return self.signs.shape[1]

    def batches(self, size: int, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
        """Split places and signs along the images into as few, nearly equal parts as `size` allows."""
        import torch

        tensors = (torch.from_numpy(array).to(device) for array in (self.places, self.signs))
        return zip(*(tensor.tensor_split(-(-self.count // size), 1) for tensor in tensors), strict=True)


def first_group(waves: Sequence[Wave], dataset: ImageDataset, config: SweepConfig, size: int) -> Group:
    """Return the first wave with as many following ones, added to equally many images, as fit a batch of `size`."""
    total, height = len(dataset), dataset.image_size
    count = images_under(waves[0], total, config)
    alike = itertools.takewhile(lambda wave: images_under(wave, total, config) == count, waves)
    group = tuple(itertools.islice(alike, max(1, size // count)))
    signs = np.stack([basis.random_signs(total, wave or (0, 0), seed=config.seed) for wave in group])
    places = np.arange(total)[None]
    if count < total:  # so these are not the clean images
        places = np.stack(
            [balanced_sample(dataset.labels, count, wave, seed=config.seed) for wave in group if wave is not None]
        )
        signs = np.take_along_axis(signs, places[..., None], axis=1)  # an image has the same signs as in a full sweep
    scaled = np.zeros((len(group), height, height), np.float32)
    for k, wave in enumerate(group):
        if wave is not None:
            scaled[k] = basis.fourier_basis(*wave, height, height) * np.float32(_epsilon(wave, config, height))
    return Group(group, scaled, places, signs)


def images_under(wave: Wave, total: int, config: SweepConfig) -> int:
    """Return the number of images that a wave is added to; the clean error uses all."""
    return total if wave is None else images_per_wave(total, config.passes)


def _epsilon(wave: basis.Frequency, config: SweepConfig, image_size: int) -> float:
    """Return a wave's L2 size per channel, weakened if configured."""
    if config.weaken_as is None:
        return config.epsilon
    cell = basis.frequency_to_cell(*wave, config.side)
    return config.epsilon * float(_kept(image_size, config.weaken_as, config.side)[cell])


@functools.lru_cache(maxsize=4)
def _kept(image_size: int, network_size: int, side: int) -> np.ndarray:
    from core.classifiers.kinds.preprocessing import Preprocess
    from core.sweep.loop.resize_attenuation import resize_attenuation

    return resize_attenuation(Preprocess(network_size, (0.0,) * 3, (1.0,) * 3), image_size, side)
