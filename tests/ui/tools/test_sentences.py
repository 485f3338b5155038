"""Sentences of the tools against counts made here, by hand or with scipy; and their hedging."""

import numpy as np
from scipy.stats import binomtest

from core.data.classes import CIFAR10, PRECOMPUTED
from core.fourier.maps.heatmap import Heatmap
from core.fourier.maps.outcomes import class_errors, class_errors_of
from tests.ui.reading import reads
from ui.components.hybrid_mixer import Mixed
from ui.maps.predictions.cell_predictions import SamplePredictions
from ui.tools.sentences import (
    at_cutoff,
    crossover_cutoffs,
    hardest_class,
    most_frequent_mistake,
)

NAMES = CIFAR10.names
LABELS = np.repeat(np.arange(10), 10)
FILE = PRECOMPUTED / "heatmaps" / "mini-clip_cifar10-1000.npz"


def changed(*changes):
    """Correct predictions except `changes`: (class, predicted class, how many of its ten images)."""
    predictions = LABELS.copy()
    for label, prediction, count in changes:
        first = 10 * label + (predictions[10 * label : 10 * label + 10] != label).sum()
        predictions[first : first + count] = prediction
    return predictions


def sentence(before, after):
    return most_frequent_mistake(SamplePredictions("Toy", "shown instead of CLIP", "toy", LABELS, before, after), NAMES)


def test_the_most_frequent_mistake_is_named_with_its_interval():
    low, high = (f"{100 * end:.0f}" for end in binomtest(7, 10).proportion_ci(method="wilson"))
    text = sentence(changed(), changed((1, 8, 7), (3, 5, 4)))
    assert reads(
        text, "Toy (shown instead of CLIP)", "7 of 10", low, high, "automobile", "ship", "mistakes 0 without", "clearly"
    )


def test_what_few_pictures_do_not_show_is_hedged():
    assert reads(
        sentence(changed((1, 8, 1)), changed((1, 8, 4))),
        "4 of 10",
        "mistakes 1 without",
        "within the noise",
    )
    assert reads(
        sentence(changed(), changed((1, 8, 3), (2, 4, 3), (5, 3, 3))),
        "3 of 10",
        "2 other",
        "as frequent",
    )
    assert reads(sentence(LABELS, LABELS), "Toy", "no class")


def test_the_hardest_class_is_that_of_the_files_own_bits():
    heatmap = Heatmap.load(FILE)
    with np.load(FILE) as file:
        # The wave (0, 1) is one of the four slowest: its row has as many errors as its cell.
        wrong, labels = np.unpackbits(file["outcomes"], axis=1)[:, :1000].astype(bool), file["labels"]
        errors = file["top1_errors"][15, 16]
    (row,) = [k for k in range(1, 5) if wrong[k].sum() == errors]
    rates = {k: wrong[row][labels == k].mean() for k in range(10)}
    most, least = max(rates, key=rates.get), min(rates, key=rates.get)
    sentence = hardest_class("Toy", class_errors(heatmap, (0, 1)), NAMES, "1,000 images")
    facts = [
        (NAMES[place], where, f"{100 * rates[place]:.1f} %", (labels == place).sum())
        for place, where in ((most, "most"), (least, "least"))
    ]
    assert reads(sentence, "Toy", *facts[0], *facts[1], "1,000 images") and "overlap" not in sentence
    few = class_errors_of(LABELS, changed((1, 8, 4), (2, 3, 2)))
    assert "their intervals overlap" in hardest_class("Toy", few, NAMES, "100 images")


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
