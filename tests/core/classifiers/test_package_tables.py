"""Tables parsed from the packages' sources, against what the imported packages say."""

import pytest

from core.classifiers import package_tables
from core.classifiers.families import family_spec

# Default by order, by a star, without a tag, from another owner, with a file name of its own, behind a URL only.
TIMM_NAMES = (
    "resnet18",
    "resnet50",
    "resnet50.tv_in1k",
    "convnext_tiny",
    "vit_base_patch16_224",
    "tf_efficientnet_lite0",
    "inception_v4",
    "legacy_xception",
    "cspnext_tiny.rsb_a1_in1k",
    "densenet121",
    "vit_base_patch32_clip_224.openai_ft_in1k",
    "regnety_032",
    "mobilenetv3_large_100",
    "swin_tiny_patch4_window7_224",
    "vgg16",
)


def test_open_clip_tags_are_open_clips():
    from open_clip import pretrained

    expected = {
        architecture: {
            tag: (entry.get("hf_hub", ""), entry.get("url", ""), entry.get("quick_gelu", False))
            for tag, entry in entries.items()
        }
        for architecture, entries in pretrained._PRETRAINED.items()
    }
    ours = package_tables.open_clip_tags()
    assert {a: {t: (e.hub, e.url, e.quick_gelu) for t, e in tags.items()} for a, tags in ours.items()} == expected


def test_open_clip_configurations_are_open_clips():
    import open_clip

    assert set(open_clip.list_models()) <= set(package_tables.open_clip_architectures())
    assert package_tables.open_clip_config("ViT-B-32-quickgelu") == open_clip.get_model_config("ViT-B-32-quickgelu")


def test_torchvision_weights_are_torchvisions():
    from torchvision import models

    names = models.list_models(module=models)
    assert package_tables.torchvision_names() == tuple(sorted(names))
    for name in names:
        ours = package_tables.torchvision_weights(name)
        enum = models.get_model_weights(name)
        assert set(ours) == set(enum.__members__)
        for version, entry in ours.items():
            assert (entry.version, entry.url) == (enum[version].name, enum[version].url)
            assert entry.mebibytes == enum[version].meta["_file_size"]


@pytest.mark.parametrize("name", TIMM_NAMES)
def test_timm_weights_are_timms(name):
    import timm

    expected = timm.get_pretrained_cfg(name)
    ours = package_tables.timm_weights(name)
    assert ours is not None and ours.tag == expected.tag
    assert ours.hub_id == (expected.hf_hub_id or None) and ours.hub_filename == (expected.hf_hub_filename or None)
    assert ours.hub_id or ours.url == expected.url


def test_unknown_names_have_no_weights():
    assert package_tables.timm_weights("resnet19") is None
    assert package_tables.timm_weights("resnet18.none") is None
    assert package_tables.torchvision_weights("resnet19") == {}


def test_torchvision_names_lead_to_the_right_file():
    spec = family_spec("torchvision:resnet50/IMAGENET1K_V1")
    assert spec.weights.url.endswith("resnet50-0676ba61.pth") and spec.sha256 == "0676ba61"
    assert spec.download_bytes == pytest.approx(102_530_333, abs=1000)
    assert family_spec("torchvision:resnet50").weights_id == "torchvision resnet50 IMAGENET1K_V2"


def test_timm_names_lead_to_the_right_repository():
    assert family_spec("timm:resnet18").weights.repo_id == "timm/resnet18.a1_in1k"
    assert family_spec("timm:legacy_xception").weights.url.endswith(".pth")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("torchvision:resnet51", "no classifier 'resnet51' .did you mean 'resnet50'"),
        ("torchvision:resnet50/V3", "no weights 'V3' for resnet50; known: IMAGENET1K_V1"),
        ("timm:resnet19.a1_in1k", "no weights 'resnet19.a1_in1k' .did you mean 'resnet"),
    ],
)
def test_family_names_that_do_not_exist_say_so(name, message):
    with pytest.raises(ValueError, match=message):
        family_spec(name)


def test_missing_package_says_how_to_install_it(monkeypatch):
    from core.classifiers.registry import classifier_state

    monkeypatch.setattr(package_tables, "package_folder", lambda package: None)
    package_tables.timm_weights.cache_clear()
    state = classifier_state("timm:resnet18")
    assert state.status == "unavailable" and "run 'pip install timm'" in state.detail
