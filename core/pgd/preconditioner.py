"""Natural strokes: a preconditioner gives a step the spectrum and the colours of natural images."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from core.data.class_statistics import natural_pixels

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Preconditioner:
    """Multiplies the gradient by 1 / max(1, r)^p at r cycles per image, and by the colour covariance^q of pixels.

    Args:
        spectrum: p at the first step, at least 0; at 0 the spectrum stays unchanged, bit for bit.
        colors: q, at least 0; at 0 the colours stay unchanged, bit for bit.
        last_spectrum: p at the last step, at least 0; linear in between. None for a constant p. If it is below
            `spectrum`, a run paints slow waves first and details later.
    Raises:
        ValueError: a value is out of range; the message names it.
    Source: Olah et al. 2017, *Feature Visualization*, decorrelated parameterisation. Differs by: a preconditioner of
    the steps in pixel space, which leaves the ball and the clip those of the paper.
    """

    spectrum: float
    colors: float
    last_spectrum: float | None = None

    def __post_init__(self) -> None:
        if self.last_spectrum is None:
            object.__setattr__(self, "last_spectrum", self.spectrum)
        for name, value in vars(self).items():
            if not 0 <= value < math.inf:
                raise ValueError(f"preconditioner.{name} must be a number of at least 0; got {value!r}")

    def exponent(self, step: int, steps: int) -> float:
        """Return p at the step after `step` of `steps` steps."""
        last = self.spectrum if self.last_spectrum is None else self.last_spectrum
        return self.spectrum + (last - self.spectrum) * step / max(1, steps - 1)

    def prepare(self, x0: Tensor, mask: Tensor | None, steps: int) -> Callable[[Tensor, int], Tensor]:
        """Return the function from a gradient, (B, 3, H, W), and the steps taken so far to the preconditioned gradient.

        The length of the result is arbitrary.

        Args:
            x0: (B, 3, H, W), for its size and device. steps: of the run.
            mask: bool (1 or B, 1, H, W); the gradient outside is zeroed before and after. None for the whole image.
        """
        import torch

        height, width = x0.shape[-2:]
        down = torch.fft.fftfreq(height, 1 / height, device=x0.device)[:, None]
        across = torch.fft.rfftfreq(width, 1 / width, device=x0.device)
        radius = torch.hypot(down, across).clamp(min=1)  # (H, W // 2 + 1)
        power = natural_pixels().covariance_power(self.colors)
        colors = torch.tensor(power, dtype=x0.dtype, device=x0.device)

        def precondition(gradient: Tensor, step: int) -> Tensor:
            gradient = gradient if mask is None else gradient * mask
            if exponent := self.exponent(step, steps):
                waves = torch.fft.rfft2(gradient) * radius.pow(-exponent)
                gradient = torch.fft.irfft2(waves, s=(height, width))
            if self.colors:
                gradient = torch.einsum("dc,bchw->bdhw", colors, gradient)
            return gradient if mask is None else gradient * mask

        return precondition

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a JSON object, without `last_spectrum` if p is constant."""
        return {
            name: value for name, value in asdict(self).items() if name != "last_spectrum" or value != self.spectrum
        }
