"""Class-balanced samples of images, one per wave, determined by seed and wave."""

from __future__ import annotations

import numpy as np

from core.fourier.basis import Frequency, wave_bits


def images_per_wave(total: int, passes: float) -> int:
    """Return the number of images in a share of `total`, at least one."""
    return max(1, round(passes * total))


def sampling_variance(wrong: np.ndarray, labels: np.ndarray, total: int) -> float:
    """Estimate the variance of a balanced sample's error rate from the variances within its classes.

    Differences between classes do not vary from sample to sample, so it is smaller than for random images. A class with
    one image is assumed to vary like the whole sample.

    Args:
        wrong: (n,) bool, whether an image is misclassified. labels: (n,) its true class.
        total: number of images that the sample was drawn from.
    Source: Cochran 1977, ch. 5, proportional allocation.
    """
    n, of_class = len(wrong), np.bincount(labels)
    errors = np.bincount(labels, wrong)
    several, rate = of_class > 1, wrong.mean()
    # Var of a stratified mean: sum_h W_h^2 s_h^2 / n_h (1 - f_h) (Cochran 1977, eq. 5.6), of classes h with n_h images;
    # shares W_h = n_h / n and f_h = f = n / N make it (1 - f) / n^2 * sum_h n_h s_h^2.
    # With e_h errors, n_h s_h^2 = e_h (n_h - e_h) / (n_h - 1) (variance of 0s and 1s, sec. 3.2).
    within = errors[several] * (of_class[several] - errors[several]) / (of_class[several] - 1)
    # If n_h = 1, s_h^2 is set to the whole sample's, n p (1 - p) / (n - 1).
    alone = (of_class == 1).sum() * rate * (1 - rate) * n / max(1, n - 1)
    return float(within.sum() + alone) / n**2 * (1 - n / total)


def balanced_sample(labels: np.ndarray, size: int, wave: Frequency, *, seed: int) -> np.ndarray:
    """Draw positions of `size` distinct images with each class in proportion, to within one image.

    All images are equally likely. Different waves and seeds draw independently; (i, j) and (-i, -j) draw the same.

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
    # A separate stream from the signs', so that sample and signs are independent.
    bits = wave_bits(total + 1, wave, seed=seed, stream=1)
    shuffled = np.lexsort((bits[:total], labels))
    start = int(bits[total] % np.uint64(total))
    return np.sort(shuffled[(np.arange(size) * total + start) // size])
