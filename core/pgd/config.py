"""Settings of a PGD run, without torch: widgets and saved runs need them before any model is loaded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from numbers import Integral, Real
from typing import Any

from core import paper

MOST_STEPS = 100_000
MOST_RESTARTS = 1_000
STEP_RULES = ("constant", "adaptive")


@dataclass(frozen=True, kw_only=True)
class PGDConfig:
    """How projected gradient descent moves; every length is an L2 norm over the whole image, pixels in [0, 1].

    Args:
        epsilon: radius of the ball around the given images; above 0.
        step_size: length of one move, above 0; the first one when `step_rule` is "adaptive".
        steps: number of moves, 1 to 100,000.
        random_start: start at a random point of the ball instead of at the given images.
        restarts: random starts per image, run side by side in one batch; more than 1 needs `random_start`.
        momentum: share of the last direction kept, in [0, 1); 0 is plain PGD.
        step_rule: "constant", or "adaptive": momentum, and a step size per image that halves when progress stalls
            (Auto-PGD, Croce & Hein 2020), which brings its own momentum.
        stop_loss: an image stops moving once its loss is at most this; the run ends when all have. None: never.
    Raises:
        ValueError: a value is out of its range; the text names it.
    """

    epsilon: float
    step_size: float
    steps: int
    random_start: bool = False
    restarts: int = 1
    momentum: float = 0.0
    step_rule: str = "constant"
    stop_loss: float | None = None

    def __post_init__(self) -> None:
        _positive("epsilon", self.epsilon)
        _positive("step_size", self.step_size)
        _whole("steps", self.steps, MOST_STEPS)
        _whole("restarts", self.restarts, MOST_RESTARTS)
        if not isinstance(self.random_start, bool):
            raise ValueError(f"random_start must be True or False; got {self.random_start!r}")
        if self.restarts > 1 and not self.random_start:
            raise ValueError(
                f"{self.restarts} restarts need random_start=True: without it all of them would be the same run"
            )
        if not _is_number(self.momentum) or not 0 <= self.momentum < 1:
            raise ValueError(f"momentum must be at least 0 and below 1; got {self.momentum!r}")
        if self.step_rule not in STEP_RULES:
            raise ValueError(f"step_rule must be one of {', '.join(STEP_RULES)}; got {self.step_rule!r}")
        if self.step_rule == "adaptive" and self.momentum:
            raise ValueError("step_rule 'adaptive' brings its own momentum; leave momentum at 0")
        if self.stop_loss is not None and (not _is_number(self.stop_loss) or self.stop_loss < 0):
            raise ValueError(f"stop_loss must be None or a number of at least 0; got {self.stop_loss!r}")
        # Plain numbers whatever came in (numpy's, a widget's), so that the settings can be written as JSON.
        for name in ("epsilon", "step_size", "momentum"):
            object.__setattr__(self, name, float(getattr(self, name)))
        for name in ("steps", "restarts"):
            object.__setattr__(self, name, int(getattr(self, name)))
        if self.stop_loss is not None:
            object.__setattr__(self, "stop_loss", float(self.stop_loss))

    def to_json(self) -> dict[str, Any]:
        """The settings as a JSON object."""
        return asdict(self)

    @staticmethod
    def from_json(settings: Mapping[str, Any]) -> PGDConfig:
        """The settings from `to_json`'s object, checked like any others."""
        known = {field.name for field in fields(PGDConfig)}
        if unknown := set(settings) - known:
            raise ValueError(f"unknown PGD settings {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
        if missing := {"epsilon", "step_size", "steps"} - set(settings):
            raise ValueError(f"PGD settings lack {', '.join(sorted(missing))}")
        return PGDConfig(**settings)


def paper_inpainting(image_size: int) -> PGDConfig:
    """The paper's inpainting at any size: epsilon 21.6, step 0.1, 720 steps at 224 pixels, scaled with H / 224."""
    scale = image_size / paper.IMAGE_SIZE
    return PGDConfig(epsilon=21.6 * scale, step_size=0.1 * scale, steps=720)


def paper_generation(image_size: int) -> PGDConfig:
    """The paper's generation at any size: epsilon 40, step 1, 60 steps at 224 pixels, scaled with H / 224."""
    scale = image_size / paper.IMAGE_SIZE
    return PGDConfig(epsilon=40 * scale, step_size=1 * scale, steps=60)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _positive(name: str, value: object) -> None:
    if not _is_number(value) or not value > 0:  # type: ignore[operator]
        raise ValueError(f"{name} must be a number above 0, an L2 length in pixels of [0, 1]; got {value!r}")


def _whole(name: str, value: object, most: int) -> None:
    if not isinstance(value, Integral) or isinstance(value, bool) or not 1 <= int(value) <= most:
        raise ValueError(f"{name} must be a whole number from 1 to {most:,}; got {value!r}")
