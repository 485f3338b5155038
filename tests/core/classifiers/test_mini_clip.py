"""The bundled CLIPs in plain torch, against open_clip and timm on the same weight files."""

import shutil

import numpy as np
import pytest
import timm
import torch

from core.classifiers import registry as bundled
from core.classifiers.embeddings import PROMPT_FILE, load_prompt_embeddings, save_prompt_embeddings
from core.classifiers.networks import MobileVitXxs
from core.classifiers.registry import bundled_specs, load_classifier
from core.classifiers.text import DEFAULT_WORDS
from core.classifiers.weights import Identity
from core.data.datasets import load_samples
from core.data.sample_sets import CIFAR10, PRECOMPUTED, ClassSet

MODELS = PRECOMPUTED / "models"
CLIPS = ("mini-clip", "mini-clip-robust")
ANIMALS = ClassSet("custom", ("a kitten", "a frog", "some old lorry"))


def pictures(count=8):
    return torch.from_numpy(load_samples("cifar10-samples").images[:count]).float() / 255


def with_gradient(classifier, images):
    images = images.clone().requires_grad_()
    logits = classifier(images)
    (gradient,) = torch.autograd.grad(logits[:, 3].sum(), images)
    return logits.detach(), gradient


@pytest.mark.parametrize("name", CLIPS)
@pytest.mark.parametrize("classes", [CIFAR10, ANIMALS], ids=["its own classes", "free text"])
def test_logits_and_gradients_are_open_clips(name, classes):
    ours = load_classifier(name, classes)
    theirs = load_classifier(f"open_clip:local-dir:{MODELS / name}", classes)
    assert type(ours.network) is not type(theirs.network)
    images = pictures()
    torch.testing.assert_close(ours(images), theirs(images), rtol=1e-4, atol=1e-4)
    if len(classes) == 10:
        (_, ours_back), (_, theirs_back) = with_gradient(ours, images), with_gradient(theirs, images)
        assert (ours_back - theirs_back).norm() < 1e-4 * theirs_back.norm()


@pytest.mark.parametrize("name", CLIPS)
def test_kept_embeddings_are_those_of_the_text_tower(name):
    ours = load_classifier(name)
    embeddings = load_prompt_embeddings(MODELS / name, ours.sha256)
    prompts = dict.fromkeys((*CIFAR10.names, *DEFAULT_WORDS))
    assert list(embeddings) == [f"a photo of a {word}" for word in prompts]
    tokens = ours.tokenizer(list(embeddings))
    rows = ours.network.encode_text(tokens, normalize=True)
    torch.testing.assert_close(torch.from_numpy(np.stack(list(embeddings.values()))), rows, rtol=1e-5, atol=1e-6)


def test_embeddings_of_other_weights_are_not_used(tmp_path, monkeypatch):
    folder = tmp_path / "mini-clip"
    shutil.copytree(MODELS / "mini-clip", folder)
    wrong = np.tile(np.eye(1, 128, dtype=np.float32), (10, 1))
    save_prompt_embeddings(folder, [f"a photo of a {word}" for word in CIFAR10.names], wrong, "0" * 64)
    monkeypatch.setattr(bundled, "MODELS", tmp_path)
    (spec,) = bundled_specs().values()
    model = spec.load(folder / "open_clip_model.safetensors", Identity("mini-clip", "a copy", spec.sha256))
    expected = load_classifier("mini-clip")
    torch.testing.assert_close(model.for_classes(CIFAR10)(pictures()), expected(pictures()), rtol=1e-4, atol=1e-4)
    (folder / PROMPT_FILE).unlink()
    assert load_prompt_embeddings(folder, spec.sha256) == {}


def test_weights_of_another_network_are_named(tmp_path, monkeypatch):
    folder = tmp_path / "mini-clip"
    shutil.copytree(MODELS / "mini-clip", folder)
    other = folder / "open_clip_model.safetensors"
    other.write_bytes((MODELS / "mini-resnet" / "model.safetensors").read_bytes())
    monkeypatch.setattr(bundled, "MODELS", tmp_path)
    (spec,) = bundled_specs().values()
    with pytest.raises(RuntimeError, match=r"open_clip_model\.safetensors does not hold a mini-clip"):
        spec.load(other, Identity("mini-clip", "a copy"))


def test_image_tower_is_timms_before_and_after_fusing():
    torch.manual_seed(0)
    theirs = timm.create_model("mobilevit_xxs", pretrained=False, num_classes=0)
    theirs.train()(torch.randn(16, 3, 64, 64))  # batch statistics that are not 0 and 1
    theirs.eval()
    ours = MobileVitXxs()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    ours.eval()
    images = torch.randn(3, 3, 128, 64)
    with torch.no_grad():
        expected = theirs(images)
        torch.testing.assert_close(ours(images), expected, rtol=1e-4, atol=1e-5)
        ours.fuse()
        assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in ours.modules())
        torch.testing.assert_close(ours(images), expected, rtol=1e-3, atol=1e-4)
