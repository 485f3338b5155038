"""Networks that may take the place of each of the paper's, and their colours. Does not import torch."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Container, Sequence
from pathlib import Path

_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
# Role -> rows of networks shown together, in order of preference.
ROLES: dict[str, tuple[tuple[str, ...], ...]] = {
    role: tuple(map(tuple, rows)) for role, rows in _TABLE["roles"].items()
}
# Network -> its stand-in for predictions.
INSTEAD: dict[str, str] = _TABLE["instead"]
# Network -> its relation to the paper, "short" and optionally "more".
RELATIONS: dict[str, dict[str, str]] = _TABLE["networks"]


def networks_for(
    role: str, *available: Container[str], together: Callable[[Sequence[str]], bool] = lambda row: True
) -> tuple[str, ...]:
    """Return the first row of a role whose networks are all in each of `available`; empty if there is none.

    together: whether an available row's networks can be shown side by side.
    """
    rows = (row for row in ROLES[role] if all(name in names for name in row for names in available))
    return next((row for row in rows if together(row)), ())


def preference(role: str, name: str) -> int:
    """Return a single network's rank in a role, 0 for the preferred one; beyond all rows if it is not in it."""
    rows = ROLES[role]
    return rows.index((name,)) if (name,) in rows else len(rows)


ROBUST = "-robust"  # suffix of the registry name of an adversarially trained twin

# Networks by kind: ordinary and robust. After Okabe & Ito 2008 and P. Tol's schemes: distinguishable with every common
# form of colour blindness, with a contrast of at least 3 on white and on black.
NETWORK_COLOURS = {"zero-shot": ("#0072B2", "#009E73"), "closed-set": ("#D55E00", "#999933")}
# Networks shown next to others of their kind, by registry name: miniatures beside the paper's, ResNet-50 beside 56.
COLOURS_BY_NAME = {
    "mini-clip": "#A050D0",
    "mini-clip-vit": "#8878C3",
    "mini-resnet": "#CC8400",
    "resnet-50": "#D8003C",
    "efficientnet-lite0": "#CC79A7",
    "efficientnet-lite1": "#AA66FF",
    "efficientnet-lite2": "#7733FF",
}
UNKNOWN = "#8C6D31"  # uploaded maps of unknown kind

# One network: fewer errors at the low end, more at the high end. A difference of two networks has their own colours.
FEWER_OR_MORE_ERRORS = "#1B7837#762A83"

# Verdicts, each with a sign for use without colour; white text has a contrast of 5 to 7.
GOOD, HALF, BAD, OPEN = ("✓", "#1a7f37"), ("◐", "#8a5a00"), ("✕", "#b3261e"), ("?", "#57606a")


def network_colour(name: str, kind: str | None) -> str:
    """Return a network's colour by registry name; kind: a key of `NETWORK_COLOURS`, None for an unlisted network."""
    return COLOURS_BY_NAME.get(name) or (NETWORK_COLOURS[kind][name.endswith(ROBUST)] if kind else UNKNOWN)
