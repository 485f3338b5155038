"""*You are the judge*: ten stored drawings, half of them from sketches; how you and the second network did.

A finished round is in the URL, its seed and the chosen words: nothing is stored, and a link repeats it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import streamlit as st

from core.data.picture_files import png_data_uri
from core.data.sketches import SKETCHES, draw_sketch
from core.pgd.drawings import GalleryWord, card_word, drawn_photos, opening_words
from core.pgd.rounds import MAX_ROUND, ROUND_LENGTH, Question, draw_questions, judged_drawings, read_choices
from core.shared.text import one_line, with_article
from ui.components.mount import lossy_data_uri
from ui.components.story.story_parts import Round, judge
from ui.runs.opened import link_to, of_word, open_in_draw
from ui.shared import url
from ui.story.story_start import TILES

_SEED, CHOICES = "round", "chosen"  # in the URL
ROUND, _CHOSEN = "story.round", "story.chosen"  # in the session: seed and choices of a round that is in no link yet
_OPENED = "story.opened"  # in the session: index of the question with the drawing that the visitor opens
METHOD_WORDS = {"views": "by many views", "paper": "by the paper’s method"}  # in the score


def judge_drawings() -> None:
    """Draw the round in the URL, or the session's."""
    state, chosen = st.session_state, _choices()
    seed = state.setdefault(ROUND, secrets.randbelow(MAX_ROUND + 1))

    def choose(choices: tuple[int, ...]) -> None:
        state[_CHOSEN] = choices
        if len(choices) == ROUND_LENGTH:
            _put(seed, choices)

    judge(
        Round(questions=questions(seed), seed=seed, methods=METHOD_WORDS),
        chosen,
        on_choose=choose,
        on_more=forget,
        on_open=partial(state.__setitem__, _OPENED),
    )
    if (index := state.pop(_OPENED, None)) is not None:
        open_in_draw(of_word(draw_questions(*candidates(), seed)[index].drawn))


def answered() -> int:
    """Return how many questions of the round the visitor has answered."""
    return len(_choices())


def _choices() -> tuple[int, ...]:
    """Return the choices so far; a link to another round begins that one with its choices."""
    state, linked = st.session_state, url.number(_SEED, range(MAX_ROUND + 1))
    if linked is not None and state.get(ROUND) != linked:
        state[ROUND], state[_CHOSEN] = linked, read_choices(url.text(CHOICES))
    return state.get(_CHOSEN, ())


def forget() -> None:
    """Forget the round: the next one will be new."""
    for key in (ROUND, _CHOSEN):
        st.session_state.pop(key, None)
    _put(None, ())


def _put(seed: int | None, choices: Sequence[int]) -> None:
    url.put(_SEED, None if seed is None else str(seed))
    url.put(CHOICES, "".join(map(str, choices)) or None)


@cache
def shown_elsewhere() -> frozenset[str]:
    """Return the words that other chapters show a drawing or a painting of."""
    tiles = [SKETCHES[name].word for name in TILES if name in SKETCHES]
    photos = [word.word for word in drawn_photos().values()]
    return frozenset([*opening_words(), *tiles, *photos, card_word()])


@cache
def candidates() -> tuple[list[GalleryWord], list[GalleryWord]]:
    """Return what is drawn from: words painted from grey, and bundled sketches."""
    return judged_drawings(shown_elsewhere())


def picture_name(question: Question) -> str:
    """Return a name of a drawing, unique among all."""
    return f"{question.drawn.sketch.replace(' ', '-') or question.drawn.label}-{question.method}"


@cache
def _picture(picture: Path | bytes) -> str:
    return lossy_data_uri(picture)


@cache
def _sketch(name: str) -> str:
    return png_data_uri(draw_sketch(name))


def questions(seed: int, pictures: bool = True) -> list[dict[str, Any]]:
    """Return a round as JSON; without pictures, as the article has it: their names, and their places on *Paint*."""
    return [_question(question, pictures) for question in draw_questions(*candidates(), seed)]


def _question(question: Question, pictures: bool) -> dict[str, Any]:
    drawn, drawing = question.drawn, question.drawing
    recognised, says = drawing.recognised(), drawing.judgements[0].says[0]
    return {
        "picture": _picture(drawing.picture) if pictures else picture_name(question),
        "opens": "" if pictures else link_to(drawn),
        "options": list(question.options),
        "right": question.right,
        "method": question.method,
        "sketch": _sketch(drawn.sketch) if drawn.sketch else "",
        "was": with_article(drawn.word),
        "recognised": recognised,
        "second": f"The second network {'also ' if recognised else ''}sees {with_article(one_line(says))}.",
    }
