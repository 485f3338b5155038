"""Networks that may take the place of each of the paper's. Does not import torch."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Container, Sequence
from pathlib import Path

_ROLES_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
# Role -> rows of networks shown together, in order of preference.
ROLES: dict[str, tuple[tuple[str, ...], ...]] = {
    role: tuple(map(tuple, rows)) for role, rows in _ROLES_TABLE["roles"].items()
}
# Network -> its stand-in for predictions.
INSTEAD: dict[str, str] = _ROLES_TABLE["instead"]
# Network -> its relation to the paper, "short" and optionally "more".
RELATIONS: dict[str, dict[str, str]] = _ROLES_TABLE["networks"]


def networks_for(
    role: str, *available: Container[str], together: Callable[[Sequence[str]], bool] = lambda row: True
) -> tuple[str, ...]:
    """Return the first row of a role with all its networks in each of `available`; empty if there is none.

    together: returns True if the networks of an available row can be shown side by side.
    """
    rows = (row for row in ROLES[role] if all(name in names for name in row for names in available))
    return next((row for row in rows if together(row)), ())


def preference(role: str, name: str) -> int:
    """Return a single network's rank in a role, 0 for the preferred one; beyond all rows if it is not in it."""
    rows = ROLES[role]
    return rows.index((name,)) if (name,) in rows else len(rows)


ROBUST = "-robust"  # suffix of the registry name of an adversarially trained twin
