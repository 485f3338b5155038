"""Rounds that visitors judge: questions, repeatable by a seed, and the score."""

from collections import Counter

import pytest

from core.data.classes import imagenet
from core.fourier.intervals import wilson
from core.reconstruct.visitor_judge import CHANCE, COUNT, OPTIONS, Pool, draw_questions, read_choices, score

NAMES = imagenet().names
POOL = Pool(tuple(range(0, 400, 20)), tuple(range(405, 805, 20)))
SEEDS = range(200)


def test_a_round_repeats_by_its_seed_and_another_differs():
    assert draw_questions(POOL, NAMES, 7) == draw_questions(POOL, NAMES, 7) != draw_questions(POOL, NAMES, 8)


def test_five_drawings_by_each_search_half_of_each_half_of_the_pool():
    split = Counter()
    for seed in SEEDS:
        questions = draw_questions(POOL, NAMES, seed)
        assert Counter(question.search for question in questions) == {"pixels": 5, "views": 5}
        labels = {question.label for question in questions}
        assert len(labels) == COUNT and len(labels & set(POOL.recognised)) == len(labels & set(POOL.unrecognised)) == 5
        views = {question.label for question in questions if question.search == "views"}
        split[len(views & set(POOL.recognised))] += 1
    assert split.keys() == {2, 3} and min(split.values()) > 60


def test_options_are_five_names_the_target_among_them_at_any_place_and_no_other_target():
    places, searches = Counter(), Counter()
    for seed in SEEDS:
        questions = draw_questions(POOL, NAMES, seed)
        targets = {NAMES[question.label] for question in questions}
        for question in questions:
            options = [NAMES[label] for label in question.options]
            assert len(set(options)) == OPTIONS and targets & set(options) == {NAMES[question.label]}
            places[question.options.index(question.label)] += 1
        searches[questions[0].search] += 1
    assert places.keys() == set(range(5)) and max(places.values()) < 1.3 * min(places.values())
    assert min(searches.values()) > 70  # neither search consistently comes first


def test_a_name_of_two_classes_is_offered_once():
    names = ["crane"] * 30 + ["hen", "cock", "jay", "kite"]
    pool = Pool(tuple(range(5)), tuple(range(5, 10)))
    with pytest.raises(ValueError, match="larger sample"):
        draw_questions(pool, [*names[:30], "hen", "cock", "jay"], 0)
    assert {names[label] for label in draw_questions(pool, names, 0)[0].options} == {
        "crane",
        "hen",
        "cock",
        "jay",
        "kite",
    }


def test_the_score_counts_each_search_and_has_wilsons_interval():
    questions = draw_questions(POOL, NAMES, 3)
    right = [question.options.index(question.label) for question in questions]
    wrong = [(place + 1) % OPTIONS for place in right]
    mixed = [r if q.search == "views" else w for q, r, w in zip(questions, right, wrong, strict=True)]
    assert [score(questions, mixed, search).right for search in ("pixels", "views")] == [0, 5]
    views = score(questions, mixed, "views")
    assert views.share == wilson(1.0, 5) and views.n == 5
    assert score(questions, mixed[:4], questions[0].search).n == sum(
        q.search == questions[0].search for q in questions[:4]
    )
    with pytest.raises(ValueError, match="no drawing by"):
        score(questions, [], "views")


def test_guessing_is_right_once_in_five():
    right = [sum(q.right(0) for q in draw_questions(POOL, NAMES, seed) if q.search == "views") for seed in SEEDS]
    assert sum(right) / len(right) == pytest.approx(CHANCE, abs=0.2)


@pytest.mark.parametrize(
    ("text", "choices"),
    [("", ()), ("0412", (0, 4, 1, 2)), ("05", (0,)), ("x1", ()), ("3" * 30, (3,) * COUNT), ("1²", (1,)), ("-1", ())],
)
def test_choices_of_a_url_are_read_up_to_the_first_senseless_one(text, choices):
    assert read_choices(text) == choices


def test_a_pool_needs_five_classes_of_each_half():
    with pytest.raises(ValueError, match="5 classes of each half"):
        Pool((1, 2, 3, 4, 5), (6,))
