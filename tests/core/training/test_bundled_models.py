"""The bundled models themselves: they load strictly and are as good as their cards say, on the bundled samples."""

import hashlib
import json
import re

import pytest
import torch

from core.data.classes import PRECOMPUTED

MODELS = PRECOMPUTED / "models"
CLOSED_SET = {"mini-resnet": 0.85, "mini-resnet-robust": 0.6}
CLIPS = {"mini-clip": 0.75, "mini-clip-robust": 0.6}


def present(name: str, weights: str) -> bool:
    return (MODELS / name / weights).is_file()


def samples() -> tuple[torch.Tensor, torch.Tensor]:
    from core.data.samples import load_samples

    data = load_samples("cifar10-samples")
    return torch.from_numpy(data.images).float() / 255, torch.from_numpy(data.labels)


@pytest.mark.parametrize("name", CLOSED_SET)
def test_bundled_network_classifies_the_samples(name):
    if not present(name, "model.safetensors"):
        pytest.skip(f"{name} is not bundled")
    from core.classifiers.registry import load_classifier

    classifier = load_classifier(name)
    images, labels = samples()
    with torch.no_grad():
        accuracy = (classifier(images).argmax(1) == labels).float().mean().item()
    assert accuracy >= CLOSED_SET[name]


@pytest.mark.parametrize("name", CLIPS)
def test_bundled_clip_classifies_the_samples(name):
    if not present(name, "open_clip_model.safetensors"):
        pytest.skip(f"{name} is not bundled")
    from core.classifiers.registry import load_classifier
    from core.data.classes import CIFAR10

    classifier = load_classifier(name, CIFAR10)
    images, labels = samples()
    with torch.no_grad():
        assert (classifier(images).argmax(1) == labels).float().mean().item() >= CLIPS[name]


def test_bundled_models_state_their_digest_and_keep_a_card():
    folders = [path for path in MODELS.iterdir() if path.is_dir()] if MODELS.is_dir() else []
    if not folders:
        pytest.skip("no model is bundled")
    for folder in folders:
        (weights,) = folder.glob("*.safetensors")
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        assert config["sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest(), folder.name
        card = (folder / "README.md").read_text(encoding="utf-8")
        assert re.search(r"95 % interval \d\d\.\d\d% to \d\d\.\d\d%, n = 10,000", card), folder.name
        assert not re.search(r"/(home|work|tmp|root)/", card), folder.name


def test_bundled_models_are_small():
    files = [path for path in MODELS.rglob("*") if path.is_file()] if MODELS.is_dir() else []
    assert sum(path.stat().st_size for path in files) <= 25e6
