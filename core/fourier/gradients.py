"""The gradient of a classifier's loss at a picture: its energy along a heat map's waves.

A PGD step paints this gradient, and Eq. 1 adds a single wave. Measuring both in the same waves makes them comparable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from core.fourier.basis import check_side, half_plane, largest_side, rounded_radius, wave_values
from core.shared.device import forward

if TYPE_CHECKING:
    from torch import Tensor

CHUNK = 50  # pictures in one pass


def loss_gradients(classifier: Callable[[Tensor], Tensor], images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the gradient of each image's cross-entropy to its label, (B, 3, H, W) float32.

    Args:
        classifier: as `core.classifiers.kinds.base.Classifier`.
        images: (B, 3, H, W) float32 in [0, 1].
        labels: (B,) int64.
    Raises:
        ValueError: the classifier cannot be differentiated.
    """
    import torch

    from core.shared.network_copies import with_contiguous_attention

    classifier = with_contiguous_attention(classifier)
    device = getattr(classifier, "device", "cpu")
    gradients = []
    with torch.inference_mode(False), torch.enable_grad():
        for start in range(0, len(images), CHUNK):
            part = slice(start, start + CHUNK)
            batch = torch.from_numpy(np.ascontiguousarray(images[part])).to(device).requires_grad_()
            logits = forward(classifier, batch, "float32")
            if not logits.requires_grad:
                raise ValueError("the classifier cannot be differentiated: its logits carry no gradient to the images")
            targets = torch.from_numpy(labels[part]).to(device)
            loss = torch.nn.functional.cross_entropy(logits, targets, reduction="sum")
            gradients.append(torch.autograd.grad(loss, batch)[0].cpu().numpy())
    return np.concatenate(gradients)


def relative_energy(gradients: np.ndarray, side: int) -> np.ndarray:
    """Return the energy of each gradient along each wave of `half_plane(side)`; 1 everywhere for a flat spectrum.

    With F_c the discrete Fourier transform of channel c of the gradient g, the energy along a wave is
    e(i, j) = sum_c |F_c(i, j)|^2 / (H W). Over all H W frequencies it adds up to ||g||^2 (Parseval). It is the mean,
    over the phase of a wave U(i, j) of norm 1 and over the independent signs r of Eq. 1, of (sum_c r_c <g_c, U>)^2:
    the squared change of the loss per unit of v, to first order. Each picture's energies are divided by their mean over
    the map's side * side cells, so that steep pictures do not dominate.

    Args:
        gradients: (B, 3, H, W).
        side: of the heat map, at most `largest_side(H, W)`.
    Returns:
        (B, W) float64; NaN for a gradient without energy in these waves.
    Raises:
        ValueError: the side is too large for the gradient's pixels.
    """
    check_side(side)
    height, width = gradients.shape[-2:]
    if side > (largest := largest_side(height, width)):
        raise ValueError(f"gradients of {height} x {width} pixels hold waves up to side {largest}; got {side}")
    spectra = np.fft.fft2(gradients.astype(np.float64))
    signed = np.arange(side) - side // 2
    cells = (np.abs(spectra[..., signed[:, None], signed]) ** 2).sum(axis=1)
    mean = cells.mean(axis=(1, 2), keepdims=True)
    relative = np.divide(cells, mean, out=np.full_like(cells, np.nan), where=mean > 0)
    return wave_values(relative, half_plane(side))


def ring_energy(relative: np.ndarray, side: int) -> np.ndarray:
    """Return the mean `relative_energy` of each ring of rounded radius 0, 1, ... up to the corners, (..., rings)."""
    ring = rounded_radius(half_plane(side))
    return relative @ (np.eye(ring.max() + 1)[ring] / np.bincount(ring))
