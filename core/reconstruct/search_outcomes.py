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
    image), low (share of its energy within radius 8), seconds, and for holes ssim_before and ssim_after.
    places: (n, J) place of the target in each judge's predictions, 1 for top-1; places_before: of the starts.
    energy: (R,) share of the change's energy by radius, mean over the pictures.
    """

    pictures: tuple[str, ...]
    targets: tuple[int, ...]
    numbers: Mapping[str, np.ndarray]
    places: np.ndarray
    places_before: np.ndarray
    energy: np.ndarray

    @property
    def n(self) -> int:
        return len(self.pictures)

    def recognised(self, judge: int = 0, top: int = 1, *, before: bool = False) -> np.ndarray:
        """Return 1.0 if the judge's `top` predictions include the target, else 0, (n,); before: for the starts."""
        places = self.places_before if before else self.places
        return (places[:, judge] <= top).astype(np.float64)

    def share(self, judge: int = 0, top: int = 1) -> Interval:
        """Return the share of `recognised` with Wilson's 95 % interval."""
        return wilson(self.recognised(judge, top).mean(), self.n).item()

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
            self.places[rows],
            self.places_before[rows],
            self.energy,
        )


@dataclass(frozen=True, eq=False)
class StoredOutcomes:
    """Content of the file: names of the painter and of the judges, the main one first, and outcomes by group.

    groups: "draw-pixels", "draw-views", "draw-quick", "hole-pixels", "hole-views",
    "hole-brush". configs: of their runs, JSON.
    """

    painter: str
    judges: tuple[str, ...]
    hole: int
    groups: Mapping[str, SearchOutcomes]
    configs: Mapping[str, Any]

    def pair(self, mode: str) -> tuple[SearchOutcomes, SearchOutcomes] | None:
        """Return the pictures done by both searches, the paper's and by views, or None; mode: "draw" or "hole"."""
        pixels, views = (self.groups.get(f"{mode}-{search}") for search in ("pixels", "views"))
        if pixels is None or views is None:
            return None
        common = tuple(picture for picture in views.pictures if picture in pixels.pictures)
        return (pixels.subset(common), views.subset(common)) if common else None


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
    texts = {"picture", "target", "places", "places_before", "corner"}
    return SearchOutcomes(
        tuple(row["picture"] for row in rows),
        tuple(row["target"] for row in rows),
        {name: np.array([row[name] for row in rows], np.float64) for name in rows[0].keys() - texts},
        np.array([row["places"] for row in rows]),
        np.array([row["places_before"] for row in rows]),
        np.array(energy),
    )
