"""Cheaper passes: what is refused, and that OpenVINO predicts the same where it is installed."""

import numpy as np
import pytest
import torch

from core.classifiers.registry import load_classifier
from core.data.samples import load_samples
from core.shared.device import device_name
from core.sweep import cheaper
from core.sweep.cheaper import choose_dtype, with_backend


@pytest.mark.slow
def test_openvino_predicts_what_torch_does_and_says_its_name():
    pytest.importorskip("openvino", reason="an optional package")
    data = load_samples("cifar10-samples")
    images = torch.from_numpy(data.images).float() / 255
    for name in ("mini-resnet", "mini-clip", "mini-clip-vit"):
        classifier = load_classifier(name, data.classes)
        other = with_backend(classifier, data, "openvino")
        assert "OpenVINO" in device_name(other) and "OpenVINO" not in device_name(classifier)
        assert (other.name, other.kind, other.template) == (classifier.name, classifier.kind, classifier.template)
        assert other.patch_grid == classifier.patch_grid
        with torch.inference_mode():
            for batch in (images, images[:7]):
                np.testing.assert_allclose(other(batch), classifier(batch), atol=1e-3)


def test_bfloat16_is_taken_only_where_it_is_faster_and_predicts_the_same(linear_classifier, noise_dataset, monkeypatch):
    monkeypatch.setattr(cheaper, "_faster", lambda *arguments, **options: False)
    assert choose_dtype(linear_classifier, noise_dataset) == "float32"
    monkeypatch.setattr(cheaper, "_faster", lambda *arguments, **options: True)
    assert choose_dtype(linear_classifier, noise_dataset) == "bfloat16"
    linear = linear_classifier.network[1]
    linear.weight.mul_(1e-4).add_(1)  # bfloat16 knows no number between 1 and 1.008
    assert choose_dtype(linear_classifier, noise_dataset) == "float32"


@pytest.mark.parametrize(("changed", "dtype"), [(3, "bfloat16"), (4, "float32")])
def test_bfloat16_may_change_at_most_one_and_a_half_per_cent(linear_classifier, monkeypatch, changed, dtype):
    exact = np.arange(200) % 10
    rounded = np.concatenate([exact[:changed] + 1, exact[changed:]])
    monkeypatch.setattr(cheaper, "_faster", lambda *arguments, **options: True)
    monkeypatch.setattr(cheaper, "_batches", lambda *arguments: [None])
    monkeypatch.setattr(cheaper, "_predicted", lambda one, batch, dtype="": rounded if dtype == "bfloat16" else exact)
    assert choose_dtype(linear_classifier, None) == dtype


def test_backend_auto_is_torch_where_openvino_is_not_installed(linear_classifier, noise_dataset, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert with_backend(linear_classifier, noise_dataset, "auto") is linear_classifier
    with pytest.raises(ModuleNotFoundError, match="pip install openvino"):
        with_backend(linear_classifier, noise_dataset, "openvino")


@pytest.mark.slow
def test_backend_auto_measures_only_where_much_is_ahead_and_wants_the_same_logits(monkeypatch):
    pytest.importorskip("openvino", reason="an optional package")
    data = load_samples("cifar10-samples")
    classifier = load_classifier("mini-resnet", data.classes)
    monkeypatch.setattr(cheaper, "_faster", lambda *arguments, **options: True)
    assert "OpenVINO" in device_name(with_backend(classifier, data, "auto", 10**8))
    assert with_backend(classifier, data, "auto", 1000) is classifier
    monkeypatch.setattr(cheaper, "SAME", 1e-12)  # as if it rounded more than it does
    assert with_backend(classifier, data, "auto", 10**8) is classifier
    monkeypatch.setattr(cheaper, "_faster", lambda *arguments, **options: False)
    monkeypatch.setattr(cheaper, "SAME", 1e-5)
    assert with_backend(classifier, data, "auto") is classifier
