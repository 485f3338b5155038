"""Classifiers that visitors add: only where it is allowed, only what fits, nothing left behind by what does not."""

import numpy as np
import pytest

from core.classifiers.bundled import MODELS
from core.classifiers.own import VARIABLE, add_hub_model, add_weights
from core.classifiers.registry import classifier_state, list_classifiers, load_classifier
from core.data.samples import load_samples
from core.sweep.predictions import class_probabilities

FILES = {"mini-clip": "open_clip_model.safetensors", "mini-resnet": "model.safetensors"}


@pytest.fixture
def allowed(tmp_path, monkeypatch):
    """The folder of a server that takes models."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "own"))
    return tmp_path / "own"


def test_nothing_can_be_added_by_default(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(PermissionError, match="its operator can set OWN_MODELS"):
        add_hub_model("timm:resnet18.a1_in1k", max_models=2)
    with pytest.raises(PermissionError, match="OWN_MODELS"):
        add_weights("Mine", "mini-resnet", b"", max_models=2)


def test_hub_model_is_kept_and_offered_as_a_download(allowed):
    spec = add_hub_model("open_clip:hf-hub:somebody/some-clip", max_models=2)
    add_hub_model("open_clip:hf-hub:somebody/some-clip", max_models=2)
    assert [one.name for one in list_classifiers()].count(spec.name) == 1
    assert classifier_state(spec.name).status == "downloadable"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("open_clip:local-dir:/etc", "names no model of a hub"),
        ("/etc/passwd", "names no model of a hub"),
        ("timm:no_such_network", "no_such_network"),
        ("timm:", "ends after its first part"),
    ],
)
def test_names_that_are_none_are_refused_and_nothing_is_kept(allowed, name, reason):
    before = list_classifiers()
    with pytest.raises(ValueError, match=reason):
        add_hub_model(name, max_models=2)
    assert list_classifiers() == before


@pytest.mark.parametrize("architecture", FILES)
def test_uploaded_weights_predict_as_the_same_weights_bundled(allowed, architecture):
    data = load_samples("cifar10-samples")
    spec = add_weights(
        "My own!", architecture, (MODELS / architecture / FILES[architecture]).read_bytes(), max_models=2
    )
    assert spec.name == "own-my-own" and spec in list_classifiers()
    images = data.images[:8].astype(np.float32) / 255
    mine, bundled = (
        class_probabilities(load_classifier(name, data.classes), images) for name in (spec.name, architecture)
    )
    np.testing.assert_allclose(mine, bundled, atol=1e-5)
    with pytest.raises(ValueError, match="already"):
        add_weights("my OWN", architecture, b"", max_models=2)


@pytest.mark.parametrize("architecture", FILES)
def test_weights_that_do_not_fit_are_refused_and_nothing_is_left(allowed, architecture):
    (other,) = set(FILES) - {architecture}
    for weights in (b"", b"PK" + 500 * b"x", (MODELS / other / FILES[other]).read_bytes()):
        with pytest.raises(ValueError, match=f"does not hold the weights of a {architecture}") as caught:
            add_weights("Mine", architecture, weights, max_models=2)
        assert str(allowed) not in str(caught.value) and len(str(caught.value)) < 400
    assert list(allowed.iterdir()) == []
