"""Settings of the search by views, without torch: distribution of views, natural steps, and run settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

Search = Literal["pixels", "views"]
SEARCHES: tuple[Search, ...] = get_args(Search)
LOOK_INTERVAL = 10  # by views, steps between measurements of the picture itself, which take an extra forward pass
MIN_CROP_SIZE = 64  # pixels: smaller pictures are shifted, as a crop would show too little
INPUT_MULTIPLE = 16  # pixels: to which smaller inputs are rounded


def look_interval(search: Search) -> int:
    """Return the number of steps between measurements of the picture itself."""
    return LOOK_INTERVAL if search == "views" else 1


@dataclass(frozen=True, kw_only=True)
class Views:
    """Distribution of the random views of a picture, and the spectrum and colours of steps.

    Args:
        min_side, max_side: range of a square crop's side relative to the picture's, in (0, 1]; drawn uniformly. The
            crop is resized back. With a hole, the crop's centre lies within a quarter of its side of the hole's centre.
        shift: largest shift in whole pixels in each direction, at least 0; the border is mirrored.
        flip: whether to mirror half of the views left to right.
        noise: standard deviation of Gaussian noise, at least 0, pixels in [0, 1].
        spectrum: p, at least 0: the gradient is multiplied by 1 / max(1, r)^p at r cycles per image.
        colors: q, at least 0: it is multiplied by the q-th power of the colour covariance of natural pixels.
        count: views per step, 1 to 64, whose gradients are averaged.
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
        for field in fields(self):
            if field.name == "inputs":
                continue
            value = getattr(self, field.name)
            kind = {"int": int, "bool": bool}.get(str(field.type), float)
            number = isinstance(value, (int, float)) and isinstance(value, bool) == (kind is bool)
            if not number or not 0 <= value < math.inf or int(value) != value and kind is int:
                raise ValueError(f"views.{field.name} must be a {kind.__name__} of at least 0; got {value!r}")
            object.__setattr__(self, field.name, kind(value))
        if not 0 < self.min_side <= self.max_side <= 1:
            raise ValueError(f"views need 0 < min_side <= max_side <= 1; got {self.min_side} and {self.max_side}")
        if not 1 <= self.count <= 64:
            raise ValueError(f"views.count must be from 1 to 64; got {self.count}")
        object.__setattr__(self, "inputs", _input_stages(self.inputs))

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
        sides = {_rounded(side, size) for side, _ in self.inputs}
        return tuple(sorted(sides - {size}))

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a JSON object, without `inputs` if the size is constant."""
        content = {**asdict(self), "inputs": [list(stage) for stage in self.inputs]}
        return {name: value for name, value in content.items() if name != "inputs" or value}

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> Views:
        """Read and check an object of `to_json`."""
        known = {field.name for field in fields(Views)}
        if not isinstance(content, Mapping) or not set(content) <= known:
            raise ValueError(f"views must be a JSON object of {', '.join(sorted(known))}; got {content!r}")
        return Views(**content)


def _rounded(side: float, size: int) -> int:
    """Return a side relative to `size` in pixels, rounded to `INPUT_MULTIPLE`."""
    return min(size, INPUT_MULTIPLE * max(1, round(side * size / INPUT_MULTIPLE)))


def _input_stages(stages: Any) -> tuple[tuple[float, float], ...]:
    """Check `Views.inputs`, from JSON too, and return plain numbers."""
    expected = "pairs of a side and a share of the steps, both in (0, 1], whose shares add up to at most 1"
    try:
        plain = tuple((float(side), float(share)) for side, share in stages)
    except (TypeError, ValueError) as error:
        raise ValueError(f"views.inputs must be {expected}; got {stages!r}") from error
    inside = all(0 < side <= 1 and 0 < share <= 1 for side, share in plain)
    if not inside or sum(share for _, share in plain) > 1 + 1e-9:
        raise ValueError(f"views.inputs must be {expected}; got {stages!r}")
    return plain


@dataclass(frozen=True, kw_only=True)
class ViewRun:
    """Settings of a run by views at 224 pixels, with the paper's hole of 60; lengths scale as the paper's do."""

    epsilon: float
    step_size: float
    steps: int
    step_decay: float
    views: Views


# Chosen on other classes and photographs than those reported in docs/views.md, which has the figures.
LARGE = {
    "generation": ViewRun(
        epsilon=60, step_size=6, steps=160, step_decay=0.3,
        views=Views(min_side=0.35, noise=0.08, spectrum=1.3, colors=0.6),
    ),
    "inpainting": ViewRun(
        epsilon=18, step_size=2.4, steps=160, step_decay=0.3,
        views=Views(min_side=0.4, noise=0.08, spectrum=1.3, colors=0.9, inputs=((0.5, 0.25), (0.7, 0.25))),
    ),
}  # fmt: skip
SMALL = {
    "generation": ViewRun(
        epsilon=40, step_size=1, steps=120, step_decay=1,
        views=Views(shift=3, flip=True, noise=0.03, spectrum=1, colors=0.5),
    ),
    "inpainting": ViewRun(
        epsilon=21.6, step_size=0.6, steps=120, step_decay=1,
        views=Views(shift=3, flip=True, noise=0.03, spectrum=1, colors=0.5),
    ),
}  # fmt: skip


def view_run(kind: str, image_size: int) -> ViewRun:
    """Return the settings of "inpainting" or "generation" by views for pictures with `image_size` pixels a side."""
    return (LARGE if image_size >= MIN_CROP_SIZE else SMALL)[kind]
