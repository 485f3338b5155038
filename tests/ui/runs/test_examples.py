"""The way back to a stored example, whichever classifiers are ready."""

import pytest

from core.classifiers.registry import classifier_spec
from ui.runs.replay import example_titles

MINI, LARGE = ("mini-clip", "mini-clip-robust"), ("clip-vit-b-32", "clip-vit-b-32-robust")


@pytest.mark.parametrize(
    ("page", "sample_set", "variant", "ready", "expected"),
    [
        ("inpainting", "cifar10", "eq3", (*LARGE, *MINI), MINI),
        ("generation", "cifar10", "blur", (*LARGE, *MINI), MINI),
        # CLIP is the default for photographs where it is ready, but has no stored run.
        ("inpainting", "photographs", "mean_square", (*LARGE, "efficientnet-lite0"), ("efficientnet-lite0",)),
        ("generation", "photographs", "blur", (*LARGE, "efficientnet-lite0"), ("efficientnet-lite0",)),
        # The example's own classifier is not ready: the selection stays.
        ("inpainting", "photographs", "eq3", LARGE, LARGE),
        ("inpainting", "cifar10", "eq3", (), ()),
    ],
)
def test_the_way_back_chooses_the_examples_own_classifiers(page, sample_set, variant, ready, expected):
    specs = [classifier_spec(name) for name in ready]
    assert example_titles(page, sample_set, variant, specs) == [classifier_spec(name).title for name in expected]
