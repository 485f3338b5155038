"""Table of the penalties of Eq. 3, computed by `core.pgd.objectives.Inpainting`. Does not import torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Penalty = Literal["eq3", "mean_square", "frozen"]


@dataclass(frozen=True)
class PenaltyText:
    """Texts of a penalty. label: in menus and tables. phrase: in a sentence. rule: one sentence on its effect.

    offered: whether pages offer it. weighted: whether lambda applies.
    """

    label: str
    phrase: str
    rule: str
    offered: bool = False
    weighted: bool = True


PENALTIES: dict[Penalty, PenaltyText] = {
    "eq3": PenaltyText(
        "Eq. 3",
        "Eq. 3, minimised by forward-backward steps",
        "lambda times the L2 norm of the change outside the hole, as printed in the paper; its minimum almost always "
        "changes nothing there.",
        offered=True,
    ),
    "mean_square": PenaltyText(
        "Mean square",
        "the mean square of the notebook of Santurkar et al.",
        "lambda times the mean squared change over all pixels and channels, a far smaller number, as in the notebook "
        "of Santurkar et al.; the rest changes a little.",
        offered=True,
    ),
    "frozen": PenaltyText(
        "Frozen",
        "everything outside the hole frozen",
        "nothing outside the hole changes at all.",
        weighted=False,
    ),
}
