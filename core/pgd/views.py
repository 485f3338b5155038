"""The search by views: random views of a picture, and steps like natural pictures. Imports torch."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.data.statistics import natural_pixels
from core.pgd.search import Views


@dataclass(frozen=True)
class View:
    """One view of a square image: a crop or a shift, a flip, and additive noise.

    left, top, side: of the crop, in whole pixels. dx, dy: shift in whole pixels. size: side of the view in pixels;
    0 for the image's. noise: float32, of the view's shape, or None.
    """

    left: int
    top: int
    side: int
    dx: int = 0
    dy: int = 0
    flip: bool = False
    noise: np.ndarray | None = None
    size: int = 0

    def apply(self, image: Tensor) -> Tensor:
        """Return the view of a (3, H, W) image, (3, size, size); differentiable."""
        size = image.shape[-1]
        view_side = self.size or size
        reach = max(abs(self.dx), abs(self.dy))
        if reach:
            mirrored = F.pad(image[None], (reach, reach, reach, reach), mode="reflect")[0]
            top, left = reach - self.dy, reach - self.dx
            image = mirrored[:, top : top + size, left : left + size]
        if self.side < size or view_side < size:
            crop = image[None, :, self.top : self.top + self.side, self.left : self.left + self.side]
            image = F.interpolate(crop, size=(view_side, view_side), mode="bilinear", antialias=True)[0]
        if self.flip:
            image = image.flip(-1)
        if self.noise is not None:
            image = image + torch.from_numpy(self.noise).to(image.device)
        return image


def image_key(image: Tensor) -> int:
    """Return the key of an image's views: a checksum of its (3, H, W) values."""
    return zlib.crc32(image.detach().cpu().contiguous().numpy().tobytes())


def draw_view(
    views: Views,
    size: int,
    *,
    seed: int,
    step: int,
    key: int,
    hole: tuple[float, float] | None = None,
    index: int = 0,
    view_side: int = 0,
) -> View:
    """Draw the view of one image of `size` x `size` pixels at one step.

    Args:
        seed: 0 to 2**64 - 1. key: the image's `image_key`. index: among the views of this step.
        hole: centre (x, y) of the hole in pixels, near which crops lie; None for crops anywhere.
        view_side: side of the view in pixels; 0 for `size`.
    """
    counter = np.array([0, 0, index, step], dtype=np.uint64)  # views never overlap in the counter
    generator = np.random.Generator(np.random.Philox(key=np.array([seed, key], dtype=np.uint64), counter=counter))
    part, across, down, mirrored = generator.random(4)
    dx, dy = generator.integers(-views.shift, views.shift, size=2, endpoint=True).tolist()
    side = min(size, max(1, round(size * (views.min_side + part * (views.max_side - views.min_side)))))
    left, top = (
        _start(size, side, place, None if hole is None else hole[axis]) for axis, place in enumerate((across, down))
    )
    noise = None
    if views.noise:
        shape = (3, view_side or size, view_side or size)
        noise = generator.standard_normal(shape, dtype=np.float32) * np.float32(views.noise)
    return View(left, top, side, dx, dy, views.flip and mirrored < 0.5, noise, view_side)


def _start(size: int, side: int, place: float, centre: float | None) -> int:
    """Return the start of a crop along one axis, in pixels; place: uniform in [0, 1)."""
    if centre is None:
        return int(place * (size - side + 1))
    around = centre + (place - 0.5) * side / 2  # within a quarter of its side of the hole's centre
    return min(max(round(around - side / 2), 0), size - side)


class ViewDraws:
    """Views of the images of one run, step by step.

    Args:
        x0: (B, 3, H, W), the run's start, which identifies each image. hole: bool (1 or B, 1, H, W), or None.
    """

    def __init__(self, views: Views, x0: Tensor, hole: Tensor | None, seed: int) -> None:
        self._views, self._size, self._seed = views, x0.shape[-1], seed
        self._keys = [image_key(image) for image in x0]
        self._centres: list[tuple[float, float] | None] = [None] * len(x0)
        if hole is not None:
            self._centres = [hole_centre(mask) for mask in hole.expand(len(x0), -1, -1, -1).cpu().numpy()]

    def at(self, step: int, images: Tensor, index: int = 0, view_side: int = 0) -> Tensor:
        """Return the (B, 3, H, W) views at a step, of side `view_side` unless that is 0; differentiable."""
        draw = partial(draw_view, self._views, self._size, seed=self._seed, step=step, index=index, view_side=view_side)
        return torch.stack(
            [
                draw(key=key, hole=centre).apply(image)
                for image, key, centre in zip(images, self._keys, self._centres, strict=True)
            ]
        )


def hole_centre(mask: np.ndarray) -> tuple[float, float]:
    """Return the mean position (x, y) of the pixels of a (1, H, W) hole."""
    rows, columns = np.nonzero(mask[0])
    return float(columns.mean()), float(rows.mean())


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
