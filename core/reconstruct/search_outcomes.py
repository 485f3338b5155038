"""Stored outcomes of a network's drawings and filled holes at 224 pixels by both searches. No torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from core.data.classes import PRECOMPUTED
from core.fourier.intervals import Interval, student, wilson

STORED = PRECOMPUTED / "views.json"
NOT_NUMBERS = {"picture", "target", "places", "corner"}  # of a picture's entries in the file
LARGE_SIZE = 224  # side of the pictures in pixels
# ImageNet classes used to tune the search; never reported on.
TRIED = frozenset(
    [
        "electric ray",
        "ringneck snake",
        "chiton",
        "black stork",
        "Welsh springer spaniel",
        "dalmatian",
        "dingo",
        "hyena",
        "lion",
        "sloth bear",
        "fox squirrel",
        "zebra",
        "bearskin",
        "brass",
        "canoe",
        "cellular telephone",
        "cleaver",
        "coffeepot",
        "envelope",
        "flute",
        "gong",
        "hoopskirt",
        "laptop",
        "mitten",
        "palace",
        "pedestal",
        "quill",
        "school bus",
        "shoji",
        "slot",
        "snorkel",
        "snowplow",
        "sock",
        "teapot",
        "tow truck",
        "vestment",
        "wing",
        "sandbar",
        "acorn",
        "hip",
        "volcano",
        "golden retriever",
        "hen",
        "macaw",
        "castle",
        "strawberry",
        "daisy",
        "tabby",
        "giant panda",
        "goldfish",
        "pizza",
    ]
)


@dataclass(frozen=True, eq=False)
class SearchOutcomes:
    """Outcomes of n pictures by one search.

    pictures: (n,) names; targets: (n,) class indices. numbers: (n,) by name: own (1 where the painter's top-1
    prediction is the target), confidence, norm (L2 length of the change), radius (mean, of the change, in cycles per
    image), low (share of its energy within radius 8), clipped (share of values at 0 or 1), seconds (CPU, one thread).
    places: (n, J) by what the judges see: place of the target in each judge's predictions, 1 for top-1. "result" is the
    picture at the end; for holes also "start", and the square around the hole alone (`holes.hole_alone`): "alone",
    "alone_start" and "alone_original".
    energy: (R,) share of the change's energy by radius, mean over the pictures.
    """

    pictures: tuple[str, ...]
    targets: tuple[int, ...]
    numbers: Mapping[str, np.ndarray]
    places: Mapping[str, np.ndarray]
    energy: np.ndarray

    @property
    def n(self) -> int:
        return len(self.pictures)

    def recognised(self, judge: int = 0, top: int = 1, *, seen: str = "result") -> np.ndarray:
        """Return 1.0 if the judge's `top` predictions for what it sees include the target, else 0, (n,)."""
        return (self.places[seen][:, judge] <= top).astype(np.float64)

    def share(self, judge: int = 0, top: int = 1, *, seen: str = "result") -> Interval:
        """Return the share of `recognised` with Wilson's 95 % interval."""
        return wilson(self.recognised(judge, top, seen=seen).mean(), self.n).item()

    def mean(self, name: str) -> Interval:
        """Return the mean of a number with Student's 95 % interval."""
        return student(self.numbers[name])

    def subset(self, pictures: tuple[str, ...]) -> SearchOutcomes:
        """Return the outcomes on these pictures, in this order."""
        rows = [self.pictures.index(picture) for picture in pictures]
        return SearchOutcomes(
            pictures,
            tuple(self.targets[row] for row in rows),
            {name: values[rows] for name, values in self.numbers.items()},
            {seen: places[rows] for seen, places in self.places.items()},
            self.energy,
        )


@dataclass(frozen=True, eq=False)
class StoredOutcomes:
    """Content of the file: names of the painter and of the judges, the main one first, and outcomes by group.

    groups: "draw-pixels", "draw-views", "draw-quick", "hole-pixels", "hole-views"; by views with small inputs at first,
    "former-inputs"; by the settings of the version before, "former-views" and "former-quick". configs: of their runs,
    JSON.
    """

    painter: str
    judges: tuple[str, ...]
    hole: int
    groups: Mapping[str, SearchOutcomes]
    configs: Mapping[str, Any]

    def common(self, first: str, second: str) -> tuple[SearchOutcomes, SearchOutcomes]:
        """Return the outcomes of two groups on the pictures of both, in the order of the first."""
        known = set(self.groups[second].pictures)
        pictures = tuple(picture for picture in self.groups[first].pictures if picture in known)
        return self.groups[first].subset(pictures), self.groups[second].subset(pictures)

    def pair(self, mode: str) -> tuple[SearchOutcomes, SearchOutcomes] | None:
        """Return the pictures done by both searches, the paper's and by views, or None; mode: "draw" or "hole"."""
        if not {f"{mode}-pixels", f"{mode}-views"} <= self.groups.keys():
            return None
        views, pixels = self.common(f"{mode}-views", f"{mode}-pixels")
        return (pixels, views) if pixels.n else None


@cache
def stored_outcomes() -> StoredOutcomes | None:
    """Load the file of `precomputed.make_views`; None if there is none."""
    if not STORED.is_file():
        return None
    content = json.loads(STORED.read_text("utf-8"))
    return StoredOutcomes(
        content["painter"]["name"],
        tuple(judge["name"] for judge in content["judges"]),
        content["hole"],
        {group: _outcomes(rows, content["energy"][group]) for group, rows in content["pictures"].items()},
        content["configs"],
    )


def _outcomes(rows: list[dict[str, Any]], energy: list[float]) -> SearchOutcomes:
    return SearchOutcomes(
        tuple(row["picture"] for row in rows),
        tuple(row["target"] for row in rows),
        {name: np.array([row[name] for row in rows], np.float64) for name in rows[0].keys() - NOT_NUMBERS},
        {seen: np.array([row["places"][seen] for row in rows]) for seen in rows[0]["places"]},
        np.array(energy),
    )
