"""Predictions of a classifier for a few pictures: clean, under waves, and in hybrids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.fourier.waves import add_basis, fourier_basis, hybrid, random_signs
from core.shared.device import class_probabilities, predict_logits
from core.shared.numbers import Frequency

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier
    from core.data.sample_sets import ImageDataset


def batches(rows: np.ndarray, size: int) -> list[np.ndarray]:
    """Split rows into batches."""
    return [rows[first : first + size] for first in range(0, len(rows), size)]


def finite_top1(classifier: Classifier, images: np.ndarray) -> np.ndarray:
    """Return the top-1 class of (B, 3, H, W) float32 images in [0, 1], (B,).

    Raises:
        RuntimeError: the logits are not finite.
    """
    logits = predict_logits(classifier, images)
    if not logits.isfinite().all():
        raise RuntimeError(f"{classifier.name} gave logits that are not finite; its weights may be damaged")
    return logits.argmax(dim=1).cpu().numpy()


def pixels(dataset: ImageDataset, positions: np.ndarray) -> np.ndarray:
    """Return the images at these positions, (B, 3, H, W) float32 in [0, 1]."""
    return dataset.images[positions].astype(np.float32) / 255


def wave_on_image(image: np.ndarray, frequency: Frequency, epsilon: float, *, seed: int, position: int) -> np.ndarray:
    """Return an image with a wave, with the signs of the image at `position` in a sweep of its data set.

    Args:
        image: (3, H, W) float32 in [0, 1].
        frequency: (i, j), cycles per image.
        epsilon: L2 size per channel.
        seed: for the signs.
        position: index of the image in its data set.
    Returns:
        (3, H, W) float32 in [0, 1].
    """
    return pictures_under_wave(image[None], frequency, epsilon, seed=seed, start=position)[0]


def pictures_under_wave(
    images: np.ndarray, frequency: Frequency | None, epsilon: float, *, seed: int, start: int
) -> np.ndarray:
    """Add a wave, if any, to (B, 3, H, W) images, the first at position `start` of its data set."""
    if frequency is None:
        return images
    signs = random_signs(start + len(images), frequency, seed=seed)[start:]
    return add_basis(images, fourier_basis(*frequency, *images.shape[2:]), epsilon, signs=signs)


MIXED_AT = 49  # number of cutoffs
_HYBRIDS_TOGETHER = 16  # pictures in one forward pass


def hybrid_cutoffs(size: int) -> tuple[float, ...]:
    """Return cutoffs for size x size pictures, in equal ratios, ascending, to three digits.

    At the first, a hybrid has little more of the low picture than its mean; at the last, almost none of the high one.
    """
    return tuple(float(f"{cutoff:.3g}") for cutoff in np.geomspace(0.5, size, MIXED_AT))


@dataclass(frozen=True, eq=False)
class HybridPredictions:
    """A classifier's predictions for two pictures, and for their hybrids.

    cutoffs: (C,), cycles per image, ascending. low, high: (K,) probabilities for the pictures alone. mixed: (C, K).
    """

    cutoffs: tuple[float, ...]
    low: np.ndarray
    high: np.ndarray
    mixed: np.ndarray

    def between(self, low_class: int, high_class: int) -> PairPredictions:
        """Return what is shown of them: the probabilities of both pictures' classes, and the best of all others."""
        rest = self.mixed.copy()
        rest[:, [low_class, high_class]] = -1
        best_other = rest.argmax(axis=1)
        return PairPredictions(
            self.cutoffs,
            (low_class, high_class),
            self.mixed[:, [low_class, high_class]],
            best_other,
            self.mixed[np.arange(len(best_other)), best_other],
        )


@dataclass(frozen=True, eq=False)
class PairPredictions:
    """A classifier's predictions for the hybrids of two pictures, as pages show them.

    cutoffs: (C,), cycles per image, ascending. classes: of the low and of the high picture. shares: (C, 2), the
    probabilities of both. others: (C,), the most probable of all other classes. other_shares: (C,), its probability.
    """

    cutoffs: tuple[float, ...]
    classes: tuple[int, int]
    shares: np.ndarray
    others: np.ndarray
    other_shares: np.ndarray

    @property
    def tops(self) -> np.ndarray:
        """(C,) int, the most probable class at each cutoff."""
        best = np.column_stack([self.shares, self.other_shares]).argmax(axis=1)
        return np.where(best == 2, self.others, np.array(self.classes)[best.clip(max=1)])


def predict_hybrids(
    classifier: Classifier, low: np.ndarray, high: np.ndarray, cutoffs: Sequence[float]
) -> HybridPredictions:
    """Predict two images (3, H, W) in [0, 1], and their hybrid at each cutoff."""
    batch = np.stack([low, high, *(hybrid(low, high, cutoff) for cutoff in cutoffs)])
    probabilities = np.concatenate(
        [class_probabilities(classifier, some) for some in batches(batch, _HYBRIDS_TOGETHER)]
    )
    return HybridPredictions(tuple(cutoffs), probabilities[0], probabilities[1], probabilities[2:])
