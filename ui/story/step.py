"""One step of the story."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.claims.finding import Finding


@dataclass(frozen=True)
class ClaimEvidence:
    """Claim with its evidence, a row of *Findings*.

    find: returns None if there is no evidence. shows: names of the evidence to show.
    """

    find: Callable[[], Finding | None]
    shows: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """Link from a figure: its label, and the URL of the state that shows it, relative to the app's."""

    label: str
    url: str

    @property
    def html(self) -> str:
        """HTML of a link that looks like a button."""
        return f'<a class="button-link" href="{html.escape(self.url)}">{html.escape(self.label)}</a>'


def nothing() -> None:
    """Draw nothing."""


@dataclass(frozen=True)
class Step:
    """Step of the story: one screen.

    name: label of its tab and, in lower case, its slug. texts: returns title and plain text about the displayed
    networks. draw: draws the figure. opens: returns the link to the figure's state. more: returns text to append, if
    any. beside, below: draw further parts below the text and at the end.
    """

    name: str
    texts: Callable[[], tuple[str, str]]
    claims: tuple[ClaimEvidence, ...]
    draw: Callable[[], Any]
    opens: Callable[[], Link] | None = None
    more: Callable[[], str] = str
    beside: Callable[[], Any] = nothing
    below: Callable[[], Any] = nothing

    @property
    def title(self) -> str:
        """Heading, which says what the data show."""
        return self.texts()[0]

    @property
    def text(self) -> str:
        """Sentences under the heading."""
        return self.texts()[1]

    @property
    def link(self) -> Link | None:
        """Link to the state that the figure shows; None without one."""
        return self.opens() if self.opens else None

    @property
    def slug(self) -> str:
        """Name in the URL."""
        return self.name.lower().replace(" ", "-")
