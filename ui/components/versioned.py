"""A value that the page (a link, a button, a new default) and its widget in the browser both change."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Versioned(Generic[T]):
    """Value that both the page and a widget in the browser change; the last change wins.

    The browser remembers what its widget showed and may send it again later. So each change by the page starts a new
    version, which the widget has to show; a choice in the widget does not, because the widget shows it already.

    Attributes:
        value: the current value.
        sent: the value at the start of this version. A choice leaves it, since the widget already shows the choice.
        version: increases with each change that the browser has to learn.
        default: the value until somebody chooses another one.

    Example: the number of steps comes from a link or is the default, and everybody changes it in turn.

        >>> steps = Versioned(60, default=60)
        >>> steps.choose(80, version=0)  # the visitor, in the widget
        >>> steps.value, steps.version
        (80, 0)
        >>> steps.set(100)  # the page, such as by a button: the widget must show it
        >>> steps.value, steps.version
        (100, 1)
        >>> steps.choose(90, version=0)  # made before the button's value arrived in the browser, which has to show it
        >>> steps.value, steps.version
        (90, 2)
        >>> steps.follow(40)  # a new network has a new default, but the visitor chose 90
        >>> steps.value
        90
        >>> steps.set(40)
        >>> steps.follow(20)  # the visitor chose no other value
        >>> steps.value, steps.version
        (20, 4)
    """

    def __init__(
        self, value: T, default: T | None = None, *, version: int = 0, equal: Callable[[T, T], bool] = operator.eq
    ) -> None:
        self.value = self.sent = value
        self.version = version
        self.default = value if default is None else default
        self._equal = equal

    def set(self, value: T) -> None:
        """Set the value from the page; a change starts a new version."""
        if not self._equal(value, self.value):
            self.value = self.sent = value
            self.version += 1

    def choose(self, value: T, version: int) -> None:
        """Record a choice made in the widget of a version; if that widget is stale, start a new version."""
        if version == self.version:
            self.value = value
        else:
            self.value = self.sent = value
            self.version += 1

    def follow(self, default: T) -> None:
        """Change the default, and with it a value that equals the former default."""
        if not self._equal(default, self.default) and self._equal(self.value, self.default):
            self.set(default)
        self.default = default
