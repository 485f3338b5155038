"""A visitor as judge: ten drawings, five by each search, each with five words to choose from. Does not import torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from core.fourier.intervals import Measured, wilson
from core.pgd.view_settings import SEARCHES, Search
from core.reconstruct.view_pictures import JUDGED

PER_SEARCH, OPTIONS = 5, 5
COUNT = PER_SEARCH * len(SEARCHES)  # drawings in a round
MAX_SEED = 999_999


@dataclass(frozen=True)
class Pool:
    """The classes whose drawings are stored: labels by whether another network recognises what is drawn by views."""

    recognised: tuple[int, ...]
    unrecognised: tuple[int, ...]

    def __post_init__(self) -> None:
        if min(len(self.recognised), len(self.unrecognised)) < PER_SEARCH:
            raise ValueError(f"a pool needs {PER_SEARCH} classes of each half; got {self}")


@cache
def stored_pool() -> Pool:
    """The classes that visitors judge."""
    known = json.loads(JUDGED.read_text())
    return Pool(tuple(known["recognised"]), tuple(known["unrecognised"]))


@dataclass(frozen=True)
class Question:
    """One drawing: the class asked for, by its label, the search, and the labels to choose from."""

    label: int
    search: Search
    options: tuple[int, ...]

    def right(self, place: int) -> bool:
        """Whether the option at a place is what was asked for."""
        return self.options[place] == self.label


@dataclass(frozen=True)
class Score:
    """How many of n drawings by a search were recognised."""

    right: int
    n: int

    @property
    def share(self) -> Measured:
        """Share of right choices with its Wilson interval."""
        return wilson(self.right / self.n, self.n)


CHANCE = PER_SEARCH / OPTIONS  # right answers by guessing, of each search


def draw_questions(pool: Pool, names: Sequence[str], seed: int) -> tuple[Question, ...]:
    """A round of ten different classes, the same for the same seed.

    Half of the classes are of each half of the pool. Of five, two or three of each half are drawn by views, the others
    by pixels, in random order. Further options are classes that are not drawn in this round, whose names differ.

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
    """Labels of the first class of each name."""
    first = {name: label for label, name in reversed(list(enumerate(names)))}
    return [label for label, name in enumerate(names) if first[name] == label and name not in without]


def read_choices(text: str) -> tuple[int, ...]:
    """The places chosen so far, a digit each, as a URL has them; senseless ones and what follows them are left out."""
    places: list[int] = []
    for character in text[:COUNT]:
        if character not in map(str, range(OPTIONS)):
            break
        places.append(int(character))
    return tuple(places)


def score(questions: Sequence[Question], choices: Sequence[int], search: Search) -> Score:
    """Count the recognised drawings by a search, among those that were answered.

    Raises:
        ValueError: none of them was.
    """
    answered = zip(questions, choices, strict=False)
    right = [question.right(place) for question, place in answered if question.search == search]
    if not right:
        raise ValueError(f"no drawing by {search} was answered")
    return Score(sum(right), len(right))
