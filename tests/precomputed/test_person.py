"""A person's answers: to the questions that the script asks now, counted apart from it, and refused if incomplete."""

import json

import numpy as np
import pytest
from PIL import Image

from core.pgd.drawings import PERSON_FILE, stored_gallery
from core.pgd.methods import COMPARED
from core.pgd.rounds import OPTIONS, five_words
from precomputed.makers.person import ACROSS, DOWN, judge, questions, write_sheets
from precomputed.makers.tables import DOCUMENT

STORED = json.loads(PERSON_FILE.read_text())


def test_answers_are_to_the_present_questions():
    asked = [(question.word.word, question.method, list(question.options)) for question in questions()]
    assert asked == [(row["word"], row["method"], row["options"]) for row in STORED["answers"]]
    assert len({(word, method) for word, method, _ in asked}) == len(COMPARED) * len(stored_gallery().words)
    for word, _, options in asked:
        assert word in options and len({*options}) == OPTIONS
    assert STORED["who"] and {row["chosen"] for row in STORED["answers"]} > {"restaurant"}


def test_document_has_the_counts():
    right = {method: 0 for method in COMPARED}
    for row in STORED["answers"]:
        right[row["method"]] += row["chosen"] == row["word"]
    text = " ".join(DOCUMENT.read_text("utf-8").split())
    assert f"{right['views']} of 100 by many views and for {right['paper']} of 100 by the paper's method" in text


@pytest.mark.parametrize("answers", [["1"] * 199, ["1"] * 199 + ["6"], ["1"] * 199 + ["x"]])
def test_incomplete_answers_are_refused(answers):
    with pytest.raises(ValueError, match=r"expected 200 numbers from 0 to 5; got (199|200) answers"):
        judge(answers, "nobody")


def test_sheets_show_every_picture(tmp_path):
    write_sheets(tmp_path)
    sheets = sorted(tmp_path.glob("*.png"))
    assert len(sheets) * ACROSS * DOWN == len(questions())
    with Image.open(sheets[0]) as sheet:
        first = questions()[0]
        pixels = np.array(sheet)[:224, :224]
    assert np.array_equal(pixels, first.word.drawings[first.method].pixels())


def test_five_words_are_in_random_order():
    generator, others = np.random.default_rng(0), [f"word {k}" for k in range(20)]
    drawn = [five_words("right", others, generator) for _ in range(200)]
    assert all("right" in words and len({*words}) == OPTIONS for words in drawn)
    assert min(np.bincount([words.index("right") for words in drawn])) > 20
