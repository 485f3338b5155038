"""Settings of a PGD run, without torch: widgets and saved runs need them before any model is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

from core.pgd.settings import SETTINGS, paper_settings

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
        for field in fields(self):
            object.__setattr__(self, field.name, SETTINGS[field.name].checked(getattr(self, field.name)))

    def to_json(self) -> dict[str, Any]:
        """The settings as a JSON object; float32 goes without saying, as in the files of earlier versions."""
        return {name: value for name, value in asdict(self).items() if (name, value) != ("dtype", "float32")}

    @staticmethod
    def from_json(settings: Mapping[str, Any]) -> PGDConfig:
        """The settings from `to_json`'s object, checked like any others."""
        known = {field.name: field.default is MISSING for field in fields(PGDConfig)}
        if unknown := set(settings) - set(known) - RETIRED:
            raise ValueError(f"unknown PGD settings {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
        if missing := {name for name in known if known[name]} - set(settings):
            raise ValueError(f"PGD settings lack {', '.join(sorted(missing))}")
        return PGDConfig(**{name: value for name, value in settings.items() if name in known})


def settings_of(config: PGDConfig, weight: float | None) -> dict[str, Any]:
    """The value of every setting by name, in the table's order; lambda only where a run has it."""
    values = {**asdict(config), "weight": weight}
    return {name: values[name] for name in SETTINGS if values[name] is not None}


def paper_inpainting(image_size: int, hole_side: float | None = None) -> PGDConfig:
    """The paper's inpainting at any size; hole_side: of a hole that is not the paper's square."""
    values = paper_settings("inpainting", image_size, hole_side)
    del values["weight"]
    return PGDConfig(**values)


def paper_generation(image_size: int) -> PGDConfig:
    """The paper's generation at any size."""
    return PGDConfig(**paper_settings("generation", image_size))
