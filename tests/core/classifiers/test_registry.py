"""The registry: names, states, and behaviour with missing weights."""

import dataclasses
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.classifiers import registry as classifier_bundles
from core.classifiers.registry import (
    CLASSIFIERS,
    classifier_spec,
    classifier_state,
    list_classifiers,
    load_classifier,
    network_side,
)
from core.classifiers.weights import UrlFile
from core.data.sample_sets import CIFAR10, ClassSet, imagenet100

RESNET56_BYTES = 3_471_733


@pytest.fixture(autouse=True)
def empty_caches(tmp_path, monkeypatch):
    """Only installed weights, and any use of the network is an error."""
    from huggingface_hub import constants

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(socket, "getaddrinfo", _forbidden)
    return tmp_path


def _forbidden(host, *rest, **options):
    raise AssertionError(f"asked the network for {host}")


def _save_bundle(folder: Path, **config) -> None:
    from safetensors.torch import save_file

    from core.classifiers.networks import MiniResNet

    torch.manual_seed(0)
    kwargs = {"widths": [4, 8, 8]}
    folder.mkdir(parents=True)
    save_file(MiniResNet(**kwargs).state_dict(), folder / "model.safetensors")
    content = {
        "architecture": "mini-resnet",
        "kwargs": kwargs,
        "mean": [0.5, 0.5, 0.5],
        "std": [0.25, 0.25, 0.25],
        "classes": "cifar10",
        "title": "Small ResNet",
        "licence": "MIT",
    }
    (folder / "config.json").write_text(json.dumps(content | config))


@pytest.mark.parametrize("spec", list_classifiers(), ids=lambda spec: spec.name)
def test_every_entry_states_licence_source_and_size(spec):
    assert "," not in spec.title
    assert spec.title and spec.licence and spec.source and spec.weights_id
    assert spec.download_bytes is not None
    assert (spec.kind == "closed-set") <= (spec.vocabulary is not None)
    assert classifier_spec(spec.name) == spec


@pytest.mark.parametrize("name", ["resnet-50", "resnet-56", "efficientnet-lite0", "clip-vit-b-32"])
def test_known_files_are_checked_by_a_whole_digest(name):
    digest = CLASSIFIERS[name].sha256
    assert digest is not None and len(digest) == 64 and int(digest, 16)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("resnet56", "did you mean 'resnet-56'"),
        ("vit-b32", "did you mean 'clip-vit-b-32'"),
        ("Efficientnet_Lite0", "did you mean 'efficientnet-lite0'"),
        ("???", "unknown; known: clip-vit-b-32"),
        ("huggingface:model", "open_clip:ARCHITECTURE/TAG"),
    ],
)
def test_classifier_spec_helps_with_unknown_names(name, message):
    with pytest.raises(ValueError, match=message):
        classifier_spec(name)


def test_classifier_state_of_an_installed_package_is_ready():
    state = classifier_state("efficientnet-lite0")
    assert state.status == "ready" and state.download_bytes is None


@pytest.mark.parametrize("name", ["resnet-56", "resnet-50", "clip-vit-b-32", "clip-vit-b-32-robust"])
def test_classifier_state_states_the_size_before_anything_starts(name):
    state = classifier_state(name)
    assert state.status == "downloadable"
    assert state.download_bytes == CLASSIFIERS[name].download_bytes
    assert f"{state.download_bytes:,} bytes" in state.detail


def test_classifier_state_of_cached_weights_is_ready_also_of_the_commit_that_is_pinned(empty_caches):
    path = empty_caches / "torch" / "hub" / "checkpoints" / "resnet56-4bfd9763.th"
    path.parent.mkdir(parents=True)
    path.touch()
    assert classifier_state("resnet-56").status == "ready"
    source = CLASSIFIERS["clip-vit-b-32"].weights
    folder = empty_caches / "hub" / f"models--{source.repo_id.replace('/', '--')}" / "snapshots" / source.revision
    folder.mkdir(parents=True)
    (folder / "open_clip_model.safetensors").touch()
    assert classifier_state("clip-vit-b-32").status == "ready"


def test_classifier_state_wants_the_configuration_beside_hub_weights(empty_caches):
    cache = empty_caches / "hub" / "models--chs20--TeCoA4-ViT-B-32-laion2B-s34B-b79K"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text("c0ffee")
    snapshot = cache / "snapshots" / "c0ffee"
    snapshot.mkdir(parents=True)
    (snapshot / "open_clip_model.safetensors").touch()
    assert classifier_state("clip-vit-b-32-robust").status == "downloadable"
    (snapshot / "open_clip_config.json").touch()
    assert classifier_state("clip-vit-b-32-robust").status == "ready"


def test_classifier_state_of_a_given_file(tmp_path):
    assert classifier_state("resnet-56", tmp_path / "none.th").status == "unavailable"
    (tmp_path / "some.th").touch()
    assert classifier_state("resnet-56", tmp_path / "some.th").status == "ready"


def test_load_classifier_never_downloads_unasked():
    with pytest.raises(
        FileNotFoundError, match=rf"{RESNET56_BYTES:,} bytes.* with download=True .--download., or .* weights=PATH"
    ):
        load_classifier("resnet-56")


def test_load_classifier_refuses_another_file_for_a_known_one_and_names_a_missing_one(tmp_path):
    other = tmp_path / "resnet56-4bfd9763.th"
    other.write_bytes(b"not the published weights")
    with pytest.raises(
        RuntimeError, match=r"resnet56-4bfd9763\.th is not the published one: its sha256 is [0-9a-f]{64}"
    ):
        load_classifier("resnet-56", weights=other)
    with pytest.raises(FileNotFoundError, match=r"lacks none\.th"):
        load_classifier("resnet-56", weights=tmp_path / "none.th")


def test_load_classifier_wants_classes_for_zero_shot():
    with pytest.raises(ValueError, match=r"zero-shot and has no classes of its own; pass a ClassSet"):
        load_classifier("clip-vit-b-32")


def test_bundled_models_are_offered_when_they_are_there(tmp_path, monkeypatch):
    monkeypatch.setattr(classifier_bundles, "MODELS", tmp_path / "models")
    assert [spec.name for spec in list_classifiers()] == list(CLASSIFIERS)
    _save_bundle(tmp_path / "models" / "mini-resnet")
    spec = classifier_spec("mini-resnet")
    assert spec.title == "Small ResNet" and spec.kind == "closed-set" and spec in list_classifiers()
    assert classifier_state("mini-resnet").status == "ready"


def test_bundled_network_computes_what_its_configuration_says(tmp_path, monkeypatch):
    from safetensors.torch import load_file

    from core.classifiers.networks import MiniResNet

    monkeypatch.setattr(classifier_bundles, "MODELS", tmp_path / "models")
    _save_bundle(tmp_path / "models" / "mini-resnet")
    classifier = load_classifier("mini-resnet")
    network = MiniResNet(widths=[4, 8, 8]).eval()
    network.load_state_dict(load_file(tmp_path / "models" / "mini-resnet" / "model.safetensors"))
    images = torch.rand(3, 3, 32, 32)
    torch.testing.assert_close(classifier(images), network((images - 0.5) / 0.25))
    assert classifier.classes is CIFAR10 and classifier.image_size == 32


def test_damaged_bundle_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(classifier_bundles, "MODELS", tmp_path)
    (tmp_path / "mini-resnet").mkdir()
    (tmp_path / "mini-resnet" / "config.json").write_text("{")
    with pytest.raises(RuntimeError, match=r"mini-resnet/config\.json is damaged"):
        list_classifiers()


def test_adding_a_classifier_is_one_entry(monkeypatch, linear_classifier, tmp_path):
    (tmp_path / "weights.bin").touch()
    entry = dataclasses.replace(
        CLASSIFIERS["resnet-56"],
        name="mine",
        load=lambda path, identity: linear_classifier,
        weights=UrlFile("https://example.org/weights.bin"),
    )
    monkeypatch.setitem(CLASSIFIERS, "mine", entry)
    classes = ClassSet("custom", ("b", "a"))
    classifier = load_classifier("mine", classes, weights=tmp_path / "weights.bin")
    images = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(classifier(images), linear_classifier(images)[:, [1, 0]])


def test_a_file_that_is_not_the_published_one_is_deleted_so_that_it_can_be_fetched_again(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = CLASSIFIERS["resnet-56"].weights.path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"another file")
    assert classifier_state("resnet-56").status == "ready"
    with pytest.raises(
        RuntimeError, match=r"were not the published file and have been deleted; download it again"
    ) as error:
        load_classifier("resnet-56")
    assert str(tmp_path) not in str(error.value) and classifier_state("resnet-56").status == "downloadable"
    path.write_bytes(b"another file")
    with pytest.raises(RuntimeError, match="is not the published one"):
        load_classifier("resnet-56", weights=path)
    assert path.exists(), "the user's own file stays"


def test_load_classifier_loads_offline_and_restricts():
    classifier = load_classifier("efficientnet-lite0", imagenet100())
    assert classifier.name == "efficientnet-lite0" and classifier.kind == "closed-set"
    assert classifier.sha256 == CLASSIFIERS["efficientnet-lite0"].sha256
    assert classifier.device == torch.device("cpu") and classifier.template is None
    assert classifier(torch.rand(1, 3, 64, 64)).shape == (1, 100)


def test_states_of_registered_names_do_not_import_torch():
    code = """
import sys, core as c
for spec in c.list_classifiers(): c.classifier_state(spec.name)
print('torch' in sys.modules)
c.load_classifier('mini-resnet')
print('torch' in sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert result.stdout.split() == ["False", "True"]


@pytest.mark.parametrize("name", ["efficientnet-lite0", "mini-clip", "mini-clip-vit", "mini-resnet"])
def test_the_side_that_pages_state_is_that_of_what_the_network_sees(name):
    assert network_side(name) == load_classifier(name).preprocess.size
