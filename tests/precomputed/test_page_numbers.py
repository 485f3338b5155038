"""Numbers and sentences of the static edition, computed in Node from the page's own modules, against the app's."""

import numpy as np
import pytest

from core.fourier.intervals import wilson
from core.fourier.maps.contrasts import mcnemar
from core.numbers import pace
from core.shared.sentences import count_of
from precomputed.static_site.bundle import PAGE
from tests.node import in_node
from ui.runs.run_sentences import PATTERNS

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


def test_pace_of_a_run_is_the_apps():
    paces = [0.0894, 0.9994, 0.9996, 1.211]
    calculate = "({ pace }, paces) => paces.map((seconds) => pace({ seconds, step: 1 }))"
    expected = ["89 ms per step", "999 ms per step", "1.0 s per step", "1.2 s per step"]
    assert in_node(PAGE / "run_text.js", calculate, paces) == expected == [*map(pace, paces)]


def test_run_stopped_after_one_step_is_described_in_the_singular():
    painter = {"title": "Toy", "loss": [2, 1.5], "change": [0, 0.1], "config": {"epsilon": 4, "step_size": 0.1}}
    painter["frames"] = [[0] * 12, [51] * 12]
    run = {"kind": "generation", "step": 1, "steps": 720, "seconds": 0.2, "frameSteps": [0, 1], "models": [painter]}
    run |= {"images": {"credit": "Start: grey"}, "startLevels": [0] * 12, "mask": [1] * 4}
    calculate = """({ losses, note, origin, outcome }, [run, patterns]) => [
      note(run), note({ ...run, steps: 1 }), origin(run), losses(run.models[0], patterns),
      outcome(run, false, patterns)[0].map((part) => typeof part === "object" ? part.bold : part).join(""),
    ]"""
    assert in_node(PAGE / "run_text.js", calculate, [run, PATTERNS]) == [
        "Your run, stopped by you after 1 of 720 steps, 200 ms per step.",
        "Your run, 1 step, 200 ms per step.",
        "This browser computed 1 step of 0.100, L2 budget 4.00, in 0.2 s. Start: grey.",
        "Loss 2 → 1.5 in 1 step; change 0.10 of at most 4 (L2 norm).",
        "Toy has changed the start by 51.0 of 255 on average after 1 step.",
    ]
