"""Rounds that visitors judge: questions, repeatable by a seed, about words that a child knows."""

from collections import Counter

import pytest

from core.data.sample_sets import imagenet
from core.pgd.drawings import drawn_sketches, familiar, stored_gallery
from core.pgd.rounds import OPTIONS, ROUND_LENGTH, draw_questions, judged_drawings, read_choices

NAMES = imagenet().names
SEEDS = range(200)


def drawn(seed, elsewhere=frozenset()):
    return draw_questions(*judged_drawings(elsewhere), seed)


def test_round_repeats_by_its_seed():
    assert drawn(7) == drawn(7) != drawn(8)


def test_round_has_five_of_each_method_and_of_each_start():
    assert set(NAMES) >= familiar() and not {"coho", "pickelhaube", "crane"} & familiar()
    for seed in SEEDS:
        questions = drawn(seed)
        assert Counter(question.method for question in questions) == {"paper": 5, "views": 5}
        starts = Counter((bool(question.drawn.sketch), question.method) for question in questions)
        assert sum(starts[True, method] for method in ("paper", "views")) == 5 and set(starts.values()) == {2, 3}
        assert len({question.drawn.label for question in questions}) == ROUND_LENGTH
        for question in questions:
            options = [*question.options]
            options.remove(question.drawn.word)
            assert set(options) <= familiar()


def test_options_have_one_target():
    positions = Counter()
    for seed in SEEDS:
        questions = drawn(seed)
        targets = {name for question in questions for name in (question.drawn.word, NAMES[question.drawn.label])}
        for question in questions:
            assert len(set(question.options)) == OPTIONS
            assert targets & set(question.options) == {question.drawn.word} == {question.options[question.right]}
            positions[question.right] += 1
        assert questions[0].method == "views" and questions[0].drawing.recognised()  # one that can be read
    assert positions.keys() == set(range(5)) and max(positions.values()) < 1.3 * min(positions.values())


def test_words_shown_elsewhere_are_left_out():
    some = {stored_gallery().words[0].word, "volcano", "tiger", "mousetrap"}
    words, sketches = judged_drawings(some)
    assert not some & {word.word for word in (*words, *sketches)}
    assert len(sketches) == len(drawn_sketches()) - 1


@pytest.mark.parametrize(
    ("text", "choices"),
    [("", ()), ("0123", (0, 1, 2, 3)), ("01x3", (0, 1)), ("015", (0, 1)), ("0" * 99, (0,) * 10), ("²", ())],
)
def test_choices_in_a_link_end_at_the_first_invalid_one(text, choices):
    assert read_choices(text) == choices
