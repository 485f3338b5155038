"""The bundled models themselves: they load strictly and are as good as their cards say, on the bundled samples."""

import hashlib
import json
import re

import pytest
import torch

from core.classifiers.registry import load_classifier
from core.data.classes import CIFAR10, PRECOMPUTED
from core.data.datasets import load_samples

MODELS = PRECOMPUTED / "models"
MIN_ACCURACY = {"mini-resnet": 0.85, "mini-resnet-robust": 0.6, "mini-clip": 0.75, "mini-clip-robust": 0.6}


@pytest.mark.parametrize("name", MIN_ACCURACY)
def test_bundled_network_classifies_the_samples(name):
    classifier = load_classifier(name, CIFAR10)
    data = load_samples("cifar10-samples")
    with torch.no_grad():
        predictions = classifier(torch.from_numpy(data.images).float() / 255).argmax(1)
    assert (predictions == torch.from_numpy(data.labels)).float().mean() >= MIN_ACCURACY[name]


def test_bundled_models_state_their_digest_and_keep_a_card():
    for folder in (MODELS / name for name in MIN_ACCURACY):
        (weights,) = folder.glob("*.safetensors")
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        assert config["sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest(), folder.name
        card = (folder / "README.md").read_text(encoding="utf-8")
        assert re.search(r"95 % interval \d\d\.\d\d% to \d\d\.\d\d%, n = 10,000", card), folder.name
        assert not re.search(r"/(home|work|tmp|root)/", card), folder.name


def test_bundled_models_are_small():
    files = [path for path in MODELS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 25e6
