"""Numbers as they are written, and intervals against scipy's and at the edges."""

import numpy as np
import pytest
from scipy.stats import binomtest

from core.shared import numbers
from core.shared.numbers import MIN_VALUES, Interval, median_interval, newcombe, wilson
from core.shared.text import count_of, ordinal, with_article


def test_differences_have_true_minus_signs():
    assert (numbers.percent(0.3312), numbers.percent(0.5, 0)) == ("33.1%", "50%")
    assert (numbers.decimal(-0.25, 2), numbers.decimal(3.04, sign=True)) == ("−0.25", "+3.0")
    assert [numbers.confidence(share) for share in (0.9991, 0.999, 0.001, 0.0009)] == [
        "over 99.9%", "99.9%", "0.1%", "under 0.1%",
    ]  # fmt: skip


def test_interval_bounds_are_signed_where_signs_differ():
    assert numbers.interval(Interval(-0.003, -0.016, 0.009)) == "−1.6 to +0.9"
    assert numbers.interval(Interval(0.33, 0.322, 0.34)) == "32.2 to 34.0"


def test_one_function_rounds_every_number():
    assert numbers.decimal(100 * (0.63862 - 0.72649)) == "−8.8"  # though its terms are printed as 63.9 and 72.6
    for p, text in ((0.175, "= 0.18"), (0.0123, "= 0.01"), (0.0046, "= 0.005"), (0.0002, "< 0.001")):
        assert numbers.p_value(p) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0.0, "0"), (3.84, "3.84"), (0.00131, "0.00131"), (2.04e-4, "2.0e−4"), (3e-12, "3.0e−12")]
)
def test_small_numbers_keep_their_digits(number, text):
    assert numbers.small(number) == text


def test_durations_and_counts_are_in_words():
    assert [numbers.duration(s) for s in (42, 89.6, 720, 12_600)] == ["42 s", "90 s", "12 min", "3.5 h"]
    assert [numbers.join_list(list(parts)) for parts in ("1", "12", "124")] == ["1", "1 and 2", "1, 2 and 4"]


def test_report_formats():
    assert numbers.small_with_interval(Interval(3.8, 3.1, 4.5)) == "3.8 (3.1 to 4.5)"
    assert numbers.small_with_interval(Interval(0.2, -0.1, 0.5)) == "0.2 (0 to 0.5)"
    assert numbers.small_with_interval(Interval(0.2, float("nan"), float("nan"))) == "0.2"


@pytest.mark.parametrize(("number", "text"), [(0, "0 images"), (1, "1 image"), (1001, "1,001 images")])
def test_counts_are_pluralised(number, text):
    assert count_of(number, "image") == text


# Intervals


@pytest.mark.parametrize(("errors", "n"), [(0, 10), (1, 10), (10, 10), (543, 1000), (3, 7)])
def test_wilson_agrees_with_scipy(errors, n):
    expected = binomtest(errors, n).proportion_ci(0.95, method="wilson")
    _, low, high = wilson(errors / n, n)
    assert (float(low), float(high)) == (
        pytest.approx(expected.low, abs=1e-12),
        pytest.approx(expected.high, abs=1e-12),
    )


def test_wilson_is_unknown_without_trials():
    _, low, high = wilson(np.array([0.5, np.nan]), np.array([0, 10]))
    assert np.isnan(low).all() and np.isnan(high).all()


def test_newcombe_agrees_with_the_published_example():
    # Newcombe 1998, table II, example a: 56/70 against 48/80, method 10: 0.0524 to 0.3339.
    a, b = np.array(56 / 70), np.array(48 / 80)
    value, low, high = newcombe(wilson(a, 70), wilson(b, 80))
    assert value == a - b
    assert (float(low), float(high)) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))


def test_median_interval_agrees_with_the_sign_test():
    rng = np.random.default_rng(0)
    for n in (6, 9, 20, 100):
        values = rng.exponential(size=n)
        _, low, high = median_interval(values)
        for end, inwards in ((low, 1e-9), (high, -1e-9)):  # the test rejects a median just outside, but not just inside
            beyond, within = (binomtest(int((values < at).sum()), n).pvalue for at in (end - inwards, end + inwards))
            assert beyond <= 0.05 < within
    assert np.isnan(median_interval(np.arange(MIN_VALUES - 1.0)).low), "five values are too few"


@pytest.mark.parametrize(
    "phrase",
    [
        "a volcano", "an umbrella", "an African elephant", "an electric ray", "an hourglass", "a unicorn", "a unicycle",
        "a ukulele", "a European hare", "a ewe", "a one-armed bandit", "an onion", "an uninvited guest", "a unit",
        "a urocyon", "an urn", "an usher", "a utensil", "a USB stick", "an X-ray", "an F1 car", "a T-shirt",
        "an heirloom", "a horse", "an 8-ball", "an 11-year-old", "a 12-string guitar", "a yacht", "an “apple”",
        "a suit of clothes",
    ],
)  # fmt: skip
def test_article_follows_the_sound(phrase):
    assert with_article(phrase.partition(" ")[2]) == phrase


@pytest.mark.parametrize(
    "phrase", ["sunglasses", "bedclothes", "trunks", "red wine", "Hay", "a red ball", "the moon", "two cats"]
)
def test_plurals_masses_and_phrases_take_no_article(phrase):
    assert with_article(phrase) == phrase


def test_ordinals_and_sureness():
    known = {1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 82: "82nd", 113: "113th", 1003: "1,003rd"}
    assert {number: ordinal(number) for number in known} == known
    assert [numbers.sureness(part) for part in (0, 0.004, 0.884, 0.996, 1)] == ["1%", "1%", "88%", "99%", "99%"]
