"""Properties derived from a network."""

import open_clip
import pytest
import timm
import torch
from torchvision.models import VisionTransformer, resnet18

from core.classifiers.classifier import patch_grid, takes_any_size
from core.classifiers.registry import load_classifier
from core.data.sample_sets import CIFAR10

SMALL = {"layers": 1, "width": 32, "head_width": 32, "image_size": 32}
TEXT = {"context_length": 8, "vocab_size": 64, "width": 32, "heads": 1, "layers": 1}
TIMM = {"timm_model_name": "vit_tiny_patch16_224", "timm_model_pretrained": False, "timm_proj": "linear"}


@pytest.mark.parametrize(
    "make, size, grid",
    [
        (lambda: open_clip.CLIP(16, {**SMALL, "patch_size": 8}, TEXT), 32, 4),
        (lambda: open_clip.CLIP(16, {**TIMM, "timm_pool": "", "image_size": 64}, TEXT), 64, 4),
        (lambda: timm.create_model("vit_tiny_patch16_224", img_size=32, patch_size=4, depth=1), 32, 8),
        (lambda: VisionTransformer(32, 4, 1, 1, 32, 32), 32, 8),
        (lambda: timm.create_model("resnet18"), 224, None),
        (lambda: timm.create_model("vit_tiny_r_s16_p8_224", depth=1), 224, None),  # patches of a convolutional stem
    ],
)
def test_patch_grid_counts_the_patches_of_plain_vision_transformers(make, size, grid):
    assert patch_grid(make(), size) == grid


@pytest.mark.parametrize(("name", "grid"), [("mini-clip", None), ("mini-resnet", None), ("mini-clip-vit", 8)])
def test_a_classifier_knows_its_patch_grid_unless_it_convolves(name, grid):
    assert load_classifier(name, CIFAR10).patch_grid == grid


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: resnet18(), True),
        (lambda: timm.create_model("tf_efficientnet_lite0"), True),
        (lambda: VisionTransformer(32, 4, 1, 1, 32, 32), False),
        (lambda: open_clip.CLIP(16, {**SMALL, "patch_size": 8}, TEXT), False),
        (lambda: open_clip.CLIP(16, {**SMALL, "layers": (1, 1, 1, 1), "image_size": 64}, TEXT), False),  # attention
        (lambda: timm.create_model("vit_tiny_r_s16_p8_224", depth=1), False),
    ],
)
def test_a_network_of_convolutions_and_an_average_takes_any_size(make, expected):
    assert takes_any_size(make()) is expected


def test_a_classifier_at_another_size_shares_the_network_and_sees_small_pictures():
    classifier = load_classifier("efficientnet-lite0")
    small, images = classifier.at_size(112), torch.rand(1, 3, 112, 112)
    assert small.network is classifier.network and (small.image_size, classifier.image_size) == (112, 224)
    assert torch.equal(small(images), classifier.network((images - 0.5) / 0.5))
    assert not torch.equal(small(images), classifier(images)), "which enlarges them"
    with pytest.raises(ValueError, match="takes 32 pixels a side only; got 16"):
        load_classifier("mini-clip-vit", CIFAR10).at_size(16)
