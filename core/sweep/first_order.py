"""One picture under every wave to first order: from one backward pass, and how far that carries. Imports torch lazily.

At small v a wave changes the loss by v times the gradient's component along it, and these components, for all waves at
once, are the gradient's discrete Fourier transform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.fourier.basis import fourier_basis, half_plane, random_signs, wave_map, wave_values

if TYPE_CHECKING:
    from torch import Tensor

    from core.classifiers.base import Classifier


def first_order_map(classifier: Classifier, image: np.ndarray, label: int, side: int, *, seed: int) -> np.ndarray:
    """Change of the loss under each wave for each unit of v, at v = 0.

    Args:
        image: (3, H, H) float32 in [0, 1].
        label: its true class, whose cross-entropy is the loss.
        side: R, odd, at most what the image can carry.
        seed: of the random signs, which are those of a sweep over this one image.
    Returns:
        (R, R) float64, nats for each unit of v.
    Source: Krishnamachari et al. 2023, "Fourier Sensitivity and Regularization of Computer Vision Models", who take the
    transform's modulus. Differs by: its real part with the random signs, since the waves of Eq. 1 have phase 0.
    Clipping is left out, so pixels of value 0 or 1 count although half of the waves cannot change them.
    """
    import torch

    pixels = torch.from_numpy(image[None]).to(classifier.device).requires_grad_()
    with torch.enable_grad():
        gradient = torch.autograd.grad(_loss(classifier(pixels), label).sum(), pixels)[0][0]
    spectrum = np.fft.fft2(gradient.cpu().double().numpy()).real  # (3, H, H): of the cosines of unit amplitude
    size, waves = image.shape[-1], half_plane(side)
    i, j = np.transpose(waves)
    # A cosine of norm 1 has the amplitude sqrt(2) / H, a constant 1 / H.
    amplitude = np.where((i == 0) & (j == 0), 1, np.sqrt(2)) / size
    signs = np.stack([random_signs(1, wave, seed=seed)[0] for wave in waves])  # (W, 3)
    return wave_map((signs.T * spectrum[:, i, j]).sum(axis=0) * amplitude, waves, side)


def change_of_loss(
    classifier: Classifier,
    image: np.ndarray,
    label: int,
    side: int,
    epsilon: float,
    *,
    seed: int,
    batch_size: int = 64,
) -> np.ndarray:
    """The exact change of that loss under each wave of L2 size `epsilon` per channel, clipped: (R, R), nats."""
    import torch

    waves, size = half_plane(side), image.shape[-1]
    batches = np.array_split(np.arange(len(waves)), -(-len(waves) // batch_size))
    changes = []
    with torch.inference_mode():
        clean = _loss(classifier(torch.from_numpy(image[None]).to(classifier.device)), label)
        for batch in batches:
            bases = np.stack([fourier_basis(i, j, size, size) for i, j in (waves[k] for k in batch)])
            signs = np.stack([random_signs(1, waves[k], seed=seed)[0] for k in batch])  # (B, 3)
            perturbed = (image + signs[..., None, None] * (bases * np.float32(epsilon))[:, None]).clip(0, 1)
            changes.append(_loss(classifier(torch.from_numpy(perturbed).to(classifier.device)), label) - clean)
    return wave_map(torch.cat(changes).cpu().numpy(), waves, side)


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's, of two (R, R) maps, over their different waves; NaN where one of them is constant."""
    from scipy.stats import spearmanr

    waves = half_plane(len(first))
    one, two = wave_values(first, waves), wave_values(second, waves)
    if np.ptp(one) == 0 or np.ptp(two) == 0:
        return float("nan")
    return float(spearmanr(one, two).statistic)


def _loss(logits: Tensor, label: int) -> Tensor:
    """(B,) cross-entropy, in double precision: at small v its changes are near the last digits of float32."""
    return -logits.double().log_softmax(dim=1)[:, label]
