"""Picture of a judge's ten drawings and score, for sharing."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from core.classifiers.registry import classifier_spec, short_title
from core.pgd.view_settings import SEARCHES
from core.reconstruct.view_pictures import judged_path, painter_name
from core.reconstruct.visitor_judge import CHANCE, PER_SEARCH, Question

WIDTH, HEIGHT, MARGIN, TILE, GAP = 1200, 630, 40, 172, 12  # pixels; the size of a link's preview on social networks
TITLE = "Which drawings did I recognise?"
INK, PAPER, RIGHT, WRONG = "#1f2933", "#ffffff", "#1a7f37", "#b3261e"


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
