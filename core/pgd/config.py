"""Settings of a PGD run, without torch: widgets and saved runs need them before any model is loaded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from numbers import Integral, Real
from typing import Any, Literal, get_args

from core import paper
from core.images.masks import square_side

MAX_STEPS = 100_000
STEP_RULES = ("constant", "adaptive")
DTYPES = ("float32", "bfloat16")  # float16 would round small gradients to zero
# Of Eq. 3; `core.pgd.objectives.Inpainting` says what each is. "norm" is what files of earlier versions say.
Penalty = Literal["eq3", "mean_square", "norm", "frozen"]
PENALTIES: tuple[Penalty, ...] = get_args(Penalty)
# Settings that run files of earlier versions carry; no page or script ever offered them.
RETIRED = {"random_start", "restarts", "momentum", "stop_loss"}


@dataclass(frozen=True, kw_only=True)
class PGDConfig:
    """How projected gradient descent steps; every length is an L2 norm over the whole image, pixels in [0, 1].

    Args:
        epsilon: radius of the ball around x0; above 0.
        step_size: length of one step, above 0; the first one when `step_rule` is "adaptive".
        steps: number of steps, 1 to 100,000.
        step_rule: "constant", or "adaptive": momentum, and a step size per image that halves when progress stalls
            (Auto-PGD, Croce & Hein 2020).
        dtype: precision of the network's forward and backward pass; the images and the steps are always float32.
    Raises:
        ValueError: a value is out of its range; the text names it.
    """

    epsilon: float
    step_size: float
    steps: int
    step_rule: str = "constant"
    dtype: str = "float32"

    def __post_init__(self) -> None:
        # Plain numbers whatever came in (numpy's, a widget's), so that the settings can be written as JSON.
        for name in ("epsilon", "step_size"):
            value = getattr(self, name)
            if not isinstance(value, Real) or isinstance(value, bool) or not math.isfinite(value) or value <= 0:
                raise ValueError(f"{name} must be a number above 0, an L2 length in pixels of [0, 1]; got {value!r}")
            object.__setattr__(self, name, float(value))
        steps = self.steps
        if not isinstance(steps, Integral) or isinstance(steps, bool) or not 1 <= int(steps) <= MAX_STEPS:
            raise ValueError(f"steps must be a whole number from 1 to {MAX_STEPS:,}; got {steps!r}")
        object.__setattr__(self, "steps", int(steps))
        if self.step_rule not in STEP_RULES:
            raise ValueError(f"step_rule must be one of {', '.join(STEP_RULES)}; got {self.step_rule!r}")
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype must be one of {', '.join(DTYPES)}; got {self.dtype!r}")

    def to_json(self) -> dict[str, Any]:
        """The settings as a JSON object; float32 goes without saying, as in the files of earlier versions."""
        return {name: value for name, value in asdict(self).items() if (name, value) != ("dtype", "float32")}

    @staticmethod
    def from_json(settings: Mapping[str, Any]) -> PGDConfig:
        """The settings from `to_json`'s object, checked like any others."""
        known = {field.name for field in fields(PGDConfig)}
        if unknown := set(settings) - known - RETIRED:
            raise ValueError(f"unknown PGD settings {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
        if missing := {"epsilon", "step_size", "steps"} - set(settings):
            raise ValueError(f"PGD settings lack {', '.join(sorted(missing))}")
        return PGDConfig(**{name: value for name, value in settings.items() if name in known})


def paper_inpainting(image_size: int, hole_side: float | None = None) -> PGDConfig:
    """The paper's inpainting at any size: epsilon 21.6, step 0.1, 720 steps at 224 pixels, scaled with H / 224.

    hole_side: of a hole that is not the paper's square; the budget epsilon is scaled with it.
    """
    scale, side = image_size / paper.IMAGE_SIZE, square_side(image_size)
    epsilon = 21.6 * scale * (side if hole_side is None else hole_side) / side
    return PGDConfig(epsilon=epsilon, step_size=0.1 * scale, steps=720)


def paper_generation(image_size: int) -> PGDConfig:
    """The paper's generation at any size: epsilon 40, step 1, 60 steps at 224 pixels, scaled with H / 224."""
    scale = image_size / paper.IMAGE_SIZE
    return PGDConfig(epsilon=40 * scale, step_size=1 * scale, steps=60)
