"""Names, states and the operator's list of classifiers; missing, foreign and damaged weights."""

import json
import socket
from dataclasses import replace

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from core.classifiers import registry as classifier_bundles
from core.classifiers.families import family_spec
from core.classifiers.networks import MiniResNet
from core.classifiers.registry import (
    CLASSIFIERS,
    MODELS,
    VARIABLE,
    classifier_spec,
    classifier_state,
    list_classifiers,
    listed_classifiers,
    load_classifier,
    result_title,
)
from core.data.sample_sets import CIFAR10, PRECOMPUTED
from core.fourier.heatmap import Heatmap
from tests.profiles import use_profile


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


@pytest.mark.parametrize("spec", list_classifiers(), ids=lambda spec: spec.name)
def test_registry_entries_are_complete(spec):
    assert spec.title and spec.licence and spec.source and spec.weights_id and "," not in spec.title
    assert (spec.kind == "closed-set") <= (spec.vocabulary is not None)
    assert classifier_spec(spec.name) == spec and spec.download_bytes is not None
    assert spec.name == "clip-vit-b-32-robust" or len(spec.sha256) == 64  # it has no published digest


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("resnet56", ValueError, "did you mean 'resnet-56'"),
        ("Efficientnet_Lite0", ValueError, "did you mean 'efficientnet-lite0'"),
        ("???", ValueError, "unknown; known: clip-vit-b-32"),
        ("huggingface:model", ValueError, "open_clip:ARCHITECTURE/TAG"),
        ("clip-vit-b-32", ValueError, "zero-shot and has no fixed classes; pass a ClassSet"),
        ("resnet-56", FileNotFoundError, r"3,471,733 bytes.* .*download=True.*, or give a weight file"),
    ],
)
def test_load_classifier_never_downloads_unasked(name, error, message):
    with pytest.raises(error, match=message):
        load_classifier(name)


def test_bundled_network_follows_its_configuration(tmp_path, monkeypatch):
    monkeypatch.setattr(classifier_bundles, "MODELS", tmp_path)
    network, folder = MiniResNet(widths=[4, 8, 8]).eval(), tmp_path / "mini-resnet"
    folder.mkdir()
    save_file(network.state_dict(), folder / "model.safetensors")
    facts = {"architecture": "mini-resnet", "kwargs": {"widths": [4, 8, 8]}, "mean": [0.5] * 3, "std": [0.25] * 3}
    (folder / "config.json").write_text(json.dumps(facts | {"classes": "cifar10", "title": "Small ResNet"}))
    spec, classifier, images = classifier_spec("mini-resnet"), load_classifier("mini-resnet"), torch.rand(3, 3, 32, 32)
    assert spec.title == "Small ResNet" and spec.kind == "closed-set" and spec in list_classifiers()
    torch.testing.assert_close(classifier(images), network((images - 0.5) / 0.25))
    assert classifier.classes is CIFAR10 and classifier.image_size == 32


def test_a_downloaded_file_of_another_digest_is_deleted(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = CLASSIFIERS["resnet-56"].weights.path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"another file")
    assert classifier_state("resnet-56").status == "ready"
    with pytest.raises(RuntimeError, match="have been deleted") as error:
        load_classifier("resnet-56")
    assert str(tmp_path) not in str(error.value) and classifier_state("resnet-56").status == "downloadable"
    path.write_bytes(b"another file")
    with pytest.raises(RuntimeError, match="the published one"):
        load_classifier("resnet-56", weights=path)
    assert path.exists(), "the user's own file stays"


def test_library_names_resolve_to_their_files():
    spec = family_spec("torchvision:resnet50/IMAGENET1K_V1")
    assert spec.weights.url.endswith("resnet50-0676ba61.pth") and spec.sha256 == "0676ba61"
    assert spec.download_bytes == pytest.approx(102_530_333, abs=1000) and spec.licence == "BSD-3-Clause"
    assert family_spec("torchvision:resnet50").weights_id == "torchvision resnet50 IMAGENET1K_V2"
    assert "SWAG/blob/main/LICENSE" in family_spec("torchvision:vit_b_16/IMAGENET1K_SWAG_E2E_V1").licence
    for name in torchvision.models.list_models(module=torchvision.models):
        assert family_spec(f"torchvision:{name}").download_bytes > 1e6
    spec = family_spec("timm:resnet18")
    assert spec.weights.repo_id == "timm/resnet18.a1_in1k" and spec.licence == "apache-2.0"
    assert family_spec("timm:legacy_xception").weights.url.endswith(".pth")
    spec = family_spec("open_clip:ViT-B/32/laion2b-s34b-b79k")
    assert spec.weights.repo_id == "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
    spec = family_spec("open_clip:hf-hub:chs20/FARE4-ViT-B-32-laion2B-s34B-b79K")
    assert spec.weights.companions == ("open_clip_config.json",)
    assert spec.title == "CLIP chs20/FARE4-ViT-B-32-laion2B-s34B-b79K"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("torchvision:resnet51", "no classifier 'resnet51' .did you mean 'resnet50'"),
        ("torchvision:resnet50/V3", "no weights 'V3' for resnet50; known: IMAGENET1K_V1"),
        ("timm:resnet18.none", "no weights 'resnet18.none' .did you mean 'resnet18"),
        ("timm:vit_base_patch16_224.augreg_in21k", "has 21843 outputs, not the 1,000 ImageNet classes"),
        ("open_clip:ViT-B/32/openai", r"silently compute something else.*use open_clip:ViT-B-32-quickgelu/openai"),
        ("open_clip:ViT-B-32-quickgelu/laion2b_s34b_b79k", r"no weights 'laion2b_s34b_b79k'.*of the tags openai"),
        ("open_clip:ViT-B-32", r"does not say which weights; write open_clip:ViT-B-32/TAG with one of the tags openai"),
        ("open_clip:ViT-B-23/openai", r"did you mean 'ViT-B-32'"),
        ("open_clip:roberta-ViT-B-32/laion2b_s12b_b32k", r"text tower from the package transformers"),
        ("open_clip:hf-hub:nowhere", r"called owner/name, got 'nowhere'"),
    ],
)
def test_invalid_classifier_names_are_explained(name, message):
    with pytest.raises(ValueError, match=message):
        family_spec(name)


MOBILE = "torchvision:mobilenet_v3_small"
FOLDER = f"open_clip:local-dir:{MODELS / 'mini-clip'}"


def names(specs):
    return [spec.name for spec in specs]


@pytest.fixture(scope="module")
def own_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "mine.pth"
    torch.save(torchvision.models.mobilenet_v3_small().state_dict(), path)
    return path


def test_own_weights_file_is_listed(monkeypatch, own_file):
    monkeypatch.setenv(VARIABLE, f"{MOBILE}={own_file}, {MOBILE}={own_file.parent / 'none.pth'}, mini-clip={own_file}")
    (spec,) = listed_classifiers().specs.values()
    assert spec.name == MOBILE and spec.title == "mobilenet_v3_small (weights: file mine.pth)"
    assert classifier_state(MOBILE).status == "ready"
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
def test_a_profile_lists_its_network_of_usual_weights(monkeypatch, tmp_path, name, weights_id, listed):
    (tmp_path / "heatmaps").mkdir()
    (tmp_path / "heatmaps" / "damaged.npz").write_bytes(b"none")
    heatmap = Heatmap.load(PRECOMPUTED / "heatmaps" / "mini-clip_cifar10-1000.npz")
    classifier = {**heatmap.metadata["classifier"], "name": name, "weights_id": weights_id}
    replace(heatmap, metadata={**heatmap.metadata, "classifier": classifier}).save(tmp_path / "heatmaps" / "map.npz")
    use_profile(monkeypatch, tmp_path)
    assert (list(listed_classifiers().specs) == [name]) is listed and not listed_classifiers().refused
