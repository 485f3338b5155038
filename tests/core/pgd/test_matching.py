"""Differences between a plan's settings and a run's."""

import numpy as np

from core.pgd.run import FILL, Run, changed_settings, inpainting_plan
from core.pgd.settings import PGDConfig
from tests.ui.toys import ToyClassifier, toy_plan


def test_settings_that_made_a_run_are_found_the_same_and_every_change_is_named():
    run = Run(toy_plan(), lambda: [ToyClassifier("toy-a")])
    for _ in run.states():
        pass
    runs = run.so_far()
    assert changed_settings(toy_plan(), ["toy-a"], runs) == []
    assert changed_settings(toy_plan(), ["toy-b"], runs) == ["the classifiers"]
    assert changed_settings(toy_plan(penalty="mean_square"), ["toy-a"], runs) == ["the penalty"]
    assert changed_settings(toy_plan(weight=3.0), ["toy-a"], runs) == ["its weight"]
    other = toy_plan()
    mask = np.roll(other.mask, 1, axis=-1)
    assert changed_settings(inpainting_plan(other.original, mask, ["dog"], other.config), ["toy-a"], runs) == [
        "the hole",
        "the target",
    ]
    assert "the picture" in changed_settings(
        inpainting_plan(255 - other.original, other.mask, ["cat"], other.config), ["toy-a"], runs
    )
    rim = inpainting_plan(other.original, other.mask, ["cat"], other.config, fill="rim")
    assert changed_settings(rim, ["toy-a"], runs) == [FILL]
    longer = PGDConfig(epsilon=2.0, step_size=0.2, steps=7)
    assert changed_settings(inpainting_plan(other.original, other.mask, ["cat"], longer), ["toy-a"], runs) == [
        "steps or lengths"
    ]
