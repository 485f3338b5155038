"""*You are the judge*: ten stored drawings, one after the other, and the number recognised of each search.

Only the URL holds a round, its seed and the words chosen so far: nothing is stored or sent, and a link repeats it.
"""

from __future__ import annotations

import html
import io
import secrets
from collections.abc import Sequence
from functools import partial

import streamlit as st
from PIL import Image, ImageDraw, ImageFont

from core.classifiers.registry import classifier_spec, short_title
from core.data.classes import imagenet
from core.pgd.view_settings import SEARCHES
from core.reconstruct.view_pictures import judge_name, judged_path, painter_name
from core.reconstruct.visitor_judge import (
    CHANCE,
    COUNT,
    MAX_SEED,
    PER_SEARCH,
    Question,
    draw_questions,
    read_choices,
    score,
    stored_pool,
)
from ui.components.packing import webp_data_uri
from ui.shared import url
from ui.shared.downloads import download_button
from ui.shared.look import style_sheet
from ui.story.opening import lesson_html

SEED, CHOICES = "round", "chosen"  # in the URL
ROUND = "story.round"  # seed of a visitor whose link has none
NEW_ROUND, SAME_ROUND, SAVE = "Ten new drawings", "The same ten again", "Save as a card"  # buttons
# The card.
WIDTH, HEIGHT, MARGIN, TILE, GAP = 1200, 630, 40, 172, 12  # pixels; the size of a link's preview on social networks
TITLE = "Which drawings did I recognise?"
INK, PAPER, RIGHT, WRONG = "#1f2933", "#ffffff", "#1a7f37", "#b3261e"


def judge_drawings() -> None:
    """Draw the next drawing to judge, or the score."""
    linked = url.number(SEED, range(MAX_SEED + 1))
    # A random seed enters the URL only with the first choice: earlier, the browser's Back would lead forward again.
    seed = st.session_state.setdefault(ROUND, secrets.randbelow(MAX_SEED + 1)) if linked is None else linked
    questions = draw_questions(stored_pool(), imagenet().names, seed)
    choices = () if linked is None else read_choices(url.text(CHOICES))
    st.html(style_sheet(__file__))
    with st.container(key="story-judge"):
        if len(choices) < COUNT:
            _ask(seed, questions, choices)
        else:
            _tell(seed, questions, choices)
        st.caption(about_the_classes())


def forget() -> None:
    """Remove the round from the URL, so that the next one is new."""
    st.session_state.pop(ROUND, None)
    _put(None, ())


def _put(seed: int | None, choices: Sequence[int]) -> None:
    url.put(SEED, None if seed is None else str(seed))
    url.put(CHOICES, "".join(map(str, choices)) or None)


def painter_titles() -> list[str]:
    """Return the title of the network that made the drawings."""
    return [short_title(classifier_spec(painter_name()).title)]


def about_the_classes() -> str:
    """Explain how the classes are chosen, and where choices are stored."""
    halves = len(stored_pool().recognised), len(stored_pool().unrecognised)
    return (
        f"Half of the classes come at random from {halves[0]} that {short_title(classifier_spec(judge_name()).title)} "
        f"recognises when drawn by views, half from {halves[1]} that it does not. Only the link stores your choices."
    )


def _ask(seed: int, questions: Sequence[Question], choices: tuple[int, ...]) -> None:
    number = len(choices) + 1
    question = questions[len(choices)]
    st.markdown(f"### Drawing {number} of {COUNT}: what is it?")
    picture, buttons = st.columns([400, 280], gap="medium", width=700)
    picture.html(_picture(question, f"Drawing {number} of {COUNT}"))
    with buttons:
        for place, label in enumerate(question.options):
            st.button(
                imagenet().names[label],
                key=f"story.judge.{number}.{place}",  # a new button per drawing: a double click chooses once
                on_click=_put,
                args=(seed, (*choices, place)),
                shortcut=str(place + 1),
                width="stretch",
            )


def _tell(seed: int, questions: Sequence[Question], choices: Sequence[int]) -> None:
    st.markdown(f"### {', '.join(scores(questions, choices))}, chance {CHANCE:g}")
    shares = [(search, score(questions, choices, search).share) for search in SEARCHES]
    intervals = " and ".join(
        f"{100 * share.low:.0f} to {100 * share.high:.0f} % by {search}" for search, share in shares
    )
    st.markdown(f"95 % intervals: {intervals}.")
    for search in SEARCHES:
        rows = [pair for pair in zip(questions, choices, strict=True) if pair[0].search == search]
        st.html(f'<div class="round"><h4>By {search}</h4>{"".join(_result(*row) for row in rows)}</div>')
    with st.container(horizontal=True):
        st.button(NEW_ROUND, key="story.judge.others", type="primary", on_click=forget)
        st.button(SAME_ROUND, key="story.judge.again", on_click=_put, args=(seed, ()))
        make = partial(card, scores(questions, choices), questions, choices)
        download_button(SAVE, make, "you-are-the-judge.png", key="story.judge.card")
    st.html(lesson_html("beside"))


def scores(questions: Sequence[Question], choices: Sequence[int]) -> list[str]:
    """Return the score of each search, as in 'pixels: 1 of 5'."""
    results = {search: score(questions, choices, search) for search in SEARCHES}
    return [f"{search}: {result.right} of {result.n}" for search, result in results.items()]


def _result(question: Question, place: int) -> str:
    """Return a drawing with its word and the visitor's choice, as HTML."""
    names = imagenet().names
    word, said = names[question.label], "✓" if question.right(place) else f"✗ you: {names[question.options[place]]}"
    caption = f"<b>{html.escape(word)}</b> {html.escape(said)}"
    return f"<figure>{_picture(question, word)}<figcaption>{caption}</figcaption></figure>"


def _picture(question: Question, alt: str) -> str:
    source = webp_data_uri(judged_path(question.label, question.search))
    return f'<img class="drawing" src="{source}" alt="{html.escape(alt, quote=True)}">'


def card(scores: Sequence[str], questions: Sequence[Question], choices: Sequence[int]) -> bytes:
    """Return a PNG with a row of drawings per search, each framed by whether it was recognised, and the scores."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((MARGIN, 28), TITLE, INK, ImageFont.load_default(44))
    for row, (search, result) in enumerate(zip(SEARCHES, scores, strict=True)):
        top = 110 + row * (TILE + 50)
        drawn = [pair for pair in zip(questions, choices, strict=True) if pair[0].search == search]
        for k, (question, place) in enumerate(drawn):
            left = MARGIN + k * (TILE + GAP)
            draw.rectangle(
                (left - 4, top - 4, left + TILE + 3, top + TILE + 3), RIGHT if question.right(place) else WRONG
            )
            with Image.open(judged_path(question.label, search)) as drawing:
                image.paste(drawing.convert("RGB").resize((TILE, TILE)), (left, top))
        name, _, count = result.partition(": ")
        left = MARGIN + PER_SEARCH * (TILE + GAP) + 12
        draw.text((left, top + 30), name, INK, ImageFont.load_default(34))
        draw.text((left, top + 76), count, INK, ImageFont.load_default(44))
    draw.text((MARGIN, HEIGHT - 62), caption(), INK, ImageFont.load_default(26))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def caption() -> str:
    """Return a sentence on the drawings and on guessing."""
    painter = short_title(classifier_spec(painter_name()).title)
    return f"{painter} drew ten words by two searches; pure guessing gets {CHANCE:g} of {PER_SEARCH} right."
