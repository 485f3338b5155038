"""Sentences of the tools against counts made here, by hand or with scipy; and their hedging."""

from tests.ui.reading import reads
from ui.components.hybrid_mixer import Mixed
from ui.tools.sentences import (
    at_cutoff,
    crossover_cutoffs,
)


def test_a_mixture_is_told_for_each_network():
    pair = ("cat", "ship")
    text = at_cutoff(4.9, [("A", pair, "cat"), ("B", pair, "ship"), ("C", pair, "frog")])
    assert reads(text, "4.9 cycles", "A ", "cat", "low", "B ", "ship", "high", "C ", "frog", "neither")
    text = at_cutoff(2.0, [("A", ("cat", "cat"), "cat")])
    assert reads(text, "2 cycles", "A ", "cat") and not {"low-frequency", "high-frequency", "neither"} & set(
        text.split()
    )


def mixed(title, classes, switches=None, together=0.0):
    """A network that gives both classes a probability of `together` in sum at each of four cutoffs."""
    return Mixed(title, "", classes, 4 * [(together / 2, together / 2)], switches, "")


def test_crossover_cutoffs_come_in_order_and_hedged():
    pair, cutoffs = ("cat", "ship"), (1.0, 2.0, 4.0, 8.0)
    networks = [
        mixed("A", pair, 3, 0.125),
        mixed("B", pair, 1, 0.6),
        mixed("C", pair),
        mixed("D", pair, 0),
    ]
    text = crossover_cutoffs(networks, cutoffs)
    assert reads(
        text, "B ", "2 cycles", "A ", "8", "low", "B ", "fewer", "A", "12.5 %", "A’s", "C and D", "not", "single pair"
    )
    assert "B’s crossover" not in text, "the pictures' classes get more than a fifth"
    assert "fewer" not in crossover_cutoffs([mixed("A", pair, 2, 0.5), mixed("B", pair, 2, 0.5)], cutoffs)
    assert (
        reads(alone := crossover_cutoffs([mixed("A", pair)], cutoffs), "A", "not", "single pair") and "2" not in alone
    )
    assert "there is no crossover" in crossover_cutoffs([mixed("A", ("cat", "cat"))], cutoffs)
