"""Who stands for whom: the networks that may be shown in each role of the paper. Does not import torch."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Container, Sequence
from pathlib import Path

_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
# By role: rows of networks that are shown together, the preferred row first.
ROLES: dict[str, tuple[tuple[str, ...], ...]] = {
    role: tuple(map(tuple, rows)) for role, rows in _TABLE["roles"].items()
}
# By network: the one that predicts in its place.
INSTEAD: dict[str, str] = _TABLE["instead"]
# By network: what it is to the paper, "short" and maybe "more".
NETWORKS: dict[str, dict[str, str]] = _TABLE["networks"]


def networks_for(
    role: str, *available: Container[str], together: Callable[[Sequence[str]], bool] = lambda row: True
) -> tuple[str, ...]:
    """Return the first networks of a role that are all in each of `available`; none where there are none.

    together: whether the networks of a row, which are available, can be shown beside each other.
    """
    rows = (row for row in ROLES[role] if all(name in names for name in row for names in available))
    return next((row for row in rows if together(row)), ())


def preference(role: str, name: str) -> int:
    """Rank of a single network in a role, 0 for the preferred one; beyond all rows for one that is not in it."""
    rows = ROLES[role]
    return rows.index((name,)) if (name,) in rows else len(rows)
