"""Predictions of a classifier for a few pictures, and how they change under one wave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.fourier.basis import Frequency, add_basis, fourier_basis, random_signs

if TYPE_CHECKING:
    from core.classifiers.base import Classifier


def class_probabilities(classifier: Classifier, images: np.ndarray) -> np.ndarray:
    """Softmax probabilities.

    Args:
        images: (B, 3, H, W) float32 in [0, 1].
    Returns:
        (B, K) float32.
    """
    import torch

    with torch.inference_mode():
        batch = torch.from_numpy(np.ascontiguousarray(images)).to(classifier.device)
        return classifier(batch).float().softmax(dim=1).cpu().numpy()


@dataclass(frozen=True)
class WaveOnImage:
    """One image with one wave added, at one size.

    basis: (H, W) float32, norm 1. clean, perturbed: (3, H, W) float32 in [0, 1]. change: perturbed minus clean.
    norm: (3,) float32, L2 norm of the change per channel, after clipping.
    """

    basis: np.ndarray
    clean: np.ndarray
    perturbed: np.ndarray
    norm: np.ndarray

    @property
    def change(self) -> np.ndarray:
        return self.perturbed - self.clean


def wave_on_image(
    image: np.ndarray, frequency: Frequency, epsilon: float, *, seed: int, position: int = 0
) -> WaveOnImage:
    """Add a wave to one image, with the signs that a sweep gives the image at `position` of its data set.

    Args:
        image: (3, H, W) float32 in [0, 1].
        frequency: (i, j), cycles per image.
        epsilon: L2 size per channel.
        seed: of the signs.
        position: place of the image in its data set.
    """
    basis = fourier_basis(*frequency, *image.shape[1:])
    signs = random_signs(position + 1, frequency, seed=seed)[position:]
    result = add_basis(image[None], basis, epsilon, signs=signs)
    return WaveOnImage(basis, image, result.images[0], result.norm[0])


@dataclass(frozen=True)
class Predictions:
    """A classifier's predictions for one image under one wave.

    clean, perturbed: (K,) probabilities. curve: (V, K) probabilities with the wave at each size of `epsilons`.
    """

    clean: np.ndarray
    perturbed: np.ndarray
    epsilons: tuple[float, ...]
    curve: np.ndarray


def predict_under_wave(
    classifier: Classifier,
    image: np.ndarray,
    frequency: Frequency,
    epsilon: float,
    epsilons: Sequence[float],
    *,
    seed: int,
    position: int = 0,
) -> Predictions:
    """Predictions for the clean image, the perturbed one, and along a row of sizes; one forward pass for all."""
    sizes = (0.0, epsilon, *epsilons)
    batch = [wave_on_image(image, frequency, size, seed=seed, position=position).perturbed for size in sizes]
    probabilities = class_probabilities(classifier, np.stack(batch))
    return Predictions(probabilities[0], probabilities[1], tuple(epsilons), probabilities[2:])


@dataclass(frozen=True)
class Flips:
    """How often one wave changes a classifier's top-1 prediction over some images.

    changed: images whose prediction changed. broken: of those, right before and wrong with the wave.
    repaired: wrong before, right with it. count: images.
    """

    changed: int
    broken: int
    repaired: int
    count: int


def top1_predictions(classifier: Classifier, images: np.ndarray) -> np.ndarray:
    """(N,) the most probable class of each of (N, 3, H, W) uint8 images, without any wave."""
    return class_probabilities(classifier, images.astype(np.float32) / 255).argmax(1)


def flips(
    classifier: Classifier,
    images: np.ndarray,
    labels: np.ndarray,
    before: np.ndarray,
    frequency: Frequency,
    epsilon: float,
    *,
    seed: int,
    start: int = 0,
) -> Flips:
    """Count the images whose top-1 prediction the wave changes.

    Args:
        images: (N, 3, H, W) uint8; labels: (N,).
        before: (N,), their `top1_predictions`, which do not depend on the wave.
        start: position of the first image in its data set, for its signs.
    """
    signs = random_signs(start + len(images), frequency, seed=seed)[start:]
    basis = fourier_basis(*frequency, *images.shape[2:])
    perturbed = add_basis(images.astype(np.float32) / 255, basis, epsilon, signs=signs).images
    after = class_probabilities(classifier, perturbed).argmax(1)
    return Flips(
        changed=int((before != after).sum()),
        broken=int(((before == labels) & (after != labels)).sum()),
        repaired=int(((before != labels) & (after == labels)).sum()),
        count=len(images),
    )
