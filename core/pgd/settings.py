"""Settings of PGD: the configuration, one table of its fields, the defaults and the penalties. No torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from numbers import Integral, Real
from typing import Any, Literal

from core.data.canvases import CANVASES, COMPARED_CANVAS
from core.data.holes import square_size
from core.pgd.methods import METHODS, Method, MethodName, check_method
from core.pgd.preconditioner import Preconditioner
from core.pgd.views import MIN_CROP_SIZE, Views
from core.shared import paper

Task = Literal["inpainting", "generation"]
Penalty = Literal["eq3", "mean_square", "frozen"]


@dataclass(frozen=True, kw_only=True)
class PGDConfig:
    """Settings of projected gradient descent; lengths are L2 norms over the whole image, pixels in [0, 1].

    Args:
        epsilon: radius of the ball around x0; above 0.
        step_size: length of a step, above 0.
        steps: number of steps, 1 to 100,000.
        step_decay: length of the last step relative to the first, in (0, 1]; linear in between.
        method: which gradient a step follows; the paper's by default.
    Raises:
        ValueError: a value is out of range.
    """

    epsilon: float
    step_size: float
    steps: int
    step_decay: float = 1.0
    method: Method = Method()

    def __post_init__(self) -> None:
        for name in FIELDS.keys() & {field.name for field in fields(self)}:
            object.__setattr__(self, name, FIELDS[name].validate(getattr(self, name)))
        if not isinstance(self.method, Method):
            raise ValueError(f"method must be a `Method`, such as METHODS['views'].method; got {self.method!r}")

    def step_length(self, step: int) -> float:
        """Return the L2 length of the step after `step` steps."""
        return self.step_size * (1 - (1 - self.step_decay) * step / max(1, self.steps - 1))

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a JSON object."""
        return {**vars(self), **self.method.to_json()}

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> PGDConfig:
        """Read the settings in an object of `to_json`."""
        numbers = {name: value for name, value in content.items() if name not in ("method", "views", "preconditioner")}
        return PGDConfig(**numbers, method=Method.from_json(content))


# ---- fields ------------------------------------------------------------------------------------------------------

MAX_STEPS = 100_000


@dataclass(frozen=True, kw_only=True)
class Field:
    """A number among the settings, as scripts and pages offer it.

    name: field of `PGDConfig` or, for Eq. 3, of `RunPlan`; with hyphens, the script's option.
    label: with its unit. help: description.
    scaled: the value at 224 pixels scales with the image's "size", or with that and the "hole"'s.
    whole: integers only, at most `MAX_STEPS`. high: the largest value, which is also the default; None if there is
    none.
    parameter: name in links, after the page's name; empty if no page offers it. widget: lowest and highest value and
    increment of the page's number box; of scaled fields in units of the paper's step. digits: its format.
    """

    name: str
    label: str
    help: str = ""
    scaled: Literal["", "size", "hole"] = ""
    whole: bool = False
    high: float | None = None
    parameter: str = ""
    widget: tuple[float, float, float] = (0, 1000, 1)
    digits: str | None = None

    def validate(self, value: Any) -> Any:
        """Check a value and convert it (from numpy or a widget) to a plain one for `PGDConfig` and JSON.

        Raises:
            ValueError: it is out of range; the message names the field.
        """
        plain = isinstance(value, Integral if self.whole else Real) and not isinstance(value, bool)
        above = self.high is not None and plain and value > self.high
        if not plain or above or not 0 < value < math.inf or (self.whole and value > MAX_STEPS):
            expected = "number above 0, an L2 length in pixels of [0, 1]"
            expected = expected if self.high is None else f"number above 0, at most {self.high:g}"
            expected = f"whole number from 1 to {MAX_STEPS:,}" if self.whole else expected
            raise ValueError(f"{self.name} must be a {expected}; got {value!r}")
        return int(value) if self.whole else float(value)


FIELDS = {
    field.name: field
    for field in (
        Field(name="steps", label="Steps", whole=True, parameter="steps", widget=(1, 2000, 20)),
        Field(
            name="step_size",
            label="Step size (L2)",
            scaled="size",
            parameter="step",
            widget=(0.01, 1000, 0.25),
            digits="%.4f",
        ),
        Field(
            name="epsilon",
            label="L2 budget (epsilon)",
            help="Radius of the ball around the start, over all pixels and channels, values in [0, 1].",
            scaled="hole",
            parameter="epsilon",
            widget=(0.1, 1000, 20),
            digits="%.3f",
        ),
        Field(name="weight", label="Penalty weight (lambda)", parameter="lambda"),
        Field(
            name="step_decay",
            label="Last step, in parts of the first",
            help="The step size falls linearly to this fraction of the first step.",
            high=1.0,
        ),
    )
}


def same_value(value: Any, other: Any) -> bool:
    """Return True if two numbers are equal up to rounding; None means no value."""
    return value == other if value is None or other is None else math.isclose(value, other, rel_tol=1e-6)


# ---- defaults ----------------------------------------------------------------------------------------------------

_DRAWING = PGDConfig(epsilon=80, step_size=8, steps=160, step_decay=0.3, method=METHODS["views"].method)
# A sketch, a photo or a canvas of two colours brings slow waves: a smaller ball, larger crops.
_OVER = replace(_DRAWING, epsilon=60, step_size=6)
_CROPS = Views(min_size=0.5, noise=0.08)
_SHIFTS = Method(Views(shift=3, flip=True, noise=0.03), Preconditioner(spectrum=1.0, colors=0.5))

# By task, and "paper" or, for all other methods, "large" (images of at least `MIN_CROP_SIZE`) or "small"; large
# drawings from a sketch, a photo or a canvas of two colours have their own. Lengths are for 224 pixels and the paper's
# hole. Ours were tuned on other classes, sketches and photos than those in docs/results.md
# (`precomputed.makers.trials`); of settings that were equally often recognised, we took the calmer pictures.
DEFAULTS: dict[tuple[Task, str], PGDConfig] = {
    ("generation", "paper"): PGDConfig(**paper.PGD_SETTINGS["generation"]),
    ("generation", "large"): _DRAWING,
    ("generation", "sketch"): replace(
        _OVER, method=Method(_CROPS, Preconditioner(spectrum=1.8, last_spectrum=1.2, colors=0.6))
    ),
    **dict.fromkeys(
        (("generation", name) for name in CANVASES if name != COMPARED_CANVAS),
        replace(_OVER, method=Method(_CROPS, Preconditioner(spectrum=1.3, colors=0.6))),
    ),
    ("generation", "photo"): replace(_OVER, method=Method(_CROPS, Preconditioner(spectrum=1.2, colors=0.6))),
    ("generation", "small"): PGDConfig(epsilon=40, step_size=1, steps=120, method=_SHIFTS),
    ("inpainting", "paper"): PGDConfig(**paper.PGD_SETTINGS["inpainting"]),
    ("inpainting", "large"): PGDConfig(
        epsilon=18,
        step_size=2.4,
        steps=160,
        step_decay=0.3,
        method=Method(
            Views(min_size=0.4, noise=0.08, inputs=((0.5, 0.25), (0.7, 0.25))), Preconditioner(spectrum=1.3, colors=0.9)
        ),
    ),
    ("inpainting", "small"): PGDConfig(epsilon=21.6, step_size=0.6, steps=120, method=_SHIFTS),
}
QUICK_FRACTION, QUICK_LENGTH = 0.6, 1.25  # fewer, longer steps of large images, for all methods but the paper's
QUICK = "Fewer, longer steps are faster, and give a slightly plainer picture."


def defaults(
    task: Task,
    size: int,
    method: MethodName = "paper",
    *,
    start: str = "",
    hole_size: float | None = None,
    quick: bool = False,
) -> PGDConfig:
    """Return the default settings of a task at any image size.

    Args:
        size: of the image in pixels, to which lengths are scaled.
        start: of a drawing, a key of `core.pgd.starts.STARTS`; "grey" has other settings than the rest.
        hole_size: size of a hole other than the paper's square; epsilon is scaled to it.
        quick: fewer, longer steps where there are any (`has_quick`).
    Raises:
        ValueError: unknown method.
    """
    check_method(method)
    series = "paper" if method == "paper" else "large" if size >= MIN_CROP_SIZE else "small"
    row = DEFAULTS.get((task, start) if series == "large" else (task, series)) or DEFAULTS[task, series]
    scale = size / paper.IMAGE_SIZE
    epsilon, step_size, steps = row.epsilon * scale, row.step_size * scale, row.steps
    if hole_size is not None:
        epsilon = epsilon * hole_size / square_size(size)
    if quick and has_quick(size, method):
        steps, step_size = round(QUICK_FRACTION * steps), QUICK_LENGTH * step_size
    return replace(row, epsilon=epsilon, step_size=step_size, steps=steps, method=row.method.variant(method))


def has_quick(size: int, method: MethodName) -> bool:
    """Return True if quick settings differ from the full ones: all steps of the paper and of small images are quick."""
    return method != "paper" and size >= MIN_CROP_SIZE


# ---- penalties ---------------------------------------------------------------------------------------------------


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
