"""OpenVINO predicts like torch, and is refused where it cannot compute."""

import numpy as np
import pytest
import torch

from core.classifiers.registry import load_classifier
from core.data.samples import load_samples
from core.shared.device import device_name
from core.sweep.__main__ import main
from core.sweep.on_openvino import on_openvino


@pytest.mark.slow
def test_openvino_predicts_what_torch_does_and_says_its_name():
    pytest.importorskip("openvino", reason="an optional package")
    data = load_samples("cifar10-samples")
    images = torch.from_numpy(data.images).float() / 255
    for name in ("mini-resnet", "mini-clip", "mini-clip-vit"):
        classifier = load_classifier(name, data.classes)
        other = on_openvino(classifier, data)
        assert "OpenVINO" in device_name(other) and "OpenVINO" not in device_name(classifier)
        assert (other.name, other.kind, other.template) == (classifier.name, classifier.kind, classifier.template)
        assert other.patch_grid == classifier.patch_grid
        with torch.inference_mode():
            for batch in (images, images[:7]):
                np.testing.assert_allclose(other(batch), classifier(batch), atol=1e-3)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--backend", "openvino", "--dtype", "bfloat16"], "omit one of them"),
        (["--backend", "openvino"], "pip install openvino"),
    ],
)
def test_it_is_refused_in_a_sentence(options, why, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    arguments = ["--classifier", "mini-resnet", "--dataset", "cifar10-samples", "--device", "cpu"]
    assert main([*arguments, *options, "--output", str(tmp_path / "map.npz")]) == 2
    assert why in capsys.readouterr().err
