"""The operator's list of classifiers: offered like all others, with one sentence for each unusable entry."""

import sys

import numpy as np
import pytest

from core.classifiers.bundled import MODELS
from core.classifiers.listed import VARIABLE, listed_classifiers
from core.classifiers.registry import (
    classifier_spec,
    classifier_state,
    classifier_title,
    list_classifiers,
    load_classifier,
)
from core.data.samples import load_samples
from core.sweep.predictions import class_probabilities
from ui.server.model_cache import ready_classifiers, ready_clips

FOLDER = f"open_clip:local-dir:{MODELS / 'mini-clip'}"


def names(specs):
    return [spec.name for spec in specs]


def test_nothing_is_listed_by_default(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert listed_classifiers().specs == {} and listed_classifiers().refused == ()


def test_listed_classifiers_stand_behind_all_others_in_their_order(monkeypatch):
    before = list_classifiers()
    monkeypatch.setenv(VARIABLE, f" timm:resnet18,{FOLDER} , timm:resnet18,")
    assert list_classifiers()[: len(before)] == before
    assert names(list_classifiers()[len(before) :]) == ["timm:resnet18", FOLDER]
    assert classifier_spec(FOLDER) == list_classifiers()[-1] and listed_classifiers().refused == ()
    assert classifier_title("timm:resnet18") == "resnet18.a1_in1k (timm)"


def test_menus_offer_a_listed_classifier_for_the_class_sets_it_serves(monkeypatch):
    """A closed-set classifier for ImageNet's classes only, a CLIP for any; both once their weights are here."""
    monkeypatch.setenv(VARIABLE, f"timm:resnet18, {FOLDER}")
    sets = {name: names(ready_classifiers(name)) for name in ("cifar10", "imagenet")}
    assert FOLDER in sets["cifar10"] and FOLDER in sets["imagenet"] and FOLDER in names(ready_clips())
    assert classifier_state("timm:resnet18").status == "downloadable" and "timm:resnet18" not in sets["imagenet"]
    monkeypatch.setattr(
        "core.classifiers.fetch.weights.HubFile.locate", lambda self: MODELS
    )  # as if its weights had been downloaded
    assert "timm:resnet18" in names(ready_classifiers("imagenet"))
    assert "timm:resnet18" not in names(ready_classifiers("cifar10")) and "timm:resnet18" not in names(ready_clips())


def test_a_listed_folder_predicts_as_the_bundled_model_in_it(monkeypatch):
    monkeypatch.setenv(VARIABLE, FOLDER)
    data = load_samples("cifar10-samples")
    images = data.images[:8].astype(np.float32) / 255
    mine, bundled = (class_probabilities(load_classifier(name, data.classes), images) for name in (FOLDER, "mini-clip"))
    np.testing.assert_allclose(mine, bundled, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("timm:no_such_network", "timm has no weights 'no_such_network'"),
        ("timm:", "write open_clip:ARCHITECTURE/TAG"),
        ("resnet-18", "write open_clip:ARCHITECTURE/TAG"),
        ("open_clip:hf-hub:somebody", "somebody"),
        ("open_clip:local-dir:/nowhere", "/nowhere"),
        ("torchvision:resnet51", "did you mean 'resnet50'"),
    ],
)
def test_entry_that_cannot_be_used_is_one_sentence_and_the_others_stay(monkeypatch, name, reason):
    monkeypatch.setenv(VARIABLE, f"{name}, {FOLDER}")
    (sentence,) = listed_classifiers().refused
    assert sentence.startswith(f"{VARIABLE} lists {name!r}, which cannot be used: ") and reason in sentence
    assert sentence.endswith(".") and "\n" not in sentence and not sentence.endswith("..")
    assert list(listed_classifiers().specs) == [FOLDER]


def test_entry_whose_package_is_missing_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)  # importing it raises ModuleNotFoundError
    monkeypatch.setenv(VARIABLE, "timm:resnet34")
    assert "run 'pip install timm'" in listed_classifiers().refused[0] and not listed_classifiers().specs
