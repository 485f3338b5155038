"""Rounds of drawings that visitors judge: half of them from a grey start, half from bundled sketches."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np

from core.pgd.drawings import Drawing, GalleryWord, drawn_sketches, familiar, stored_gallery
from core.pgd.methods import COMPARED, MethodName

PER_METHOD = PER_START = 5
OPTIONS = 5
ROUND_LENGTH = PER_METHOD * len(COMPARED)  # drawings in a round
MAX_ROUND = 999_999


@dataclass(frozen=True)
class Question:
    """One drawing: what was drawn, by which method, and the words to choose from."""

    drawn: GalleryWord
    method: MethodName
    options: tuple[str, ...]

    @property
    def drawing(self) -> Drawing:
        return self.drawn.drawings[self.method]

    @property
    def right(self) -> int:
        """Index of the drawn word among the options."""
        return self.options.index(self.drawn.word)


def judged_drawings(elsewhere: Container[str]) -> tuple[list[GalleryWord], list[GalleryWord]]:
    """Return the familiar words of the gallery, and the bundled sketches, without words that visitors see elsewhere."""
    unseen = [word for word in stored_gallery().words if word.word in familiar() and word.word not in elsewhere]
    return unseen, [sketch for sketch in drawn_sketches().values() if sketch.word not in elsewhere]


def draw_questions(words: Sequence[GalleryWord], sketches: Sequence[GalleryWord], seed: int) -> tuple[Question, ...]:
    """Draw a round of ten distinct classes in an order determined by the seed.

    Five are from sketches, five by each method; of five from one start, two or three by each. The first is one that
    people can read: by many views, and the one that the second network is surest of. Further options are familiar
    words of the gallery and the sketches that are not in this round.

    Args:
        words, sketches: to draw from, as `judged_drawings` returns them; at least ten and five.
        seed: at least 0.
    """
    generator = np.random.default_rng(seed)
    drawn = [sketches[k] for k in generator.choice(len(sketches), PER_START, replace=False)]
    labels = {drawing.label for drawing in drawn}
    grey = [word for word in words if word.label not in labels]
    drawn += [grey[k] for k in generator.choice(len(grey), PER_START, replace=False)]
    most = generator.permutation(COMPARED).tolist()  # the method of three sketches, and that of three words
    methods: list[MethodName] = []
    for first, second in (most, most[::-1]):
        methods += generator.permutation([first] * 3 + [second] * 2).tolist()
    labels = {drawing.label for drawing in drawn}
    known = [*words, *sketches, *stored_gallery().words, *drawn_sketches().values()]
    unused = list(dict.fromkeys(row.word for row in known if row.word in familiar() and row.label not in labels))
    questions = []
    for k in generator.permutation(ROUND_LENGTH):
        questions.append(Question(drawn[k], methods[k], five_words(drawn[k].word, unused, generator)))
    readable = [question for question in questions if question.method == "views"]
    first_question = max(readable, key=_readable)
    return tuple(sorted(questions, key=lambda question: question is not first_question))


def five_words(right: str, choices: Sequence[str], generator: np.random.Generator) -> tuple[str, ...]:
    """Return a word and `OPTIONS` - 1 other choices, drawn at random, in a random order."""
    wrong = generator.choice([word for word in choices if word != right], OPTIONS - 1, replace=False).tolist()
    return tuple(generator.permutation([right, *wrong]).tolist())


def _readable(question: Question) -> float:
    """Return the second network's confidence in a drawing that it recognises, else 0."""
    judgement = next(iter(question.drawing.judgements), None)
    return judgement.shares[0] if judgement and question.drawing.recognised() else 0.0


def read_choices(text: str) -> tuple[int, ...]:
    """Parse the choices in a URL, a digit each, up to the first invalid one."""
    positions: list[int] = []
    for character in text[:ROUND_LENGTH]:
        if character not in map(str, range(OPTIONS)):
            break
        positions.append(int(character))
    return tuple(positions)
