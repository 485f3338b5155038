"""One step of the story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.claims.finding import Finding


@dataclass(frozen=True)
class Trial:
    """A claim and what the data say of it: a row of *Findings*. shows: which of its evidence, by its name."""

    find: Callable[[], Finding]
    shows: tuple[str, ...]


@dataclass(frozen=True)
class Door:
    """Where a figure leads: what its button says, and the URL of the state that shows it, relative to the app's."""

    label: str
    url: str


@dataclass(frozen=True)
class Step:
    """What is on the screen at once.

    name: on its tab. text: plain. draw: puts the figure into the page. more: computes what is said after `text`, may be
    empty.
    """

    name: str
    title: str
    text: str
    trials: tuple[Trial, ...]
    draw: Callable[[], None]
    door: Door
    more: Callable[[], str] = str
