"""Random views of a picture: crops, shifts, flips and noise. Functions alone import torch."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

MIN_CROP_SIZE = 64  # pixels: smaller images are shifted instead, since a crop would show next to nothing
INPUT_MULTIPLE = 16  # pixels: smaller inputs are rounded to a multiple of it
MAX_VIEWS = 64  # per step
TILE_INDEX = 2**32  # of the noise's generator, beyond those of views


@dataclass(frozen=True, kw_only=True)
class Views:
    """Distribution of the random views of an image.

    Args:
        min_size, max_size: range of a square crop's size relative to the image's, in (0, 1]; drawn uniformly. The
            crop is resized back. With a mask, the crop's centre lies within a quarter of its size of the hole's centre.
        shift: largest shift in whole pixels in each direction, at least 0; the border is mirrored.
        flip: mirror half of the views left to right.
        noise: standard deviation of Gaussian noise, at least 0, pixels in [0, 1].
        count: views per step, 1 to 64; their gradients are summed.
        inputs: (size, fraction) pairs, in order: for this fraction of the steps, views have this size relative to the
            image's, and so has the input of a network that takes any size (`Classifier.any_size`); after them the full
            size. Fractions add up to at most 1. Small inputs at first draw large objects, in less time.
    Raises:
        ValueError: a value is out of range; the message names it.
    Source: Athalye et al. 2018, expectation over transformations.
    """

    min_size: float = 1.0
    max_size: float = 1.0
    shift: int = 0
    flip: bool = False
    noise: float = 0.0
    count: int = 1
    inputs: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", tuple(map(tuple, self.inputs)))  # JSON has lists
        for name in ("shift", "noise"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"views.{name} must be a number of at least 0; got {getattr(self, name)!r}")
        if not 0 < self.min_size <= self.max_size <= 1:
            raise ValueError(f"views need 0 < min_size <= max_size <= 1; got {self.min_size} and {self.max_size}")
        if not 1 <= self.count <= MAX_VIEWS:
            raise ValueError(f"views.count must be from 1 to {MAX_VIEWS}; got {self.count}")
        inside = all(0 < part <= 1 for stage in self.inputs for part in stage)
        if not inside or sum(fraction for _, fraction in self.inputs) > 1 + 1e-9:
            raise ValueError(
                "views.inputs must be pairs of a size and a fraction of the steps, both in (0, 1]; the fractions must "
                f"add up to at most 1; got {self.inputs!r}"
            )

    def input_size(self, step: int, steps: int, size: int) -> int:
        """Return the size in pixels of the views after `step` of `steps` steps, for an image of `size` pixels."""
        until = 0.0
        for relative, fraction in self.inputs:
            until += fraction
            if step < round(until * steps):
                return _rounded(relative, size)
        return size

    def small_inputs(self, size: int) -> tuple[int, ...]:
        """Return the sizes of views that are smaller than an image of `size` pixels, in rising order."""
        return tuple(sorted({_rounded(relative, size) for relative, _ in self.inputs} - {size}))

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a JSON object, without `inputs` if the size is constant."""
        content = {**asdict(self), "inputs": [list(stage) for stage in self.inputs]}
        return {name: value for name, value in content.items() if name != "inputs" or value}


def _rounded(relative: float, size: int) -> int:
    """Return a size relative to `size` in pixels, rounded to `INPUT_MULTIPLE`."""
    return min(size, INPUT_MULTIPLE * max(1, round(relative * size / INPUT_MULTIPLE)))


@dataclass(frozen=True)
class View:
    """One view of a square image: a crop or a shift, a flip, and additive noise.

    left, top, crop_size: the crop, in whole pixels. dx, dy: shift in whole pixels. noise: (3, size, size), or None.
    size: size of the view in pixels; 0 for the image's.
    """

    left: int
    top: int
    crop_size: int
    dx: int = 0
    dy: int = 0
    flip: bool = False
    noise: Tensor | None = None
    size: int = 0

    def apply(self, image: Tensor) -> Tensor:
        """Return the view of a (3, H, W) image, (3, size, size); differentiable."""
        from torch.nn import functional as F

        image_size = image.shape[-1]
        size = self.size or image_size
        reach = max(abs(self.dx), abs(self.dy))
        if reach:
            mirrored = F.pad(image[None], (reach, reach, reach, reach), mode="reflect")[0]
            top, left = reach - self.dy, reach - self.dx
            image = mirrored[:, top : top + image_size, left : left + image_size]
        if self.crop_size < image_size or size < image_size:
            crop = image[None, :, self.top : self.top + self.crop_size, self.left : self.left + self.crop_size]
            # A crop that grows is the same with antialiasing, which takes twice as long.
            image = F.interpolate(crop, size=(size, size), mode="bilinear", antialias=self.crop_size > size)[0]
        if self.flip:
            image = image.flip(-1)
        return image if self.noise is None else image + self.noise


def image_key(image: Tensor) -> int:
    """Return the key of an image's views: a checksum of its (3, H, W) values."""
    return zlib.crc32(image.detach().cpu().contiguous().numpy().tobytes())


def view_generator(*, seed: int, key: int, step: int, index: int = 0) -> np.random.Generator:
    """Return the generator for one view.

    seed: 0 to 2**64 - 1. key: the image's `image_key`. index: position among the views of this step.
    """
    counter = np.array([0, 0, index, step], dtype=np.uint64)  # views never overlap in the counter
    return np.random.Generator(np.random.Philox(key=np.array([seed, key], dtype=np.uint64), counter=counter))


def draw_view(
    views: Views,
    image_size: int,
    generator: np.random.Generator,
    centre: tuple[float, float] | None = None,
    size: int = 0,
    tile: Tensor | None = None,
) -> View:
    """Draw the view of one image of `image_size` x `image_size` pixels.

    Args:
        centre: centre (x, y) of the hole in pixels, near which crops lie; None for crops anywhere.
        size: size of the view in pixels; 0 for `image_size`.
        tile: (3, T, T), T at least the view's size: the noise; the view takes a random part of it. None for none.
    """
    part, across, down, mirrored = generator.random(4)
    dx, dy = generator.integers(-views.shift, views.shift, size=2, endpoint=True).tolist()
    crop = min(image_size, max(1, round(image_size * (views.min_size + part * (views.max_size - views.min_size)))))
    if centre is None:
        left, top = (int(position * (image_size - crop + 1)) for position in (across, down))
    else:  # the crop's centre lies within a quarter of its size of the hole's
        centres = (middle + (position - 0.5) * crop / 2
                   for middle, position in zip(centre, (across, down), strict=True))  # fmt: skip
        left, top = (min(max(round(middle - crop / 2), 0), image_size - crop) for middle in centres)
    noise = None
    if tile is not None:
        view = size or image_size
        top_edge, left_edge = generator.integers(0, tile.shape[-1] - view, size=2, endpoint=True).tolist()
        noise = tile[:, top_edge : top_edge + view, left_edge : left_edge + view]
    return View(left, top, crop, dx, dy, views.flip and mirrored < 0.5, noise, size)


def noise_tile(views: Views, key: Mapping[str, int], x0: Tensor) -> Tensor | None:
    """Draw the noise of one image's views for a whole run, (3, 2 H, 2 H) on the device of `x0`; None without noise.

    Each view takes a random part of it, since drawing new noise takes as long as a tenth of a small network's pass.

    Args:
        key: `seed` and `key` of `view_generator`. x0: (B, 3, H, H).
    """
    import torch

    if not views.noise:
        return None
    generator = view_generator(seed=key["seed"], key=key["key"], step=0, index=TILE_INDEX)
    noise = generator.standard_normal((3, 2 * x0.shape[-1], 2 * x0.shape[-1]), dtype=np.float32)
    return torch.from_numpy(noise * np.float32(views.noise)).to(x0.device)


class ViewDraws:
    """Views of the images of one run, step by step.

    Args:
        x0: (B, 3, H, W), the start, which identifies each image together with its seed. mask: bool (1 or B, 1, H, W),
            or None. seeds: B.
    """

    def __init__(self, views: Views, x0: Tensor, mask: Tensor | None, seeds: Sequence[int]) -> None:
        self._views, self._image_size = views, x0.shape[-1]
        self._keys = [{"seed": seed, "key": image_key(image)} for seed, image in zip(seeds, x0, strict=True)]
        self._tiles = [noise_tile(views, key, x0) for key in self._keys]
        self._centres: list[tuple[float, float] | None] = [None] * len(x0)
        if mask is not None:
            pixels = [np.nonzero(single[0]) for single in mask.expand(len(x0), -1, -1, -1).cpu().numpy()]
            self._centres = [(float(columns.mean()), float(rows.mean())) for rows, columns in pixels]

    def at(self, step: int, images: Tensor, index: int = 0, size: int = 0) -> Tensor:
        """Return the (B, 3, H, W) views at a step, of `size` pixels unless that is 0; differentiable."""
        import torch

        views = []
        for image, key, centre, tile in zip(images, self._keys, self._centres, self._tiles, strict=True):
            generator = view_generator(**key, step=step, index=index)
            views.append(draw_view(self._views, self._image_size, generator, centre, size, tile).apply(image))
        return torch.stack(views)
