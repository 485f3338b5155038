"""Small classifiers (linear with a known gradient, convolutional, a CLIP) and random inputs."""

from __future__ import annotations

import json
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from core.classifiers.classifier import ClosedSetClassifier, Preprocess
from core.classifiers.families import ClassifierSpec, Family
from core.classifiers.loaders import load_strictly, read_weights
from core.classifiers.weights import FolderFile, Identity
from core.data.sample_sets import CIFAR10, ClassSet
from core.fourier.waves import add_basis, fourier_basis, random_signs

SIZE = 8
CLASSES = 4
TINY_CLIP = {
    "embed_dim": 16,
    "quick_gelu": True,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "patch_size": 8, "head_width": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}


class LinearClassifier(nn.Module):
    """logits = weight @ pixels; the cross-entropy's gradient is (softmax(logits) - one_hot(target)) @ weight."""

    def __init__(self, seed: int = 0, classes: int = CLASSES, size: int = SIZE) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        weight = torch.randn(classes, 3 * size * size, generator=generator) * 0.3
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.classes = tuple(f"class {k}" for k in range(classes))
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1) @ self.weight.T

    def gradient(self, images: Tensor, targets: Tensor) -> Tensor:
        """(B, 3, H, W) gradient of the cross-entropy, from the formula."""
        with torch.no_grad():
            residual = torch.softmax(images.flatten(1) @ self.weight.T, dim=1)
            residual = residual - torch.nn.functional.one_hot(targets, len(self.weight))
            return (residual @ self.weight).view_as(images)


class ConvClassifier(nn.Module):
    """A small random network: nonlinear, differentiable everywhere, with every attribute that a run records."""

    def __init__(self, seed: int = 0, classes: int = CLASSES) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.layers = nn.Sequential(
                nn.Conv2d(3, 8, 3, padding=1), nn.Tanh(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(128, classes)
            )
        self.layers.requires_grad_(False)
        self.classes = ClassSet("custom", tuple(f"class {k}" for k in range(classes)))
        self.name, self.kind, self.weights_id = "toy", "closed-set", "seed 0"
        self.sha256 = self.template = None
        self.device = torch.device("cpu")
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images) * 5.0


def linear_family(folder: Path, kind: type[nn.Sequential] = nn.Sequential, file: str = "name.pt") -> Family:
    """Linear classifiers of CIFAR-10, `toy:NAME` for each weight file of a folder, which gets a random one."""

    def network() -> nn.Sequential:
        return kind(nn.Flatten(), nn.Linear(192, 10))

    def load(path: Path, identity: Identity) -> ClosedSetClassifier:
        loaded = load_strictly(network(), read_weights(path), path)
        return ClosedSetClassifier(identity, loaded, Preprocess(8, (0.5,) * 3, (0.5,) * 3), CIFAR10)

    def spec(name: str, rest: str) -> ClassifierSpec:
        return ClassifierSpec(
            name=name, title=f"Toy {rest}", kind="closed-set", load=load, weights=FolderFile(folder, (f"{rest}.pt",)),
            weights_id=f"toy {rest}", licence="none", source="nowhere", vocabulary="cifar10",
        )  # fmt: skip

    torch.save(network().state_dict(), folder / file)
    return Family(spec, ("toy:NAME",))


def tiny_clip() -> open_clip.CLIP:
    """A CLIP of one layer with random weights, which preprocesses as it declares."""
    torch.manual_seed(0)
    network = open_clip.CLIP(**TINY_CLIP)
    preprocess = {"size": 32, "mean": (0.5, 0.4, 0.3), "std": (0.2, 0.3, 0.4), "interpolation": "bicubic"}
    open_clip.model.set_model_preprocess_cfg(network, {"resize_mode": "shortest", **preprocess})
    return network.eval()


def save_clip(folder: Path, network: nn.Module, config: dict = TINY_CLIP) -> None:
    """Save a folder in open_clip's format."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in network.state_dict().items()}, folder / "open_clip_model.safetensors")
    description = {"model_cfg": config, "preprocess_cfg": dict(network.visual.preprocess_cfg)}
    (folder / "open_clip_config.json").write_text(json.dumps(description))


def random_images(batch: int, seed: int, size: int = SIZE) -> Tensor:
    """(B, 3, size, size) in [0, 1]."""
    return torch.rand(batch, 3, size, size, generator=torch.Generator().manual_seed(seed))


def random_targets(batch: int, seed: int, classes: int = CLASSES) -> Tensor:
    """(B,) int64."""
    return torch.randint(0, classes, (batch,), generator=torch.Generator().manual_seed(seed))


def centre_mask(size: int = SIZE) -> Tensor:
    """(1, size, size) bool, a hole in the middle."""
    mask = torch.zeros(1, size, size, dtype=torch.bool)
    mask[:, size // 4 : size - size // 4, size // 4 : size - size // 4] = True
    return mask


def slow_ranks(classifier, dataset, config) -> dict:
    """{wave: rank of each image's class among the predictions, from 0}, None without one: an image at a time."""
    ranks = {}
    for wave in (None, *config.waves):
        signs = torch.from_numpy(random_signs(len(dataset), wave or (0, 0), seed=config.seed))
        basis = torch.from_numpy(fourier_basis(*(wave or (0, 0)), SIZE, SIZE)) * (wave is not None)
        ranks[wave] = []
        for image, label, sign in zip(dataset.images, dataset.labels, signs, strict=True):
            pixels = torch.from_numpy(image)[None].float() / 255
            logits = classifier(add_basis(pixels, basis, config.epsilon, signs=sign[None]))[0]
            ranks[wave].append(logits.argsort(descending=True).tolist().index(label))
    return ranks
