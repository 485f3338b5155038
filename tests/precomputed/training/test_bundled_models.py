"""The bundled models load strictly, and match their cards' accuracy on the bundled samples."""

import json
import re

import pytest
import torch

from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.sample_sets import CIFAR10, PRECOMPUTED

MODELS = PRECOMPUTED / "models"
MIN_ACCURACY = {"mini-resnet": 0.85, "mini-resnet-robust": 0.6, "mini-clip": 0.75, "mini-clip-robust": 0.6}


@pytest.mark.parametrize("name", MIN_ACCURACY)
def test_bundled_network_classifies_the_samples_and_has_a_card(name):
    classifier = load_classifier(name, CIFAR10)  # also checks the digest
    assert classifier.sha256 == json.loads((MODELS / name / "config.json").read_text(encoding="utf-8"))["sha256"]
    data = load_samples("cifar10-samples")
    with torch.no_grad():
        predictions = classifier(torch.from_numpy(data.images).float() / 255).argmax(1)
    assert (predictions == torch.from_numpy(data.labels)).float().mean() >= MIN_ACCURACY[name]
    card = (MODELS / name / "README.md").read_text(encoding="utf-8")
    assert re.search(r"95 % interval \d\d\.\d\d% to \d\d\.\d\d%, n = 10,000", card)
    assert "last bits" in card and not re.search(r"/(home|work|tmp|root)/", card)


def test_bundled_models_are_small():
    files = [path for path in MODELS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 25e6
