"""Rounds that visitors judge: questions, repeatable by a seed, about words that a child knows."""

from collections import Counter

import pytest

from core.data.sample_sets import imagenet
from core.pgd.drawings import OPTIONS, ROUND_LENGTH, draw_questions, familiar, read_choices, stored_pool

NAMES = imagenet().names
POOL = tuple(range(0, 1000, 3))
SEEDS = range(200)


def test_round_repeats_by_its_seed():
    assert draw_questions(POOL, NAMES, 7) == draw_questions(POOL, NAMES, 7) != draw_questions(POOL, NAMES, 8)


def test_round_has_five_familiar_words_by_each_method():
    assert set(NAMES) >= familiar() and not {"coho", "pickelhaube", "crane"} & familiar()
    for seed in SEEDS:
        questions = draw_questions(POOL, NAMES, seed)
        assert Counter(question.method for question in questions) == {"paper": 5, "views": 5}
        labels = {question.label for question in questions}
        assert len(labels) == ROUND_LENGTH and labels <= set(POOL)
        assert {NAMES[label] for question in questions for label in question.options} <= familiar()


def test_options_have_one_target():
    positions = Counter()
    for seed in SEEDS:
        questions = draw_questions(POOL, NAMES, seed)
        targets = {NAMES[question.label] for question in questions}
        for question in questions:
            options = [NAMES[label] for label in question.options]
            assert len(set(options)) == OPTIONS and targets & set(options) == {NAMES[question.label]}
            positions[question.options.index(question.label)] += 1
        assert questions[0].method == "views"  # one that can be read
    assert positions.keys() == set(range(5)) and max(positions.values()) < 1.3 * min(positions.values())


def test_gallery_is_large_enough_for_a_round():
    assert len(draw_questions(stored_pool(), NAMES, 0)) == ROUND_LENGTH


@pytest.mark.parametrize(
    ("text", "choices"),
    [("", ()), ("0123", (0, 1, 2, 3)), ("01x3", (0, 1)), ("015", (0, 1)), ("0" * 99, (0,) * 10), ("²", ())],
)
def test_choices_in_a_link_end_at_the_first_invalid_one(text, choices):
    assert read_choices(text) == choices
