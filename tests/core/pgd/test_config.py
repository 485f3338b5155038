"""Settings of a PGD run: accepted and refused values, and defaults."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.pgd.methods import METHODS
from core.pgd.settings import PGDConfig, defaults, has_quick

PLAIN = {"epsilon": 1.0, "step_size": 0.2, "steps": 12}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "steps must be a whole number from 1"),
        ({"steps": 10**9}, "steps must be a whole number from 1"),
        ({"steps": 2.5}, "steps must be a whole number"),
        ({"epsilon": float("nan")}, "epsilon must be a number above 0"),
        ({"epsilon": float("inf")}, "epsilon must be a number above 0"),
        ({"step_size": -1}, "step_size must be a number above 0"),
        ({"method": "views"}, "method must be a `Method`"),
        ({"step_decay": 1.5}, "step_decay must be a number above 0, at most 1"),
    ],
)
def test_config_out_of_range_is_refused(changes, message):
    with pytest.raises(ValueError, match=message) as caught:
        PGDConfig(**(PLAIN | changes))
    assert "\n" not in str(caught.value)


def test_config_survives_json():
    config = PGDConfig(epsilon=np.float32(2), step_size=np.float64(0.5), steps=np.int64(3), step_decay=0.5)
    assert type(config.steps) is int
    assert PGDConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_a_methods_row_has_the_ingredients_of_large_drawings():
    for name, row in METHODS.items():
        assert row.method == defaults("generation", 224, name).method, name


def test_paper_settings_scale_with_the_image():
    assert defaults("inpainting", 224) == PGDConfig(epsilon=21.6, step_size=0.1, steps=720)
    assert defaults("generation", 224) == PGDConfig(epsilon=40, step_size=1, steps=60)
    assert defaults("inpainting", 224, hole_size=60) == defaults("inpainting", 224)
    assert defaults("inpainting", 224, hole_size=30).epsilon == 10.8
    large, small = (defaults("inpainting", 32, hole_size=hole_size) for hole_size in (16, None))
    assert round(large.epsilon, 2) == 5.49, "the budget scales with the hole's size"
    assert large.step_size == small.step_size
    assert round(small.epsilon, 2) == 3.09 and round(defaults("generation", 32).epsilon, 2) == 5.71
    assert defaults("generation", 32).step_size == pytest.approx(1 / 7)


def test_settings_by_views_scale_with_the_image():
    large, half = (defaults("generation", size, "views") for size in (224, 112))
    assert half.epsilon == large.epsilon / 2 and half.method == large.method
    small = defaults("generation", 32, "views").method.views
    assert small.shift and small.min_size == 1, "a crop of a small picture shows too little"


@pytest.mark.parametrize("task", ["generation", "inpainting"])
@pytest.mark.parametrize("size", [32, 224])
def test_methods_share_steps_and_ball(task, size):
    ours = defaults(task, size, "views")
    for name in METHODS:
        config = defaults(task, size, name)
        assert config.method.name == name
        if name != "paper":
            assert config == replace(ours, method=ours.method.variant(name))


def test_quick_settings_take_fewer_longer_steps():
    for start, length in (("grey", 8), ("sketch", 6), ("meadow", 6)):
        full, quick = (defaults("generation", 224, "views", start=start, quick=quick) for quick in (False, True))
        assert (quick.steps, quick.step_size) == (96, 1.25 * length) and (full.steps, full.step_size) == (160, length)
    for size, method in ((224, "paper"), (32, "views")):
        assert not has_quick(size, method)
        assert defaults("generation", size, method, quick=True) == defaults("generation", size, method)


def test_unknown_method_is_refused():
    with pytest.raises(ValueError, match="method must be one of paper, strokes, views_only, views; got 'pixels'"):
        defaults("generation", 224, "pixels")
