"""Class-balanced samples of images for waves that are not added to all: one per wave, fixed by seed and wave.

A sweep of one round takes a `balanced_sample`; one of several rounds goes along a `balanced_order`.
"""

from __future__ import annotations

import numpy as np

from core.fourier.basis import Frequency, wave_bits


def images_per_wave(total: int, passes: float) -> int:
    """How many of `total` images make up a share of the passes; at least one."""
    return max(1, round(passes * total))


def round_ends(total: int, first: int) -> list[int]:
    """How many of `total` images each wave has after each round: `first`, then a quarter more every time, then all.

    A round has two images or more, since one alone does not show how images differ.
    """
    ends = [min(total, max(2, first))]
    while ends[-1] < total:
        ends.append(min(total, ends[-1] + max(2, ends[-1] // 4)))
    return ends


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
    # Var of a stratified mean: sum_h W_h^2 s_h^2 / n_h (1 - f_h) (Cochran 1977, eq. 5.6), of classes h with n_h images;
    # shares W_h = n_h / n and f_h = f = n / N make it (1 - f) / n^2 * sum_h n_h s_h^2.
    # Of e_h errors, n_h s_h^2 = e_h (n_h - e_h) / (n_h - 1) (variance of 0s and 1s, sec. 3.2).
    within = errors[several] * (of_class[several] - errors[several]) / (of_class[several] - 1)
    # Where n_h = 1, s_h^2 is taken to be the whole sample's, n p (1 - p) / (n - 1).
    alone = (of_class == 1).sum() * rate * (1 - rate) * n / max(1, n - 1)
    return float(within.sum() + alone) / n**2 * (1 - n / total)


def pooled_variance(first: float, n: int, second: float, m: int, total: int) -> float:
    """The `sampling_variance` of two samples of n and of m other images together, from that of each."""
    # Var of a mean of n among N: v = s^2 / n (1 - n / N) (Cochran 1977, theorem 2.2), so s^2 = v n / (1 - n / N);
    # the s^2 of n + m images is (n s_1^2 + m s_2^2) / (n + m), and their v follows.
    of_one_image = sum(
        variance * size**2 / (1 - size / total) for variance, size in ((first, n), (second, m)) if 0 < size < total
    ) / (n + m)
    return of_one_image / (n + m) * (1 - (n + m) / total)


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
    # The signs are the same generator's first stream; with that one, sample and signs would depend on each other.
    bits = wave_bits(total + 1, wave, seed=seed, stream=1)
    shuffled = np.lexsort((bits[:total], labels))
    start = int(bits[total] % np.uint64(total))
    return np.sort(shuffled[(np.arange(size) * total + start) // size])


def balanced_order(labels: np.ndarray, wave: Frequency, *, seed: int) -> np.ndarray:
    """All images in an order of the wave's own whose every beginning holds each class by its share.

    The images of a class, shuffled, are spread evenly over the order from a random start, so what a sweep has after any
    number of images is a balanced sample, to within one image for classes of one size.

    Args:
        labels: (N,) class of every image.
        wave: (i, j), cycles per image; (i, j) and (-i, -j) have the same order.
        seed: 0 to 2**64 - 1.
    Returns:
        (N,) int64, a permutation.
    """
    of_class = np.bincount(labels)
    bits = wave_bits(len(labels) + len(of_class), wave, seed=seed, stream=1)
    shuffled = np.lexsort((bits[: len(labels)], labels))
    start = bits[len(labels) :] / 2.0**64
    rank = np.arange(len(labels)) - np.repeat(np.cumsum(of_class) - of_class, of_class)
    place = (rank + np.repeat(start, of_class)) / np.repeat(of_class, of_class)
    return shuffled[np.argsort(place, kind="stable")]
