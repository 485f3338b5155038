"""Networks with a fixed vocabulary: function and weight file match, and the right logits are selected."""

from collections import OrderedDict
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core.classifiers.classifier import ClosedSetClassifier, Preprocess
from core.classifiers.loaders import load_efficientnet_lite, load_resnet56, load_timm, load_torchvision
from core.classifiers.networks import CifarResNet
from core.classifiers.registry import load_classifier
from core.classifiers.weights import Identity
from core.data.datasets import load_samples
from core.data.sample_sets import CIFAR10, ClassSet, imagenet, imagenet100

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
        (
            partial(load_efficientnet_lite, number=0, side=224),
            OrderedDict(weight=torch.zeros(2, 2)),
            "does not hold an EfficientNet-Lite0",
        ),
        (partial(load_timm, model=TIMM), {"weight": torch.zeros(1)}, r"does not fit timm's test_resnet\.r160_in1k"),
    ],
    ids=["other network", "code", "other shapes", "timm"],
)
def test_weights_that_do_not_fit_or_carry_code_are_refused(load, content, message, tmp_path):
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
    by_wnid = lite0.for_classes(ClassSet("custom", ("a fish", "a gold one"), wnids=("n01440764", "n01443537")))
    torch.testing.assert_close(by_wnid(images), everything[:, [0, 1]])
    assert hundred.classes == imagenet100() and lite0.classes == imagenet() and hundred.network is lite0.network


@pytest.mark.parametrize(
    ("classes", "template", "message"),
    [
        (CIFAR10, None, r"knows only the 1000 imagenet classes.*'airplane', 'automobile', 'bird' and 7 more"),
        (ClassSet("custom", ("a", "b", "c", "tench")), None, r"do not include 'a', 'b', 'c'; use"),
        (ClassSet("custom", ("a", "b", "c", "d")), None, r"do not include 'a', 'b', 'c' and 1 more; use"),
        (ClassSet("custom", ("tench", "crane")), None, r"'crane' names several classes.*imagenet_indices or wnids"),
        (imagenet100(), "a {class}", r"fixed vocabulary and reads no prompts.*'a {class}'"),
    ],
)
def test_for_classes_says_what_it_cannot_do(lite0, classes, template, message):
    with pytest.raises(ValueError, match=message):
        lite0.for_classes(classes, template)


def test_classifier_stays_frozen_in_eval_mode(lite0):
    assert not any(parameter.requires_grad for parameter in lite0.parameters())
    lite0.train()
    assert not any(module.training for module in lite0.modules())


def test_gradients_reach_the_pixels(lite0):
    images = torch.rand(1, 3, 224, 224, requires_grad=True)
    (gradient,) = torch.autograd.grad(lite0(images)[0, 0], images)
    assert gradient.abs().sum() > 0
    assert all(parameter.grad is None for parameter in lite0.parameters())


@pytest.mark.parametrize("name", ["squeezenet1_1", "resnet18"])
def test_load_torchvision_computes_what_torchvision_does(name, tmp_path):
    from torchvision import models

    torch.manual_seed(0)
    network = models.get_model(name, weights=None).eval()
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    classifier = load_torchvision(tmp_path / "weights.pth", IDENTITY, model=name, version="IMAGENET1K_V1")
    images = torch.rand(2, 3, 224, 224)
    normalise = models.get_model_weights(name)["IMAGENET1K_V1"].transforms(resize_size=224)
    torch.testing.assert_close(classifier(images), network(normalise(images)), rtol=1e-4, atol=1e-4)
    assert classifier.image_size == 224 and len(classifier.classes) == 1000


def test_load_torchvision_reads_the_old_spelling_of_densenet(tmp_path):
    import re

    from torchvision import models

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
    import timm
    from safetensors.torch import save_file

    torch.manual_seed(0)
    network = timm.create_model(TIMM, pretrained=False).eval()
    save_file(network.state_dict(), tmp_path / "model.safetensors")
    classifier = load_timm(tmp_path / "model.safetensors", IDENTITY, model=TIMM)
    config = timm.data.resolve_model_data_config(network)
    side = config["input_size"][-1]
    images = torch.rand(2, 3, side, side)
    mean, std = (torch.tensor(config[key]).view(3, 1, 1) for key in ("mean", "std"))
    torch.testing.assert_close(classifier(images), network((images - mean) / std))
    assert classifier.image_size == side


def test_closed_set_classifier_on_paper():
    """Identity network: logits are the picture's mean colour, so every number is known."""

    class MeanColour(nn.Module):
        def forward(self, images):
            return images.mean(dim=(2, 3))

    vocabulary = ClassSet("custom", ("red", "green", "blue"))
    classifier = ClosedSetClassifier(IDENTITY, MeanColour(), Preprocess(4, (0.0,) * 3, (1.0,) * 3), vocabulary)
    images = torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    torch.testing.assert_close(classifier(images), torch.tensor([[0.1, 0.2, 0.3]]))
    swapped = classifier.for_classes(ClassSet("custom", ("blue", "red")))
    torch.testing.assert_close(swapped(images), torch.tensor([[0.3, 0.1]]))
