"""Visitors as judges: rounds of ten drawings, five by each search, with five options each. Does not import torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from core.fourier.intervals import Interval, wilson
from core.pgd.view_settings import SEARCHES, Search
from core.reconstruct.view_pictures import JUDGED

PER_SEARCH, OPTIONS = 5, 5
COUNT = PER_SEARCH * len(SEARCHES)  # drawings in a round
MAX_SEED = 999_999


@dataclass(frozen=True)
class Pool:
    """Labels of the stored drawings, by whether another network recognises the drawing by views."""

    recognised: tuple[int, ...]
    unrecognised: tuple[int, ...]

    def __post_init__(self) -> None:
        if min(len(self.recognised), len(self.unrecognised)) < PER_SEARCH:
            raise ValueError(f"a pool needs {PER_SEARCH} classes of each half; got {self}")


@cache
def stored_pool() -> Pool:
    """Load the classes that visitors judge."""
    known = json.loads(JUDGED.read_text())
    return Pool(tuple(known["recognised"]), tuple(known["unrecognised"]))


@dataclass(frozen=True)
class Question:
    """One drawing: the label of its target, the search, and the labels to choose from."""

    label: int
    search: Search
    options: tuple[int, ...]

    def right(self, place: int) -> bool:
        """Return whether an option is the target."""
        return self.options[place] == self.label


@dataclass(frozen=True)
class Score:
    """Number of recognised drawings, among n by a search."""

    right: int
    n: int

    @property
    def share(self) -> Interval:
        """Share of right choices with its Wilson interval."""
        return wilson(self.right / self.n, self.n)


CHANCE = PER_SEARCH / OPTIONS  # expected right answers by guessing, per search


def draw_questions(pool: Pool, names: Sequence[str], seed: int) -> tuple[Question, ...]:
    """Draw a round of ten distinct classes, determined by the seed.

    Five classes come from each half of the pool; two or three of them are shown as drawn by views, the others by
    pixels, in random order. Further options are classes with other names that are not in this round.

    Args:
        names: of all classes, by label.
        seed: at least 0.
    """
    generator = np.random.default_rng(seed)
    halves = [generator.permutation(half)[:PER_SEARCH].tolist() for half in (pool.recognised, pool.unrecognised)]
    by_views = int(generator.integers(2)) + PER_SEARCH // 2  # of the first half
    drawn: list[tuple[int, Search]] = []
    for half, views in zip(halves, (by_views, PER_SEARCH - by_views), strict=True):
        drawn += [(label, "views" if k < views else "pixels") for k, label in enumerate(half)]
    remaining = _others(names, {names[label] for label, _ in drawn})
    questions = []
    for k in generator.permutation(len(drawn)).tolist():
        label, search = drawn[k]
        options = [label, *generator.choice(remaining, OPTIONS - 1, replace=False).tolist()]
        questions.append(Question(label, search, tuple(generator.permutation(options).tolist())))
    return tuple(questions)


def _others(names: Sequence[str], without: set[str]) -> list[int]:
    """Return the label of the first class of each name."""
    first = {name: label for label, name in reversed(list(enumerate(names)))}
    return [label for label, name in enumerate(names) if first[name] == label and name not in without]


def read_choices(text: str) -> tuple[int, ...]:
    """Parse the choices in a URL, a digit each, up to the first invalid one."""
    places: list[int] = []
    for character in text[:COUNT]:
        if character not in map(str, range(OPTIONS)):
            break
        places.append(int(character))
    return tuple(places)


def score(questions: Sequence[Question], choices: Sequence[int], search: Search) -> Score:
    """Count the recognised drawings by a search among those answered.

    Raises:
        ValueError: none was answered.
    """
    answered = zip(questions, choices, strict=False)
    right = [question.right(place) for question, place in answered if question.search == search]
    if not right:
        raise ValueError(f"no drawing by {search} was answered")
    return Score(sum(right), len(right))
