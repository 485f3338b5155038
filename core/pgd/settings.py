"""Settings of PGD, with their ranges and scales, and the penalties. Does not import torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any, Literal, TypedDict

from core.data.holes import square_size
from core.pgd.search import QUICK_LENGTH, QUICK_SHARE, SEARCHES, Search, Views
from core.shared import paper

RunKind = Literal["inpainting", "generation"]
Penalty = Literal["eq3", "mean_square", "frozen"]


@dataclass(frozen=True, kw_only=True)
class PGDConfig:
    """Settings of projected gradient descent; lengths are L2 norms over the whole image, pixels in [0, 1].

    Args:
        epsilon: radius of the ball around x0; above 0.
        step_size: length of a step, above 0.
        steps: number of steps, 1 to 100,000.
        search: a row of `core.pgd.search.SEARCHES`, which determines the gradient that a step follows.
        step_decay: length of the last step relative to the first, in (0, 1]; linear in between.
        views: of the search by views; kept, but ignored, by others.
    Raises:
        ValueError: a value is out of range, or the search by views has none.
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
        if SEARCHES[self.search].by_views and not isinstance(self.views, Views):
            raise ValueError(f"search {self.search!r} needs `views`, as in `usual_settings`; got {self.views!r}")

    @property
    def look_interval(self) -> int:
        """Number of steps between measurements of the picture itself."""
        return self.views.look_interval if self.views is not None and SEARCHES[self.search].by_views else 1

    def step_length(self, step: int) -> float:
        """Return the L2 length of the step after `step` steps."""
        return self.step_size * (1 - (1 - self.step_decay) * step / max(1, self.steps - 1))

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a JSON object."""
        return {**vars(self), "views": None if self.views is None else self.views.to_json()}

    @staticmethod
    def from_json(settings: Mapping[str, Any]) -> PGDConfig:
        """Read the settings in an object of `to_json`."""
        views = settings["views"]
        return PGDConfig(**{**settings, "views": None if views is None else Views(**views)})


def settings_of(config: PGDConfig, weight: float | None) -> dict[str, Any]:
    """Return the value of every setting by name, in the table's order; lambda only if a run has it."""
    values = {**vars(config), "weight": weight}
    return {name: values[name] for name in SETTINGS if values[name] is not None}


def paper_inpainting(image_size: int, hole_size: float | None = None) -> PGDConfig:
    """Return the paper's inpainting settings at any size; hole_size: of a hole other than the paper's square."""
    values = usual_settings("inpainting", image_size, hole_size)
    del values["weight"]
    return PGDConfig(**values)


def paper_generation(image_size: int) -> PGDConfig:
    """Return the paper's generation settings at any size."""
    return PGDConfig(**usual_settings("generation", image_size))


class Changes(TypedDict, total=False):
    """Settings of a run that differ from its defaults, by name; units as in `PGDConfig`, weight as in Eq. 3."""

    epsilon: float
    step_size: float
    steps: int
    step_decay: float
    weight: float
    views: Views


class Choices(Changes, total=False):
    """Changes, the search, and what is drawn at random: `tries`, by the seeds from `seed` on. penalty: of holes."""

    search: Search
    seed: int
    tries: int
    penalty: Penalty


MAX_STEPS = 100_000


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting, with its range and scale.

    name: field of `PGDConfig` or, for Eq. 3 alone, of `RunPlan`; with hyphens, the script's option.
    label: with its unit. help: description.
    scaled: the paper's value at 224 pixels scales with the picture's "side", or with that and the "hole"'s.
    choices: all allowed values, the default first; empty for numbers, which are above 0. whole: integers only, at most
    `MAX_STEPS`. most: the largest number, which is also the default; None if there is none.
    """

    name: str
    label: str
    help: str = ""
    scaled: Literal["", "side", "hole"] = ""
    choices: tuple[str, ...] = ()
    whole: bool = False
    most: float | None = None

    def validate(self, value: Any) -> Any:
        """Check a value and convert it (from numpy or a widget) to a plain one for `PGDConfig` and JSON.

        Raises:
            ValueError: it is out of range; the message names the setting.
        """
        if self.choices:
            if value not in self.choices:
                raise ValueError(f"{self.name} must be one of {', '.join(self.choices)}; got {value!r}")
            return value
        plain = isinstance(value, Integral if self.whole else Real) and not isinstance(value, bool)
        above = self.most is not None and plain and value > self.most
        if not plain or above or not 0 < value < math.inf or (self.whole and value > MAX_STEPS):
            expected = "number above 0, an L2 length in pixels of [0, 1]"
            expected = expected if self.most is None else f"number above 0, at most {self.most:g}"
            expected = f"whole number from 1 to {MAX_STEPS:,}" if self.whole else expected
            raise ValueError(f"{self.name} must be a {expected}; got {value!r}")
        return int(value) if self.whole else float(value)

    def equals(self, value: Any, other: Any) -> bool:
        """Return whether two values are equal up to rounding; None means no value."""
        if self.choices or value is None or other is None:
            return value == other
        return math.isclose(value, other, rel_tol=1e-6)


SETTINGS = {
    row.name: row
    for row in (
        Setting(name="steps", label="Steps", whole=True),
        Setting(name="step_size", label="Step size (L2)", scaled="side"),
        Setting(
            name="epsilon",
            label="L2 budget (epsilon)",
            scaled="hole",
            help="Radius of the ball around the start, over all pixels and channels, values in [0, 1].",
        ),
        Setting(name="weight", label="Penalty weight (lambda)"),
        Setting(
            name="step_decay",
            label="Last step, in parts of the first",
            most=1.0,
            help="The step size falls linearly to this fraction of the first step.",
        ),
        Setting(
            name="search",
            label="Search",
            choices=tuple(SEARCHES),
            help=" ".join(f"{name}: {row.steps}." for name, row in SEARCHES.items()),
        ),
    )
}


def usual_settings(
    kind: RunKind, image_size: int, hole_size: float | None = None, search: Search = "pixels"
) -> dict[str, Any]:
    """Return the default value of every setting of a run by name, scaled to any image size; the paper's by pixels.

    hole_size: of a hole other than the paper's square; else None. "views" are no row of `SETTINGS`. The
    paper's search may take the settings of another one, for a comparison with the same steps and ball.
    """
    values: dict[str, Any] = {
        "search": SETTINGS["search"].validate(search),
        "step_decay": SETTINGS["step_decay"].most,
    }
    for name, value in {**paper.PGD_SETTINGS[kind], **SEARCHES[search].usual(kind, image_size)}.items():
        scaled = SETTINGS[name].scaled if name in SETTINGS else ""
        if scaled:
            value = value * (image_size / paper.IMAGE_SIZE)
        if scaled == "hole" and hole_size is not None:
            value = value * hole_size / square_size(image_size)
        values[name] = value
    return values


def quick_settings(usual: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return default settings with fewer steps, as `QUICK` says; None where all steps are quick.

    That is by the paper's search, and in small pictures, which are shifted.
    """
    if not SEARCHES[usual["search"]].by_views or usual["views"].min_side == 1:
        return None
    return {**usual, "steps": round(QUICK_SHARE * usual["steps"]), "step_size": QUICK_LENGTH * usual["step_size"]}


@dataclass(frozen=True)
class PenaltyText:
    """Texts of a penalty. label: in menus and tables. rule: one sentence on its effect.

    term: what it adds to the loss, in LaTeX; empty for nothing, to which lambda does not apply. offered: whether pages
    offer it.
    """

    label: str
    rule: str
    term: str = ""
    offered: bool = False


PENALTIES: dict[Penalty, PenaltyText] = {
    "eq3": PenaltyText(
        "Eq. 3",
        "lambda times the L2 norm of the change outside the hole, which the paper prints without lambda; its minimum "
        "almost always changes nothing there.",
        term=r"+ \lambda\,\lVert (x_0 - x)(1 - m)\rVert_2",
        offered=True,
    ),
    "mean_square": PenaltyText(
        "Mean square",
        "lambda times the mean squared change over all pixels and channels, a far smaller number, as in the notebook "
        "of Santurkar et al.; the rest changes a little.",
        term=r"+ \lambda\,\mathrm{mean}\,\bigl((x_0 - x)(1 - m)\bigr)^2",
        offered=True,
    ),
    "frozen": PenaltyText(
        "Frozen",
        "nothing outside the hole changes at all.",
    ),
}
