"""Properties of all classifiers: preprocessing against PIL, patches, other sizes."""

import numpy as np
import open_clip
import pytest
import timm
import torch
from PIL import Image
from torchvision.models import VisionTransformer, resnet18
from torchvision.transforms import InterpolationMode, Resize

from core.classifiers.classifier import Preprocess, patch_grid, takes_any_size
from core.classifiers.registry import load_classifier
from core.data.sample_sets import CIFAR10

SMALL = {"layers": 1, "width": 32, "head_width": 32, "image_size": 32}
TEXT = {"context_length": 8, "vocab_size": 64, "width": 32, "heads": 1, "layers": 1}
TIMM = {"timm_model_name": "vit_tiny_patch16_224", "timm_model_pretrained": False, "timm_proj": "linear"}


@pytest.mark.parametrize(
    ("make", "size", "grid", "any_size"),
    [
        (lambda: open_clip.CLIP(16, {**SMALL, "patch_size": 8}, TEXT), 32, 4, False),
        (lambda: open_clip.CLIP(16, {**TIMM, "timm_pool": "", "image_size": 64}, TEXT), 64, 4, False),
        (lambda: open_clip.CLIP(16, {**SMALL, "layers": (1, 1, 1, 1), "image_size": 64}, TEXT), 64, None, False),
        (lambda: timm.create_model("vit_tiny_patch16_224", img_size=32, patch_size=4, depth=1), 32, 8, False),
        (lambda: VisionTransformer(32, 4, 1, 1, 32, 32), 32, 8, False),
        (lambda: timm.create_model("vit_tiny_r_s16_p8_224", depth=1), 224, None, False),  # a convolutional stem
        (lambda: timm.create_model("mobilevit_xxs"), 224, None, False),  # an average, but attention before it
        (lambda: timm.create_model("tf_efficientnet_lite0"), 224, None, True),
        (lambda: resnet18(), 224, None, True),
    ],
)
def test_patches_and_flexible_sizes_are_detected(make, size, grid, any_size):
    network = make()
    assert (patch_grid(network, size), takes_any_size(network)) == (grid, any_size)


def test_a_classifier_at_another_size_shares_the_network():
    classifier = load_classifier("efficientnet-lite0")
    small, images = classifier.at_size(112), torch.rand(1, 3, 112, 112)
    assert small.network is classifier.network and (small.image_size, classifier.image_size) == (112, 224)
    assert torch.equal(small(images), classifier.network((images - 0.5) / 0.5))
    assert not torch.equal(small(images), classifier(images)), "which enlarges them"
    transformer = load_classifier("mini-clip-vit", CIFAR10)
    assert (transformer.patch_grid, classifier.patch_grid) == (8, None)


@pytest.fixture(scope="module")
def picture():
    """A smooth random picture (H, W, 3) uint8 with an edge in it."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, size=(12, 15, 3), dtype=np.uint8))
    image = np.asarray(coarse.resize((300, 240), Image.Resampling.BICUBIC)).copy()
    image[100:140, 50:200] = 255
    return image


def _tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255


def _grey_levels(ours, theirs):
    return (ours - _tensor(theirs)).abs() * 255


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("size", [32, 300])
def test_resize_agrees_with_pil(picture, size, interpolation):
    image = Image.fromarray(picture).resize((size, size))
    reference = Resize(224, InterpolationMode(interpolation))(image)
    preprocess = Preprocess(224, (0.0,) * 3, (1.0,) * 3, interpolation=interpolation)
    difference = _grey_levels(preprocess(_tensor(image)), reference)
    # PIL rounds to integer grey values twice, and absolute bicubic weights sum to more than one
    assert difference.mean() < 0.35
    assert difference.max() < 1.2


@pytest.mark.parametrize("images", [torch.zeros(1, 1, 8, 8), torch.zeros(1, 3, 8, 9), torch.zeros(1, 3, 8, 8).byte()])
def test_preprocess_refuses_other_shapes(images):
    with pytest.raises(ValueError, match=r"takes square images \(B, 3, H, H\), floating point in \[0, 1\]; got shape"):
        Preprocess(8, (0.5,) * 3, (0.5,) * 3)(images)
