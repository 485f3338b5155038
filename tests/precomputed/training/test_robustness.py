"""Robustness in the cards: stronger attacks leave no more accuracy than weaker ones, and the card is up to date."""

import json
import re

import pytest
import torch

from core.classifiers.registry import MODELS, bundled_specs, load_classifier, model_card
from core.data.datasets import load_samples
from core.data.sample_sets import CIFAR10
from precomputed.training.data import LabelledImages
from precomputed.training.loop import Accuracy
from precomputed.training.report import measure, section


@pytest.mark.slow
def test_each_attack_leaves_no_more_than_the_one_before():
    samples = load_samples("cifar10-samples")
    data = LabelledImages(torch.from_numpy(samples.images[:6]), torch.from_numpy(samples.labels[:6]), "samples")
    accuracies = measure(load_classifier("mini-resnet-robust", CIFAR10), data, iterations=10, queries=30)
    correct = [accuracies[name].correct for name in ("clean", "pgd", "apgd-ce", "apgd-t", "square")]
    assert correct[0] > correct[1] and correct[1:] == sorted(correct[1:], reverse=True)
    assert accuracies["pgd, epsilon 4"].correct == 0
    assert all(accuracy.count == 6 for accuracy in accuracies.values())


@pytest.mark.parametrize("name", ["mini-resnet-robust", "mini-clip-robust"])
def test_cards_of_the_robust_models_tell_what_was_measured(name):
    content = json.loads((MODELS / name / "robustness.json").read_text(encoding="utf-8"))
    assert content["sha256"] == bundled_specs()[name].sha256
    accuracies = {attack: Accuracy(*numbers) for attack, numbers in content["accuracy"].items()}
    assert model_card(name).endswith(section(accuracies))
    correct = [accuracies[attack].correct for attack in ("clean", "pgd", "apgd-ce", "apgd-t", "square")]
    assert correct == sorted(correct, reverse=True) and accuracies["pgd, epsilon 4"].correct == 0
    assert {accuracy.count for accuracy in accuracies.values()} == {1000}


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
