"""The operator's list of classifiers: offered like all others, with one sentence for each unusable entry."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
import torchvision

from core.classifiers.registry import (
    MODELS,
    VARIABLE,
    classifier_spec,
    classifier_state,
    classifier_title,
    list_classifiers,
    listed_classifiers,
    load_classifier,
    result_title,
)
from core.data import stored
from core.data.datasets import load_samples
from core.data.sample_sets import PRECOMPUTED
from core.fourier.heatmap import Heatmap
from core.shared.device import class_probabilities
from ui.server.cache import ready_classifiers, ready_clips

MOBILE = "torchvision:mobilenet_v3_small"
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
        "core.classifiers.weights.HubFile.locate", lambda self: MODELS
    )  # as if its weights had been downloaded
    assert "timm:resnet18" in names(ready_classifiers("imagenet"))
    assert "timm:resnet18" not in names(ready_classifiers("cifar10")) and "timm:resnet18" not in names(ready_clips())


def test_a_listed_folder_predicts_as_the_bundled_model_in_it(monkeypatch):
    monkeypatch.setenv(VARIABLE, FOLDER)
    data = load_samples("cifar10-samples")
    images = data.images[:8].astype(np.float32) / 255
    own, bundled = (class_probabilities(load_classifier(name, data.classes), images) for name in (FOLDER, "mini-clip"))
    np.testing.assert_allclose(own, bundled, atol=1e-5)


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


@pytest.fixture(scope="module")
def own_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "mine.pth"
    torch.save(torchvision.models.mobilenet_v3_small().state_dict(), path)
    return path


def test_listed_network_with_a_file_has_these_weights_and_is_named_by_them(monkeypatch, own_file):
    monkeypatch.setenv(VARIABLE, f"{MOBILE}={own_file}, {MOBILE}={own_file.parent / 'none.pth'}, mini-clip={own_file}")
    (spec,) = listed_classifiers().specs.values()
    assert spec.name == MOBILE and spec.title == "mobilenet_v3_small (weights: file mine.pth)"
    assert MOBILE in names(ready_classifiers("imagenet")) and classifier_state(MOBILE).status == "ready"
    missing, unknown = listed_classifiers().refused
    assert "lacks none.pth" in missing and "write open_clip:ARCHITECTURE/TAG" in unknown
    classifier, from_file = load_classifier(MOBILE), load_classifier(MOBILE, weights=own_file)
    assert classifier.weights_id == from_file.weights_id == "file mine.pth" and classifier.sha256 == from_file.sha256
    assert result_title({"name": MOBILE, "weights_id": "file mine.pth", "sha256": "1" * 64}) == spec.title
    other = result_title({"name": MOBILE, "weights_id": "torchvision", "sha256": "1" * 64})
    assert other == "mobilenet_v3_small (weights: torchvision)"


@pytest.mark.parametrize(
    ("name", "weights_id", "listed"),
    [
        ("timm:resnet18", "timm resnet18.a1_in1k", True),
        ("timm:resnet18", "file mine.safetensors", False),
        ("timm:no_such_network", "timm no_such_network", False),
        ("mini-clip", "mini-clip", False),
    ],
)
def test_a_familys_network_is_listed_by_its_profile_unless_the_weights_are_others(
    monkeypatch, tmp_path, name, weights_id, listed
):
    (tmp_path / "heatmaps").mkdir()
    (tmp_path / "heatmaps" / "damaged.npz").write_bytes(b"none")
    heatmap = Heatmap.load(PRECOMPUTED / "heatmaps" / "mini-clip_cifar10-1000.npz")
    classifier = {**heatmap.metadata["classifier"], "name": name, "weights_id": weights_id}
    replace(heatmap, metadata={**heatmap.metadata, "classifier": classifier}).save(tmp_path / "heatmaps" / "map.npz")
    monkeypatch.setenv(stored.VARIABLE, str(tmp_path))
    assert (list(listed_classifiers().specs) == [name]) is listed and not listed_classifiers().refused


def test_entry_whose_package_is_missing_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)  # importing it raises ModuleNotFoundError
    monkeypatch.setenv(VARIABLE, "timm:resnet34")
    assert "run 'pip install timm'" in listed_classifiers().refused[0] and not listed_classifiers().specs
