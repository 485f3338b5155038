"""Robustness in the cards: stronger attacks leave no more accuracy than weaker ones, and the card is up to date."""

import json

import pytest
import torch

from core.classifiers.registry import MODELS, bundled_specs, load_classifier, model_card
from core.data.datasets import load_samples
from core.data.sample_sets import CIFAR10
from precomputed.training.data import LabelledImages
from precomputed.training.loop import Accuracy
from precomputed.training.report import HEADING, measure, section, with_section


@pytest.mark.slow
def test_each_attack_leaves_no_more_than_the_one_before():
    samples = load_samples("cifar10-samples")
    data = LabelledImages(torch.from_numpy(samples.images[:6]), torch.from_numpy(samples.labels[:6]), "samples")
    accuracies = measure(load_classifier("mini-resnet-robust", CIFAR10), data, iterations=10, queries=30)
    correct = [accuracies[name].correct for name in ("clean", "pgd", "apgd-ce", "apgd-t", "square")]
    assert correct[0] > correct[1] and correct[1:] == sorted(correct[1:], reverse=True)
    assert accuracies["pgd, epsilon 4"].correct == 0
    assert all(accuracy.count == 6 for accuracy in accuracies.values())


def test_card_gets_the_section_once():
    old, new = ({"clean": Accuracy(correct, 10)} for correct in (7, 8))
    card = with_section("# Model\n\ntext\n", section(old))
    assert card.startswith("# Model\n\ntext\n\n## Robustness\n") and "| clean | 70.00%" in card
    again = with_section(card, section(new))
    assert again.count(HEADING) == 1 and "| clean | 80.00%" in again and "70.00%" not in again


@pytest.mark.parametrize("name", ["mini-resnet-robust", "mini-clip-robust"])
def test_cards_of_the_robust_models_tell_what_was_measured(name):
    content = json.loads((MODELS / name / "robustness.json").read_text(encoding="utf-8"))
    assert content["sha256"] == bundled_specs()[name].sha256
    accuracies = {attack: Accuracy(*numbers) for attack, numbers in content["accuracy"].items()}
    assert model_card(name).endswith(section(accuracies))
    correct = [accuracies[attack].correct for attack in ("clean", "pgd", "apgd-ce", "apgd-t", "square")]
    assert correct == sorted(correct, reverse=True) and accuracies["pgd, epsilon 4"].correct == 0
    assert {accuracy.count for accuracy in accuracies.values()} == {1000}
