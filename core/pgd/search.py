"""The searches: a row of words and functions each, and the search by views. Functions alone import torch.

The row of a search has its default settings and the gradient that a step follows; web/engine/search.js has it too if
the article offers it.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.data.class_statistics import natural_pixels
from core.data.holes import Fill

if TYPE_CHECKING:
    from torch import Tensor

Search = Literal["pixels", "views"]

# The search by views.

LOOK_INTERVAL = 10  # by views; a look takes an extra forward pass
MIN_CROP_SIZE = 64  # pixels: smaller pictures are shifted, as a crop would show too little
INPUT_MULTIPLE = 16  # pixels: to which smaller inputs are rounded


@dataclass(frozen=True, kw_only=True)
class Views:
    """Distribution of the random views of a picture, and the spectrum and colours of steps.

    The two ingredients apart: `count=0` follows the gradient at the picture itself, `spectrum=0, colors=0` takes plain
    steps; both together are the paper's search.

    Args:
        min_side, max_side: range of a square crop's side relative to the picture's, in (0, 1]; drawn uniformly. The
            crop is resized back. With a hole, the crop's centre lies within a quarter of its side of the hole's centre.
        shift: largest shift in whole pixels in each direction, at least 0; the border is mirrored.
        flip: whether to mirror half of the views left to right.
        noise: standard deviation of Gaussian noise, at least 0, pixels in [0, 1].
        spectrum: p, at least 0: the gradient is multiplied by 1 / max(1, r)^p at r cycles per image.
        colors: q, at least 0: it is multiplied by the q-th power of the colour covariance of natural pixels.
        count: views per step, at most 64, whose gradients are summed; 0 for the picture itself in place of views.
        inputs: (side, share) pairs, in order: for this share of the steps, views have this side relative to the
            picture's, and so has the input of a network that takes any size (`Classifier.any_size`); then the whole
            side. Shares add up to at most 1. Small inputs at first draw large objects, in less time.
    Raises:
        ValueError: a value is out of range; the message names it.
    Source: Athalye et al. 2018 (expectation over transformations); Olah et al. 2017 (spectrum, colours).
    """

    min_side: float = 1.0
    max_side: float = 1.0
    shift: int = 0
    flip: bool = False
    noise: float = 0.0
    spectrum: float = 0.0
    colors: float = 0.0
    count: int = 1
    inputs: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", tuple(map(tuple, self.inputs)))  # JSON has lists
        for name in ("shift", "noise", "spectrum", "colors", "count"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"views.{name} must be a number of at least 0; got {getattr(self, name)!r}")
        if not 0 < self.min_side <= self.max_side <= 1:
            raise ValueError(f"views need 0 < min_side <= max_side <= 1; got {self.min_side} and {self.max_side}")
        if self.count > 64:
            raise ValueError(f"views.count must be at most 64; got {self.count}")
        inside = all(0 < part <= 1 for stage in self.inputs for part in stage)
        if not inside or sum(share for _, share in self.inputs) > 1 + 1e-9:
            raise ValueError(
                "views.inputs must be pairs of a side and a share of the steps, both in (0, 1], whose shares add up to "
                f"at most 1; got {self.inputs!r}"
            )

    def only(self, *, views: bool = True, natural: bool = True) -> Views:
        """Return the settings with these ingredients: without views the picture itself, else plain steps."""
        base = self if views else replace(self, count=0, inputs=())
        return base if natural else replace(base, spectrum=0.0, colors=0.0)

    @property
    def ingredients(self) -> tuple[bool, bool]:
        """Whether steps follow views, and whether they are natural."""
        return self.count > 0, self.spectrum > 0 or self.colors > 0

    @property
    def look_interval(self) -> int:
        """Number of steps between measurements of the picture itself, whose gradient comes with its measurement."""
        return LOOK_INTERVAL if self.count else 1

    def input_size(self, step: int, steps: int, size: int) -> int:
        """Return the side in pixels of the views after `step` of `steps` steps, for a picture of side `size`."""
        share = 0.0
        for side, part in self.inputs:
            share += part
            if step < round(share * steps):
                return _rounded(side, size)
        return size

    def small_inputs(self, size: int) -> tuple[int, ...]:
        """Return the sides of views that are smaller than a picture of side `size`, in rising order."""
        return tuple(sorted({_rounded(side, size) for side, _ in self.inputs} - {size}))

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a JSON object, without `inputs` if the size is constant."""
        content = {**asdict(self), "inputs": [list(stage) for stage in self.inputs]}
        return {name: value for name, value in content.items() if name != "inputs" or value}


def _rounded(side: float, size: int) -> int:
    """Return a side relative to `size` in pixels, rounded to `INPUT_MULTIPLE`."""
    return min(size, INPUT_MULTIPLE * max(1, round(side * size / INPUT_MULTIPLE)))


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
        import torch
        from torch.nn import functional as F

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


def view_generator(*, seed: int, key: int, step: int, index: int = 0) -> np.random.Generator:
    """Return the random numbers of one view.

    seed: 0 to 2**64 - 1. key: the image's `image_key`. index: among the views of this step.
    """
    counter = np.array([0, 0, index, step], dtype=np.uint64)  # views never overlap in the counter
    return np.random.Generator(np.random.Philox(key=np.array([seed, key], dtype=np.uint64), counter=counter))


def draw_view(
    views: Views,
    size: int,
    generator: np.random.Generator,
    hole: tuple[float, float] | None = None,
    view_side: int = 0,
) -> View:
    """Draw the view of one image of `size` x `size` pixels.

    Args:
        hole: centre (x, y) of the hole in pixels, near which crops lie; None for crops anywhere.
        view_side: side of the view in pixels; 0 for `size`.
    """
    part, across, down, mirrored = generator.random(4)
    dx, dy = generator.integers(-views.shift, views.shift, size=2, endpoint=True).tolist()
    side = min(size, max(1, round(size * (views.min_side + part * (views.max_side - views.min_side)))))
    if hole is None:
        left, top = (int(place * (size - side + 1)) for place in (across, down))
    else:  # the crop's centre lies within a quarter of its side of the hole's
        centres = (centre + (place - 0.5) * side / 2 for centre, place in zip(hole, (across, down), strict=True))
        left, top = (min(max(round(centre - side / 2), 0), size - side) for centre in centres)
    noise = None
    if views.noise:
        shape = (3, view_side or size, view_side or size)
        noise = generator.standard_normal(shape, dtype=np.float32) * np.float32(views.noise)
    return View(left, top, side, dx, dy, views.flip and mirrored < 0.5, noise, view_side)


class ViewDraws:
    """Views of the images of one run, step by step.

    Args:
        x0: (B, 3, H, W), the run's start, which with its seed identifies each image. hole: bool (1 or B, 1, H, W), or
            None. seeds: B.
    """

    def __init__(self, views: Views, x0: Tensor, hole: Tensor | None, seeds: Sequence[int]) -> None:
        self._views, self._size = views, x0.shape[-1]
        self._keys = [{"seed": seed, "key": image_key(image)} for seed, image in zip(seeds, x0, strict=True)]
        self._centres: list[tuple[float, float] | None] = [None] * len(x0)
        if hole is not None:
            pixels = [np.nonzero(mask[0]) for mask in hole.expand(len(x0), -1, -1, -1).cpu().numpy()]
            self._centres = [(float(columns.mean()), float(rows.mean())) for rows, columns in pixels]

    def at(self, step: int, images: Tensor, index: int = 0, view_side: int = 0) -> Tensor:
        """Return the (B, 3, H, W) views at a step, of side `view_side` unless that is 0; differentiable."""
        import torch

        views = []
        for image, key, centre in zip(images, self._keys, self._centres, strict=True):
            generator = view_generator(**key, step=step, index=index)
            views.append(draw_view(self._views, self._size, generator, centre, view_side).apply(image))
        return torch.stack(views)


class NaturalSteps:
    """The gradient times 1 / max(1, r)^p at r cycles per image, and times the colour covariance^q of natural pixels.

    Args:
        views: p and q, `spectrum` and `colors`; 0 leaves the gradient bit for bit. x0: (B, 3, H, W), for its size and
            device.
        hole: bool (1 or B, 1, H, W); the gradient outside is zeroed before and after. None for the whole image.
    Source: Olah et al. 2017, *Feature Visualization*, decorrelated parameterisation. Differs by: a preconditioner of
    the steps in pixel space, so that the ball and the clip stay the paper's.
    """

    def __init__(self, views: Views, x0: Tensor, hole: Tensor | None) -> None:
        import torch

        self._hole, self._amplitude, self._colors = hole, None, None
        if views.spectrum:
            height, width = x0.shape[-2:]
            down = torch.fft.fftfreq(height, 1 / height, device=x0.device)[:, None]
            across = torch.fft.rfftfreq(width, 1 / width, device=x0.device)
            self._amplitude = torch.hypot(down, across).clamp(min=1).pow(-views.spectrum)  # (H, W // 2 + 1)
        if views.colors:
            power = natural_pixels().covariance_power(views.colors)
            self._colors = torch.tensor(power, dtype=x0.dtype, device=x0.device)

    def __call__(self, gradient: Tensor) -> Tensor:
        """Return the (B, 3, H, W) gradient with natural spectrum and colours; its length is arbitrary."""
        import torch

        gradient = gradient if self._hole is None else gradient * self._hole
        if self._amplitude is not None:
            spectrum = torch.fft.rfft2(gradient) * self._amplitude
            gradient = torch.fft.irfft2(spectrum, s=gradient.shape[-2:])
        if self._colors is not None:
            gradient = torch.einsum("dc,bchw->bdhw", self._colors, gradient)
        return gradient if self._hole is None else gradient * self._hole


# From the picture, the steps so far, and the gradient at the picture itself, if measured, to the gradient that the step
# follows, (B, 3, H, W) of any length.
Gradients = Callable[["Tensor", int, "Tensor | None"], "Tensor"]


def picture_gradients(config: Any, x0: Tensor, hole: Tensor | None, seeds: Sequence[int], passes: Any) -> Gradients:
    """Return the gradients that the paper's run follows: at the picture itself; arguments as for `ViewGradients`."""

    def gradient(x: Tensor, step: int, own: Tensor | None) -> Tensor:
        assert own is not None
        return own

    return gradient


class ViewGradients:
    """The gradients that a run by views follows: at random views of the picture, made natural inside the hole.

    Args:
        config: a `PGDConfig` with its `Views`. x0: (B, 3, H, W), the start. hole: bool (1 or B, 1, H, W), or None.
        seeds: B, of the views. passes: the run's `core.pgd.steps.Passes`, at pictures of any side that the network
            takes.
    """

    def __init__(self, config: Any, x0: Tensor, hole: Tensor | None, seeds: Sequence[int], passes: Any) -> None:
        self._views, self._steps, self._passes = config.views, config.steps, passes
        self._draws = ViewDraws(config.views, x0, hole, seeds)
        self._natural = NaturalSteps(config.views, x0, hole)

    def __call__(self, x: Tensor, step: int, own: Tensor | None) -> Tensor:
        """Return the gradient that the step after `step` steps follows; own: that at `x`, if there are no views."""
        import torch

        if own is not None:
            return self._natural(own)
        size, gradients = x.shape[-1], []
        side = self._views.input_size(step, self._steps, size) if self._passes.any_size else size
        for index in range(self._views.count):
            variable = x.detach().requires_grad_()
            views = self._draws.at(step, variable, index, side)
            gradient = self._passes(views.detach()).gradient
            gradients.append(torch.autograd.grad(views, variable, gradient)[0])  # the adjoint of crop and resize
        return self._natural(sum(gradients[1:], gradients[0]))


# Default settings, chosen on other classes and photographs than those reported in docs/results.md.
LARGE_SETTINGS: dict[str, dict[str, Any]] = {
    "generation": dict(
        epsilon=60, step_size=6, steps=160, step_decay=0.3,
        views=Views(min_side=0.35, noise=0.08, spectrum=1.3, colors=0.6),
    ),
    "inpainting": dict(
        epsilon=18, step_size=2.4, steps=160, step_decay=0.3,
        views=Views(
            min_side=0.4, noise=0.08, spectrum=1.3, colors=0.9, inputs=((0.5, 0.25), (0.7, 0.25))
        ),
    ),
}  # fmt: skip
_SHIFTED = Views(shift=3, flip=True, noise=0.03, spectrum=1.0, colors=0.5)
SMALL_SETTINGS: dict[str, dict[str, Any]] = {
    "generation": dict(epsilon=40, step_size=1, steps=120, step_decay=1, views=_SHIFTED),
    "inpainting": dict(epsilon=21.6, step_size=0.6, steps=120, step_decay=1, views=_SHIFTED),
}
QUICK_SHARE, QUICK_LENGTH = 0.6, 1.25
QUICK = "Three fifths of the steps, each 1.25 times as long. It paints less, in less time."


def usual_by_views(kind: str, image_size: int) -> Mapping[str, Any]:
    """Return the default settings of the search by views that differ from the paper's, as `SearchRow.usual` does."""
    return (LARGE_SETTINGS if image_size >= MIN_CROP_SIZE else SMALL_SETTINGS)[kind]


@dataclass(frozen=True, kw_only=True)
class SearchRow:
    """A search.

    title: in menus. convinces: how a picture must convince, after these words. steps: a sentence on its steps.
    fill: of a hole at first, by default. by_views: whether it takes `Views`; nothing outside a hole then changes.
    usual: returns the default settings that differ from the paper's, by name, of "inpainting" or "generation": at 224
        pixels with the paper's hole, to be scaled to the image size as the paper's are.
    gradients: called once for a run, with the arguments of `ViewGradients`, whose seeds, step and images alone
        determine what is random, so that a run is the same in any batch and after a break; returns the gradient of
        each step.
    """

    title: str
    convinces: str
    steps: str
    fill: Fill = "region"
    by_views: bool = False
    usual: Callable[[str, int], Mapping[str, Any]] = lambda kind, image_size: {}
    gradients: Callable[[Any, Tensor, Tensor | None, Sequence[int], Any], Gradients] = picture_gradients


SEARCHES: dict[Search, SearchRow] = {
    "pixels": SearchRow(
        title="Pixels",
        convinces="as it is",
        steps="each step follows the gradient at the picture itself, as in the paper",
    ),
    "views": SearchRow(
        title="Views",
        convinces="from every view",
        steps="each step follows the gradient at a random view of the picture, cropped or shifted, with noise, and has "
        "the spectrum and the colours of natural pictures; nothing outside a hole changes",
        fill="rim",
        by_views=True,
        usual=usual_by_views,
        gradients=ViewGradients,
    ),
}
PAPERS: Search = "pixels"
COMPARED: tuple[Search, ...] = ("pixels", "views")  # of the stored drawings and holes, within the same steps and ball
# The two ingredients of the search by views, views and natural steps: with neither it is the paper's search.
CELLS: dict[str, tuple[bool, bool]] = {
    "pixels": (False, False),
    "natural": (False, True),
    "plainviews": (True, False),
    "views": (True, True),
}
CELL_TITLES = {
    "pixels": "the paper’s search",
    "natural": "natural steps alone",
    "plainviews": "views alone",
    "views": "views, natural steps",
}


def cell_settings(by_views: Mapping[str, Any], cell: str) -> dict[str, Any]:
    """Return settings by views, by name, with the ingredients of a row of `CELLS` alone."""
    views, natural = CELLS[cell]
    if not views and not natural:
        return {**by_views, "search": PAPERS}
    return {**by_views, "views": by_views["views"].only(views=views, natural=natural)}


def leading(searches: Collection[Search]) -> Search:
    """Return the search whose default settings several share: the last of the table; the paper's for none."""
    return [search for search in SEARCHES if search in searches or search == PAPERS][-1]
