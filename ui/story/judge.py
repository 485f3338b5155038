"""*You are the judge*: ten stored drawings, and the number recognised of each method.

A finished round is in the URL, its seed and the chosen words: nothing is stored, and a link repeats it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cache
from typing import Any

import streamlit as st

from core.data.sample_sets import imagenet
from core.pgd.drawings import MAX_ROUND, ROUND_LENGTH, draw_questions, judged_path, read_choices, stored_pool
from ui.components.mount import webp_data_uri
from ui.components.story.story import judge
from ui.shared import url

_SEED, CHOICES = "round", "chosen"  # in the URL
ROUND, _CHOSEN = "story.round", "story.chosen"  # in the session: seed and choices of a round that is in no link yet
# What the drawings of each method had to do, in the words of the score.
DRAWN_TO = {"views": "drawn by many views", "paper": "drawn by the paper’s method"}


def judge_drawings() -> None:
    """Draw the round in the URL, or the session's."""
    state, linked = st.session_state, _linked_round()
    seed = state.setdefault(ROUND, secrets.randbelow(MAX_ROUND + 1)) if linked is None else linked

    def choose(choices: tuple[int, ...]) -> None:
        state[_CHOSEN] = choices
        if len(choices) == ROUND_LENGTH:
            _put(seed, choices)

    judge(questions(seed), seed, _choices(), DRAWN_TO, on_choose=choose, on_more=forget)


def has_begun() -> bool:
    """Return True if the visitor has answered a question of the round."""
    return bool(_choices())


def _linked_round() -> int | None:
    return url.number(_SEED, range(MAX_ROUND + 1))


def _choices() -> tuple[int, ...]:
    chosen = st.session_state.get(_CHOSEN, ())
    return chosen if _linked_round() is None or chosen else read_choices(url.text(CHOICES))


def forget() -> None:
    """Forget the round, so that the next one is new."""
    for key in (ROUND, _CHOSEN):
        st.session_state.pop(key, None)
    _put(None, ())


def _put(seed: int | None, choices: Sequence[int]) -> None:
    url.put(_SEED, None if seed is None else str(seed))
    url.put(CHOICES, "".join(map(str, choices)) or None)


@cache
def _picture(label: int, method: Any) -> str:
    return webp_data_uri(judged_path(label, method))


def questions(seed: int, pictures: bool = True) -> list[dict[str, Any]]:
    """Return a round as JSON; without pictures, their names: label and method."""
    names = imagenet().names
    return [
        {
            "picture": _picture(question.label, question.method) if pictures else f"{question.label}-{question.method}",
            "options": [names[label] for label in question.options],
            "right": question.options.index(question.label),
            "method": question.method,
        }
        for question in draw_questions(stored_pool(), names, seed)
    ]
