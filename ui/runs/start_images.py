"""Seeds of generation: noise with a class's pixel statistics, drawn again whenever a page needs it. No torch."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cache

import numpy as np

from core.data.class_statistics import STATISTICS, ClassStatistics, DatasetStatistics, natural_statistics
from core.data.classes import IMAGE_SIZES
from core.runs.noise import noise_images


def seed_statistics(target: str, class_set: str) -> ClassStatistics:
    """Statistics of the class `target`; those of natural images in general for one without, or for free text.

    Raises:
        RuntimeError: the bundled statistics are damaged.
    """
    stored = _stored(class_set)
    if stored is not None and target in stored.class_names:
        return stored.of_class(target)
    return natural_statistics(IMAGE_SIZES[class_set])


@cache
def _stored(class_set: str) -> DatasetStatistics | None:
    path = STATISTICS / f"{class_set}.npz"
    return DatasetStatistics.load(path) if path.is_file() else None


def seed_images(targets: Sequence[str], per_target: int, class_set: str, seed: int) -> np.ndarray:
    """(B, 3, H, W) float32 in [0, 1]: `per_target` seeds for each target in turn.

    The same target, class set and seed number give the same noise, whatever else is drawn beside it.
    """
    return np.concatenate(
        [
            noise_images(
                seed_statistics(target, class_set),
                per_target,
                generator=np.random.default_rng([seed, zlib.crc32(target.encode("utf-8"))]),
            )
            for target in targets
        ]
    )
