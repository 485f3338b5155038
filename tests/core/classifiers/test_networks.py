"""Networks from files: function and weights match, against He et al., timm, torchvision and open_clip."""

import re
import shutil
from collections import OrderedDict
from functools import partial

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from torchvision import models

from core.classifiers import registry as bundled
from core.classifiers.loaders import load_resnet56, load_timm, load_torchvision
from core.classifiers.networks import CifarResNet, with_contiguous_attention
from core.classifiers.registry import load_classifier
from core.classifiers.text import DEFAULT_WORDS
from core.classifiers.weights import Identity
from core.classifiers.zero_shot import load_prompt_embeddings, save_prompt_embeddings
from core.data.datasets import load_samples
from core.data.sample_sets import CIFAR10, PRECOMPUTED, ClassSet, imagenet, imagenet100

IDENTITY, TIMM = Identity("test", "seed 0"), "test_resnet.r160_in1k"


@pytest.fixture(scope="module")
def lite0():
    return load_classifier("efficientnet-lite0")


@pytest.fixture(scope="module")
def resnet56_file(tmp_path_factory):
    """A file in the published one's format, with random weights."""
    torch.manual_seed(0)
    network = CifarResNet()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    path = tmp_path_factory.mktemp("weights") / "resnet56.th"
    state = OrderedDict((f"module.{key}", value) for key, value in network.state_dict().items())
    torch.save({"state_dict": state, "best_prec1": 93.62}, path)
    return path


def _slow_resnet56(state, images):
    """The network of He et al. 2016, sec. 4.2, written from the paper as one function of the tensors."""

    def norm(features, prefix):
        statistics = state[f"{prefix}.running_mean"], state[f"{prefix}.running_var"]
        return F.batch_norm(features, *statistics, state[f"{prefix}.weight"], state[f"{prefix}.bias"])

    features = F.relu(norm(F.conv2d(images, state["conv1.weight"], padding=1), "bn1"))
    for stage, width in ((1, 16), (2, 32), (3, 64)):
        for block in range(9):
            prefix, stride = f"layer{stage}.{block}", 2 if stage > 1 and block == 0 else 1
            shortcut = features[:, :, ::stride, ::stride]
            missing = width - shortcut.shape[1]
            if missing:
                zeros = torch.zeros_like(shortcut)[:, : missing // 2]
                shortcut = torch.cat([zeros, shortcut, zeros], dim=1)
            branch = F.conv2d(features, state[f"{prefix}.conv1.weight"], stride=stride, padding=1)
            branch = F.conv2d(F.relu(norm(branch, f"{prefix}.bn1")), state[f"{prefix}.conv2.weight"], padding=1)
            features = F.relu(norm(branch, f"{prefix}.bn2") + shortcut)
    return F.linear(F.avg_pool2d(features, 8).flatten(1), state["linear.weight"], state["linear.bias"])


def test_resnet56_is_the_network_of_the_paper(resnet56_file):
    classifier = load_resnet56(resnet56_file, IDENTITY)
    images = torch.rand(2, 3, 32, 32)
    state = {k.removeprefix("module."): v for k, v in torch.load(resnet56_file)["state_dict"].items()}
    mean = torch.tensor([0.4914, 0.4822, 0.4465]).view(3, 1, 1)
    std = torch.tensor([0.2470, 0.2435, 0.2616]).view(3, 1, 1)
    torch.testing.assert_close(classifier(images), _slow_resnet56(state, (images - mean) / std), rtol=1e-4, atol=1e-4)
    assert classifier.classes is CIFAR10 and classifier.image_size == 32
    assert sum(p.numel() for p in classifier.network.parameters()) == 853_018  # as published


@pytest.mark.parametrize(
    ("load", "content", "message"),
    [
        (load_resnet56, {"state_dict": CifarResNet(blocks=3).state_dict()}, r"fit CifarResNet: Missing key.*layer1\.3"),
        (load_resnet56, {"state_dict": nn.Linear(2, 2)}, r"cannot be read \(Weights only load failed"),
        (partial(load_timm, model=TIMM), {"weight": torch.zeros(1)}, r"does not fit timm's test_resnet\.r160_in1k"),
    ],
)
def test_unsafe_or_mismatched_weights_are_refused(load, content, message, tmp_path):
    torch.save(content, tmp_path / "weights.bin")
    with pytest.raises(RuntimeError, match=rf"weights\.bin .*{message}"):
        load(tmp_path / "weights.bin", IDENTITY)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_efficientnet_lite_knows_the_bundled_photographs(number):
    photographs = load_samples("photographs")
    images = torch.from_numpy(photographs.images).float() / 255
    top5 = load_classifier(f"efficientnet-lite{number}")(images).topk(5).indices
    correct = (top5 == torch.from_numpy(photographs.labels)[:, None]).any(dim=1)
    assert correct.float().mean() >= 0.75


def test_for_classes_restricts_and_reorders(lite0):
    images = torch.rand(2, 3, 64, 64)
    everything = lite0(images)
    hundred = lite0.for_classes(imagenet100())
    torch.testing.assert_close(hundred(images), everything[:, list(imagenet100().imagenet_indices)])
    named = lite0.for_classes(ClassSet("custom", ("goldfish", "tench")))
    torch.testing.assert_close(named(images), everything[:, [1, 0]])
    assert hundred.classes == imagenet100() and lite0.classes == imagenet() and hundred.network is lite0.network


@pytest.mark.parametrize(
    ("classes", "template", "message"),
    [
        (CIFAR10, None, r"knows only the 1000 imagenet classes.*'airplane', 'automobile', 'bird' and 7 more"),
        (ClassSet("custom", ("a", "b", "c", "tench")), None, r"do not include 'a', 'b', 'c'; use"),
        (ClassSet("custom", ("a", "b", "c", "d")), None, r"do not include 'a', 'b', 'c' and 1 more; use"),
        (ClassSet("custom", ("tench", "crane")), None, r"'crane' names several classes.*imagenet_indices"),
        (imagenet100(), "a {class}", r"fixed vocabulary and reads no prompts.*'a {class}'"),
    ],
)
def test_for_classes_says_what_it_cannot_do(lite0, classes, template, message):
    with pytest.raises(ValueError, match=message):
        lite0.for_classes(classes, template)


def test_load_torchvision_computes_what_torchvision_does(tmp_path):
    torch.manual_seed(0)
    name = "squeezenet1_1"
    network = models.get_model(name, weights=None).eval()
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    classifier = load_torchvision(tmp_path / "weights.pth", IDENTITY, model=name, version="IMAGENET1K_V1")
    images = torch.rand(2, 3, 224, 224)
    normalise = models.get_model_weights(name)["IMAGENET1K_V1"].transforms(resize_size=224)
    torch.testing.assert_close(classifier(images), network(normalise(images)), rtol=1e-4, atol=1e-4)
    assert classifier.image_size == 224 and len(classifier.classes) == 1000


def test_load_torchvision_reads_the_old_spelling_of_densenet(tmp_path):
    network = models.densenet121(weights=None).eval()
    old = {
        re.sub(r"(norm|conv)([12])\.", r"\1.\2.", k) if "denselayer" in k else k: v
        for k, v in network.state_dict().items()
    }
    assert any("denselayer1.norm.1.weight" in key for key in old)
    torch.save(old, tmp_path / "weights.pth")
    classifier = load_torchvision(tmp_path / "weights.pth", IDENTITY, model="densenet121", version="IMAGENET1K_V1")
    torch.testing.assert_close(classifier.network.state_dict(), network.state_dict())


def test_load_timm_computes_what_timm_does(tmp_path):
    torch.manual_seed(0)
    network = timm.create_model(TIMM, pretrained=False).eval()
    save_file(network.state_dict(), tmp_path / "model.safetensors")
    classifier = load_timm(tmp_path / "model.safetensors", IDENTITY, model=TIMM)
    config = timm.data.resolve_model_data_config(network)
    size = config["input_size"][-1]
    images = torch.rand(2, 3, size, size)
    mean, std = (torch.tensor(config[key]).view(3, 1, 1) for key in ("mean", "std"))
    torch.testing.assert_close(classifier(images), network((images - mean) / std))
    assert classifier.image_size == size


MODELS = PRECOMPUTED / "models"
CLIPS = ("mini-clip", "mini-clip-robust")
ANIMALS = ClassSet("custom", ("a kitten", "a frog", "some old lorry"))


def pictures(count=8):
    return torch.from_numpy(load_samples("cifar10-samples").images[:count]).float() / 255


@pytest.mark.parametrize("name", CLIPS)
@pytest.mark.parametrize("classes", [CIFAR10, ANIMALS], ids=["its own classes", "free text"])
def test_logits_and_gradients_are_open_clips(name, classes):
    ours = load_classifier(name, classes)
    theirs = load_classifier(f"open_clip:local-dir:{MODELS / name}", classes)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in ours.modules()), "they are folded"
    logits, gradient = logits_and_gradient(ours, pictures())
    expected, theirs_back = logits_and_gradient(theirs, pictures())
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)
    assert (gradient - theirs_back).norm() < 1e-4 * theirs_back.norm()


@pytest.mark.parametrize("name", CLIPS)
def test_stored_embeddings_equal_the_text_tower(name):
    ours = load_classifier(name)
    embeddings = load_prompt_embeddings(MODELS / name, ours.sha256)
    prompts = dict.fromkeys((*CIFAR10.names, *DEFAULT_WORDS))
    assert list(embeddings) == [f"a photo of a {word}" for word in prompts]
    tokens = ours.tokenizer(list(embeddings))
    rows = ours.network.encode_text(tokens, normalize=True)
    torch.testing.assert_close(torch.from_numpy(np.stack(list(embeddings.values()))), rows, rtol=1e-5, atol=1e-6)


def test_embeddings_of_other_weights_are_not_used(tmp_path, monkeypatch):
    expected, folder = load_classifier("mini-clip")(pictures()), tmp_path / "mini-clip"
    shutil.copytree(MODELS / "mini-clip", folder)
    wrong = np.tile(np.eye(1, 128, dtype=np.float32), (10, 1))
    save_prompt_embeddings(folder, [f"a photo of a {word}" for word in CIFAR10.names], wrong, "0" * 64)
    monkeypatch.setattr(bundled, "MODELS", tmp_path)
    torch.testing.assert_close(load_classifier("mini-clip")(pictures()), expected, rtol=1e-4, atol=1e-4)


def logits_and_gradient(network, images):
    variable = images.clone().requires_grad_()
    logits = network(variable)
    return logits.detach(), torch.autograd.grad(logits[:, 1].sum(), variable)[0]


def test_contiguous_attention_has_the_gradients_of_the_network():
    attention = nn.MultiheadAttention(16, 2, batch_first=True).requires_grad_(False).eval()
    network = nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 16, 3), attention=attention)).requires_grad_(False)
    twin, images = with_contiguous_attention(network), torch.rand(3, 3, 8, 8)

    def attended(module, images):
        tokens = module.conv(images).flatten(2).transpose(1, 2)
        return module.attention(tokens, tokens, tokens, need_weights=False)[0].mean(dim=1)

    results = [logits_and_gradient(lambda x, module=module: attended(module, x), images) for module in (network, twin)]
    for expected, result in zip(*results, strict=True):
        assert torch.allclose(result, expected, rtol=0, atol=1e-6) and result.any()
    assert not twin.attention.batch_first, "attention reads tokens that are contiguous"
    assert all(a is b for a, b in zip(twin.parameters(), network.parameters(), strict=True))
    assert attention.batch_first and type(attention) is nn.MultiheadAttention


def test_contiguous_attention_takes_any_tokens():
    attention = nn.MultiheadAttention(8, 2, batch_first=True).eval()
    twin = with_contiguous_attention(attention)
    query, key, value = torch.rand(3, 2, 5, 8)
    for tokens in ((query, key, value), (query, key, key), (query[0], query[0], query[0])):
        for output, expected in zip(twin(*tokens), attention(*tokens), strict=True):
            assert torch.allclose(output, expected, atol=1e-6) and output.shape == expected.shape
    assert with_contiguous_attention(torch.sum) is torch.sum
