"""The methods: which gradient a step of PGD follows. The paper's, ours, and its two ingredients apart. No torch."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.data.holes import Fill
from core.pgd.preconditioner import Preconditioner
from core.pgd.views import Views
from core.shared.text import file_stem

MethodName = Literal["paper", "strokes", "views_only", "views"]
EVAL_INTERVAL = 10  # steps between evaluations of the image itself; each costs one extra forward pass


@dataclass(frozen=True)
class Method:
    """Gradient that a step follows; ball, unit step and clip are the same for all methods.

    views: evaluate the gradient at random views of the image; None for the image itself.
    preconditioner: makes the gradient natural; None to leave it unchanged.
    """

    views: Views | None = None
    preconditioner: Preconditioner | None = None

    @property
    def name(self) -> MethodName:
        """Name of the method with these ingredients, a key of `METHODS`."""
        if self.views is None:
            return "paper" if self.preconditioner is None else "strokes"
        return "views_only" if self.preconditioner is None else "views"

    @property
    def eval_interval(self) -> int:
        """Steps between evaluations of the image itself; without views, its gradient comes with the evaluation."""
        return 1 if self.views is None else EVAL_INTERVAL

    @property
    def freezes_outside(self) -> bool:
        """True if nothing outside a hole may change: the step of Eq. 3 needs the plain gradient at the image itself."""
        return self != Method()

    @property
    def fill(self) -> Fill:
        """Default fill of a hole: its mean colour for the paper's method, else the colours around it."""
        return "rim" if self.freezes_outside else "region"

    def variant(self, name: MethodName) -> Method:
        """Return the method of this name with this one's views and preconditioner."""
        row = METHODS[name].method
        return Method(row.views and self.views, row.preconditioner and self.preconditioner)

    def to_json(self) -> dict[str, Any]:
        """Return the name and both ingredients as entries of a JSON object."""
        views, preconditioner = self.views, self.preconditioner
        return {
            "method": self.name,
            "views": None if views is None else views.to_json(),
            "preconditioner": None if preconditioner is None else preconditioner.to_json(),
        }

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> Method:
        """Read the entries of `to_json`.

        Raises:
            ValueError: the name does not match the ingredients, or a value is out of range.
        """
        views, preconditioner = content["views"], content["preconditioner"]
        method = Method(
            None if views is None else Views(**views),
            None if preconditioner is None else Preconditioner(**preconditioner),
        )
        if method.name != content["method"]:
            raise ValueError(f"method {content['method']!r} does not have the ingredients of {method.name!r}")
        return method


@dataclass(frozen=True, kw_only=True)
class MethodRow:
    """A method and its texts.

    method: with the ingredients' values for drawings of large images; `core.pgd.settings.defaults` has those of any
        task and size.
    title: in menus. caption: in a sentence.
    steps: a sentence on its steps.
    about: what differs from the paper's method, as Markdown for *Details*; empty for the paper's.
    """

    method: Method
    title: str
    caption: str
    steps: str
    about: str = ""


_ABOUT_VIEWS = (
    "Each step follows the gradient at one random view of the picture: a crop with noise (around the hole if there is "
    "one), or a shifted or mirrored copy of a small picture (Athalye et al. 2018)."
)
_ABOUT_STROKES = (
    "The gradient gets a natural spectrum ($1 / \\max(1, r)^p$ at $r$ cycles per image) and the colour covariance of "
    "natural pixels, to a power (Olah et al. 2017)."
)
_ABOUT_THE_REST = "Ball, unit step and clip are the same, and confidence is that of the picture itself."
_VIEWS = Views(min_size=0.35, noise=0.08)
_STROKES = Preconditioner(spectrum=2.2, last_spectrum=1.2, colors=0.45)

# The 2 x 2 of the ablation. Of several methods that are compared, the last gives steps and ball (`leading`).
METHODS: dict[MethodName, MethodRow] = {
    "paper": MethodRow(
        method=Method(),
        title="The paper’s method",
        caption="the paper’s method",
        steps="each step follows the gradient at the picture itself, as in the paper",
    ),
    "strokes": MethodRow(
        method=Method(preconditioner=_STROKES),
        title="Natural strokes",
        caption="natural strokes alone",
        steps="each step follows the gradient at the picture itself, with the spectrum and the colours of natural "
        "pictures; nothing outside a hole changes",
        about=f"**Natural strokes**: {_ABOUT_STROKES} {_ABOUT_THE_REST}",
    ),
    "views_only": MethodRow(
        method=Method(views=_VIEWS),
        title="Random views",
        caption="random views alone",
        steps="each step follows the gradient at a random view of the picture, cropped or shifted, with noise; nothing "
        "outside a hole changes",
        about=f"**Random views**: {_ABOUT_VIEWS} {_ABOUT_THE_REST}",
    ),
    "views": MethodRow(
        method=Method(views=_VIEWS, preconditioner=_STROKES),
        title="Many views",
        caption="many views",
        steps="each step follows the gradient at a random view of the picture, cropped or shifted, with noise, and has "
        "the spectrum and the colours of natural pictures; nothing outside a hole changes",
        about=f"**Many views**: {_ABOUT_VIEWS} {_ABOUT_STROKES} {_ABOUT_THE_REST}",
    ),
}
PAPER: MethodName = "paper"
COMPARED: tuple[MethodName, ...] = ("paper", "views")  # the two that pages show side by side


def leading(methods: Collection[MethodName]) -> MethodName:
    """Return the method that sets the defaults when several are compared; the paper's for none."""
    return [name for name in METHODS if name in methods or name == PAPER][-1]


def check_method(name: str) -> MethodName:
    """Return the name of a method; raise ValueError for any other text."""
    for known in METHODS:
        if name == known:
            return known
    raise ValueError(f"method must be one of {', '.join(METHODS)}; got {name!r}")


def picture_stem(word: str, method: MethodName) -> str:
    """Return the name of a picture's file without its ending, such as "lion-many-views"."""
    title = METHODS[method].title.replace("’", "")
    return "-".join(filter(None, (file_stem(word[:60])[:40].strip("-") or "picture", file_stem(title))))
