"""Which images a wave is added to when it is not added to all: a draw of its own, fixed by the seed and the wave."""

from __future__ import annotations

import numpy as np

from core.fourier.basis import Frequency, wave_bits


def images_per_wave(total: int, passes: float) -> int:
    """How many of `total` images make up a share of the passes; at least one."""
    return max(1, round(passes * total))


def sampling_variance(wrong: np.ndarray, labels: np.ndarray, total: int) -> float:
    """Estimated variance of the error rate of a balanced sample, from the variances within its classes.

    Classes differ in error, and what lies between them does not vary from sample to sample: it is less than that of
    images drawn at random. A class of which one image was drawn is taken to vary as the whole sample does.

    Args:
        wrong: (n,) bool, whether an image is misclassified. labels: (n,) its true class.
        total: images that the sample was drawn from.
    Source: Cochran 1977, ch. 5, proportional allocation.
    """
    n, of_class = len(wrong), np.bincount(labels)
    errors = np.bincount(labels, wrong)
    several, rate = of_class > 1, wrong.mean()
    within = errors[several] * (of_class[several] - errors[several]) / (of_class[several] - 1)
    alone = (of_class == 1).sum() * rate * (1 - rate) * n / max(1, n - 1)
    return float(within.sum() + alone) / n**2 * (1 - n / total)


def balanced_sample(labels: np.ndarray, size: int, wave: Frequency, *, seed: int) -> np.ndarray:
    """Positions of `size` different images in which each class has its share, to within one image.

    Every image is drawn with the same probability. Other waves and other seeds draw independently; (i, j) and
    (-i, -j) draw the same.

    Args:
        labels: (N,) class of every image.
        size: 1 to N.
        wave: (i, j), cycles per image.
        seed: 0 to 2**64 - 1.
    Returns:
        (size,) int64, ascending.
    Source: systematic sampling from a list in order of the classes, each shuffled (Cochran 1977, ch. 8).
    """
    total = len(labels)
    if not 1 <= size <= total:
        raise ValueError(f"a sample of {total} images holds 1 to {total}; got {size}")
    # The signs are the same generator's first stream; with that one, sample and signs would depend on each other.
    bits = wave_bits(total + 1, wave, seed=seed, stream=1)
    shuffled = np.lexsort((bits[:total], labels))
    start = int(bits[total] % np.uint64(total))
    return np.sort(shuffled[(np.arange(size) * total + start) // size])
