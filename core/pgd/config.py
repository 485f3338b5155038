"""Settings of a PGD run, without torch: widgets and files of runs need them before any model is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.pgd.settings import SETTINGS, paper_settings
from core.pgd.view_settings import Search, Views


@dataclass(frozen=True, kw_only=True)
class PGDConfig:
    """Settings of projected gradient descent; lengths are L2 norms over the whole image, pixels in [0, 1].

    Args:
        epsilon: radius of the ball around x0; above 0.
        step_size: length of a step, above 0.
        steps: number of steps, 1 to 100,000.
        search: "pixels", the paper's, steps along the gradient at the picture itself; "views" at a random view.
        step_decay: length of the last step relative to the first, in (0, 1]; linear in between.
        views: how views are drawn; required for search "views", else ignored.
    Raises:
        ValueError: a value is out of range, or the search by views lacks its settings.
    """

    epsilon: float
    step_size: float
    steps: int
    search: Search = "pixels"
    step_decay: float = 1.0
    views: Views | None = None

    def __post_init__(self) -> None:
        for name in SETTINGS.keys() & {field.name for field in fields(self)}:
            object.__setattr__(self, name, SETTINGS[name].validate(getattr(self, name)))
        if self.search == "views" and self.views is None:
            raise ValueError("the search by views needs the settings of its views, as `view_run` has them")

    def step_length(self, step: int) -> float:
        """Return the L2 length of the step after `step` steps."""
        return self.step_size * (1 - (1 - self.step_decay) * step / max(1, self.steps - 1))

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a JSON object."""
        return {**asdict(self), "views": None if self.views is None else self.views.to_json()}

    @staticmethod
    def from_json(settings: Mapping[str, Any]) -> PGDConfig:
        """Read and check the settings in an object of `to_json`."""
        known = {field.name for field in fields(PGDConfig)}
        if set(settings) != known:
            raise ValueError(f"PGD settings must be {', '.join(sorted(known))}; got {', '.join(sorted(settings))}")
        views = settings["views"]
        return PGDConfig(**{**settings, "views": None if views is None else Views.from_json(views)})


def settings_of(config: PGDConfig, weight: float | None) -> dict[str, Any]:
    """Return the value of every setting by name, in the table's order; lambda only if a run has it."""
    values = {**asdict(config), "weight": weight}
    return {name: values[name] for name in SETTINGS if values[name] is not None}


def paper_inpainting(image_size: int, hole_side: float | None = None) -> PGDConfig:
    """Return the paper's inpainting settings at any size; hole_side: of a hole other than the paper's square."""
    values = paper_settings("inpainting", image_size, hole_side)
    del values["weight"]
    return PGDConfig(**values)


def paper_generation(image_size: int) -> PGDConfig:
    """Return the paper's generation settings at any size."""
    return PGDConfig(**paper_settings("generation", image_size))
