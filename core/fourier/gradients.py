"""The gradient of a classifier's loss at a picture: its energy along a heat map's waves, and along edges.

A PGD step paints this gradient, and Eq. 1 adds a single wave. Measuring both in the same waves makes them comparable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.fourier.basis import check_side, half_plane, largest_side, rounded_radius, wave_values
from core.shared.device import forward

if TYPE_CHECKING:
    from torch import Tensor

LUMINANCE = (0.299, 0.587, 0.114)  # of red, green and blue; Source: ITU-R BT.601
CHUNK = 50  # pictures in one pass


@dataclass(frozen=True, eq=False)
class LossGradients:
    """loss: (B,) cross-entropy to the labels. gradients: (B, 3, H, W) float32, its derivative at each pixel value."""

    loss: np.ndarray
    gradients: np.ndarray


def loss_gradients(classifier: Callable[[Tensor], Tensor], images: np.ndarray, labels: np.ndarray) -> LossGradients:
    """Return the cross-entropy of each image to its label, and its gradient, from one forward and one backward pass.

    Args:
        classifier: as `core.classifiers.kinds.base.Classifier`.
        images: (B, 3, H, W) float32 in [0, 1].
        labels: (B,) int64.
    Raises:
        ValueError: the classifier cannot be differentiated.
    """
    import torch

    from core.shared.network_copies import for_gradients

    classifier = for_gradients(classifier)
    device = getattr(classifier, "device", "cpu")
    losses, gradients = [], []
    with torch.inference_mode(False), torch.enable_grad():
        for start in range(0, len(images), CHUNK):
            part = slice(start, start + CHUNK)
            batch = torch.from_numpy(np.ascontiguousarray(images[part])).to(device).requires_grad_()
            logits = forward(classifier, batch, "float32")
            if not logits.requires_grad:
                raise ValueError("the classifier cannot be differentiated: its logits carry no gradient to the images")
            targets = torch.from_numpy(labels[part]).to(device)
            loss = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
            gradients.append(torch.autograd.grad(loss.sum(), batch)[0].cpu().numpy())
            losses.append(loss.detach().cpu().numpy())
    return LossGradients(np.concatenate(losses), np.concatenate(gradients))


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


def mean_radius(relative: np.ndarray, side: int) -> np.ndarray:
    """Return the energy-weighted mean of sqrt(i^2 + j^2) in cycles per image, (...), of (..., W) `relative_energy`."""
    waves = half_plane(side)
    cells = np.full(len(waves), 2.0)  # cells per wave
    cells[0] = 1  # (0, 0) comes first in half_plane
    return (relative * (cells / side**2)) @ np.hypot(*np.transpose(waves))


def ring_energy(relative: np.ndarray, side: int) -> np.ndarray:
    """Return the mean `relative_energy` of each ring of rounded radius 0, 1, ... up to the corners, (..., rings)."""
    ring = rounded_radius(half_plane(side))
    return relative @ (np.eye(ring.max() + 1)[ring] / np.bincount(ring))


def edge_strength(image: np.ndarray) -> np.ndarray:
    """Return the length of the Sobel gradient of a (3, H, W) image's luminance, (H, W)."""
    from scipy import ndimage  # a tenth of a second, and few ask

    luminance = np.tensordot(LUMINANCE, image, axes=1)
    return np.hypot(*(ndimage.sobel(luminance, axis, mode="nearest") for axis in (0, 1)))


def edge_correlation(image: np.ndarray, gradient: np.ndarray) -> float:
    """Return Spearman's correlation over the pixels of edge strength and the gradient's L2 norm over the channels.

    Args:
        image, gradient: (3, H, W).
    Returns:
        -1 to 1; NaN if either does not vary.
    """
    from scipy import stats

    steepness, edges = np.sqrt((gradient.astype(np.float64) ** 2).sum(axis=0)), edge_strength(image)
    if np.ptp(steepness) == 0 or np.ptp(edges) == 0:
        return float("nan")
    return float(stats.spearmanr(steepness, edges, axis=None).statistic)
