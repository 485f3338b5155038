"""Settings of a PGD run: accepted and refused values, and defaults."""

import json

import numpy as np
import pytest

from core.pgd.settings import PGDConfig, paper_generation, paper_inpainting, usual_settings

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
        ({"search": "random"}, "search must be one of pixels, views"),
        ({"search": "views"}, "'views' needs `views`"),
        ({"step_decay": 1.5}, "step_decay must be a number above 0, at most 1"),
    ],
)
def test_config_refuses_values_out_of_range(changes, message):
    with pytest.raises(ValueError, match=message) as caught:
        PGDConfig(**(PLAIN | changes))
    assert "\n" not in str(caught.value)


def test_config_survives_json():
    config = PGDConfig(epsilon=np.float32(2), step_size=np.float64(0.5), steps=np.int64(3), step_decay=0.5)
    assert type(config.steps) is int
    assert PGDConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_paper_settings_scale_with_the_image():
    assert paper_inpainting(224) == PGDConfig(epsilon=21.6, step_size=0.1, steps=720)
    assert paper_generation(224) == PGDConfig(epsilon=40, step_size=1, steps=60)
    assert paper_inpainting(224, 60) == paper_inpainting(224) and paper_inpainting(224, 30).epsilon == 10.8
    assert round(paper_inpainting(32, 16).epsilon, 2) == 5.49, "the budget scales with the hole's size"
    assert paper_inpainting(32, 16).step_size == paper_inpainting(32).step_size
    assert round(paper_inpainting(32).epsilon, 2) == 3.09 and round(paper_generation(32).epsilon, 2) == 5.71
    assert paper_generation(32).step_size == pytest.approx(1 / 7)


def test_settings_by_views_scale_with_the_image():
    large, half = (usual_settings("generation", size, search="views") for size in (224, 112))
    assert half["epsilon"] == large["epsilon"] / 2 and half["views"] == large["views"]
    small = usual_settings("generation", 32, search="views")["views"]
    assert small.shift and small.min_side == 1, "a crop of a small picture shows too little"
