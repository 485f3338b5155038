"""Numbers and sentences of the static edition, computed in Node from the page's own modules, against the app's."""

import numpy as np
import pytest

from core.fourier.intervals import wilson
from core.fourier.maps.contrasts import mcnemar
from core.shared.sentences import count_of
from precomputed.static_site.bundle import PAGE
from tests.node import in_node

SPOKEN = "(parts) => parts.map((part) => part.text ? `${part.text} (${part.interval})` : part).join('')"


def test_intervals_and_tests_of_counts_are_the_apps():
    counts = [(0, 10), (3, 10), (70, 100), (999, 1000)]
    calculate = "({ wilson }, counts) => counts.map(([count, n]) => Object.values(wilson(count, n)))"
    for (count, n), ends in zip(counts, in_node(PAGE / "statistics.js", calculate, counts), strict=True):
        assert ends == pytest.approx(list(wilson(count / n, n)))
    pairs = [(0, 0), (5, 0), (1, 9), (12, 12), (2, 14)]
    calculate = "({ mcnemar }, pairs) => pairs.map((pair) => mcnemar(...pair))"
    expected = [float(mcnemar(np.array(a), np.array(b))) for a, b in pairs]
    assert in_node(PAGE / "statistics.js", calculate, pairs) == pytest.approx(expected)


def test_count_has_a_singular_noun_for_one_as_in_the_app():
    counts = [0, 1, 2, 1001]
    calculate = "({ countOf }, counts) => counts.map((count) => countOf(count, 'step'))"
    assert in_node("count_of.js", calculate, counts) == [count_of(count, "step") for count in counts]
