"""Steps with the spectrum and colours of natural pictures: a linear map of the gradient. Imports torch."""

from __future__ import annotations

import torch
from torch import Tensor

from core.data.statistics.natural_pixels import natural_pixels
from core.pgd.view_settings import Views


class NaturalSteps:
    """The gradient times 1 / max(1, r)^p at r cycles per image, and times the colour covariance^q of natural pixels.

    Args:
        views: p and q, `spectrum` and `colors`. x0: (B, 3, H, W), for its size and device.
        hole: bool (1 or B, 1, H, W); the gradient outside is zeroed before and after. None for the whole image.
    Source: Olah et al. 2017, *Feature Visualization*, decorrelated parameterisation. Differs by: a preconditioner of
    the steps in pixel space, so that the ball and the clip stay the paper's.
    """

    def __init__(self, views: Views, x0: Tensor, hole: Tensor | None) -> None:
        height, width = x0.shape[-2:]
        down = torch.fft.fftfreq(height, 1 / height, device=x0.device)[:, None]
        across = torch.fft.rfftfreq(width, 1 / width, device=x0.device)
        self._amplitude = torch.hypot(down, across).clamp(min=1).pow(-views.spectrum)  # (H, W // 2 + 1)
        self._colors = torch.tensor(natural_pixels().covariance_power(views.colors), dtype=x0.dtype, device=x0.device)
        self._hole = hole

    def __call__(self, gradient: Tensor) -> Tensor:
        """Return the (B, 3, H, W) gradient with natural spectrum and colours; its length is arbitrary."""
        gradient = gradient if self._hole is None else gradient * self._hole
        spectrum = torch.fft.rfft2(gradient) * self._amplitude
        natural = torch.fft.irfft2(spectrum, s=gradient.shape[-2:])
        natural = torch.einsum("dc,bchw->bdhw", self._colors, natural)
        return natural if self._hole is None else natural * self._hole
