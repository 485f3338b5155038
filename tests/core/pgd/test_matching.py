"""Differences between a plan's settings and a run's."""

from dataclasses import replace

import numpy as np
import pytest

from core.pgd.live import Run
from core.pgd.plan import inpainting_plan
from core.pgd.record import differences
from core.pgd.settings import PGDConfig
from tests.ui.toys import ToyClassifier, toy_plan

PLAN = toy_plan()
MOVED = np.roll(PLAN.mask, 1, axis=-1)


@pytest.fixture(scope="module")
def runs():
    run = Run(PLAN, lambda: [ToyClassifier("toy-a")])
    list(run.states())
    return run.so_far()


@pytest.mark.parametrize(
    ("plan", "network", "changed"),
    [
        (PLAN, "toy-a", []),
        (PLAN, "toy-b", ["classifiers"]),
        (toy_plan(penalty="mean_square"), "toy-a", ["penalty"]),
        (toy_plan(weight=3.0), "toy-a", ["weight"]),
        (toy_plan(fill="rim"), "toy-a", ["fill"]),
        (inpainting_plan(PLAN.original, MOVED, ["dog"], PLAN.config), "toy-a", ["hole", "target"]),
        (inpainting_plan(255 - PLAN.original, PLAN.mask, ["cat"], PLAN.config), "toy-a", ["picture"]),
        (replace(PLAN, config=PGDConfig(epsilon=2.0, step_size=0.2, steps=7)), "toy-a", ["steps"]),
    ],
)
def test_every_change_of_the_settings_that_made_a_run_is_named(plan, network, changed, runs):
    assert differences(plan, [network], runs) == changed
    assert plan.images.get("fill") == ("rim" if changed == ["fill"] else None), "only another fill is recorded"
