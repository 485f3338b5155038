"""The classifier's own preprocessing against PIL's and torchvision's."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, Resize

from core.classifiers.classifier import Preprocess


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
@pytest.mark.parametrize("side", [32, 300])
def test_resize_agrees_with_pil(picture, side, interpolation):
    image = Image.fromarray(picture).resize((side, side))
    reference = Resize(224, InterpolationMode(interpolation))(image)
    preprocess = Preprocess(224, (0.0,) * 3, (1.0,) * 3, interpolation=interpolation)
    difference = _grey_levels(preprocess(_tensor(image)), reference)
    # PIL rounds to integer grey values twice, and absolute bicubic weights sum to more than one
    assert difference.mean() < 0.35
    assert difference.max() < 1.2


def test_image_of_the_right_size_is_only_normalised(picture):
    images = _tensor(Image.fromarray(picture).crop((0, 0, 224, 224)))
    mean, std = torch.tensor([0.1, 0.2, 0.3]).view(3, 1, 1), torch.tensor([0.5, 0.6, 0.7]).view(3, 1, 1)
    preprocess = Preprocess(224, (0.1, 0.2, 0.3), (0.5, 0.6, 0.7))
    torch.testing.assert_close(preprocess(images), (images - mean) / std)


def test_gradients_reach_every_pixel():
    images = torch.full((1, 3, 20, 20), 0.5, requires_grad=True)
    (gradient,) = torch.autograd.grad(Preprocess(32, (0.5,) * 3, (0.5,) * 3)(images).sum(), images)
    # an upsampled constant stays constant, so the weights of all pixels sum to those of the 32 x 32 outputs
    assert (gradient > 0).all()
    torch.testing.assert_close(gradient.sum(), torch.tensor(3 * 32 * 32 / 0.5))


@pytest.mark.parametrize(
    "images", [torch.zeros(3, 8, 8), torch.zeros(1, 1, 8, 8), torch.zeros(1, 3, 8, 9), torch.zeros(1, 3, 8, 8).byte()]
)
def test_preprocess_refuses_what_is_not_a_batch_of_square_colour_images(images):
    with pytest.raises(ValueError, match=r"takes square images \(B, 3, H, H\), floating point in \[0, 1\]; got shape"):
        Preprocess(8, (0.5,) * 3, (0.5,) * 3)(images)
