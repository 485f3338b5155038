"""Names with a library's prefix: the right files, or a one-sentence error."""

import sys

import pytest

from core.classifiers.families import family_spec
from core.classifiers.registry import classifier_state


def test_torchvision_names_lead_to_the_right_file():
    spec = family_spec("torchvision:resnet50/IMAGENET1K_V1")
    assert spec.weights.url.endswith("resnet50-0676ba61.pth") and spec.sha256 == "0676ba61"
    assert spec.download_bytes == pytest.approx(102_530_333, abs=1000)
    assert spec.licence == "BSD-3-Clause"
    assert family_spec("torchvision:resnet50").weights_id == "torchvision resnet50 IMAGENET1K_V2"
    swag = family_spec("torchvision:vit_b_16/IMAGENET1K_SWAG_E2E_V1")
    assert "SWAG/blob/main/LICENSE" in swag.licence


def test_every_torchvision_classifier_has_a_spec():
    from torchvision import models

    for name in models.list_models(module=models):
        assert family_spec(f"torchvision:{name}").download_bytes > 1e6


def test_timm_names_lead_to_the_right_repository():
    spec = family_spec("timm:resnet18")
    assert spec.weights.repo_id == "timm/resnet18.a1_in1k" and spec.licence == "apache-2.0"
    assert family_spec("timm:legacy_xception").weights.url.endswith(".pth")


def test_open_clip_names_lead_to_the_right_files():
    spec = family_spec("open_clip:ViT-B/32/laion2b-s34b-b79k")
    assert spec.weights.repo_id == "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
    spec = family_spec("open_clip:hf-hub:chs20/FARE4-ViT-B-32-laion2B-s34B-b79K")
    assert spec.weights.beside == ("open_clip_config.json",)
    assert spec.title == "CLIP chs20/FARE4-ViT-B-32-laion2B-s34B-b79K"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("torchvision:resnet51", "no classifier 'resnet51' .did you mean 'resnet50'"),
        ("torchvision:resnet50/V3", "no weights 'V3' for resnet50; known: IMAGENET1K_V1"),
        ("timm:resnet19.a1_in1k", "no weights 'resnet19.a1_in1k' .did you mean 'resnet"),
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
def test_names_that_cannot_work_say_why(name, message):
    with pytest.raises(ValueError, match=message):
        family_spec(name)


def test_missing_package_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)  # importing it raises ModuleNotFoundError
    state = classifier_state("timm:resnet18")
    assert state.status == "unavailable" and "run 'pip install timm'" in state.detail
