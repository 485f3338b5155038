"""One step of the story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.claims.finding import Verdict


@dataclass(frozen=True)
class Judged:
    """What the data say about a claim. evidence: whole sentences, plain text, every number computed."""

    verdict: Verdict
    evidence: str


@dataclass(frozen=True)
class Door:
    """Where a figure leads: what its button says, and the URL of the state that shows it, relative to the app's."""

    label: str
    url: str


@dataclass(frozen=True)
class Step:
    """What is on the screen at once.

    name: on its tab. text, claim: plain; source: whose claim it is. judge: computes the verdict. draw: puts the figure
    into the page. more: computes what is said after `text`, may be empty.
    """

    name: str
    title: str
    text: str
    claim: str
    source: str
    judge: Callable[[], Judged]
    draw: Callable[[], None]
    door: Door
    more: Callable[[], str] = str
