"""The first-order map against slow inner products, a finite difference, and the exact change of the loss."""

import numpy as np
import pytest
import torch

from core.classifiers.registry import load_classifier
from core.data.samples import load_samples
from core.fourier.basis import fourier_basis, half_plane, random_signs
from core.sweep.first_order import change_of_loss, first_order_map, rank_correlation


def test_first_order_map_holds_the_gradient_along_each_wave(linear_classifier, noise_dataset):
    image, label = noise_dataset.images[0].astype(np.float32) / 255, int(noise_dataset.labels[0])
    found = first_order_map(linear_classifier, image, label, 7, seed=4)
    pixels = torch.from_numpy(image[None]).requires_grad_()
    torch.nn.functional.cross_entropy(linear_classifier(pixels), torch.tensor([label])).backward()
    gradient = pixels.grad[0].numpy()
    for i, j in half_plane(7):
        wave = random_signs(1, (i, j), seed=4)[0][:, None, None] * fourier_basis(i, j, 8, 8)
        along = (gradient * wave).sum()
        assert found[i + 3, j + 3] == found[3 - i, 3 - j] == pytest.approx(along, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("name", ["mini-resnet", "mini-clip"])
def test_ranks_agree_ever_better_as_waves_get_smaller(name):
    data = load_samples("cifar10-samples")
    # A picture without black or white pixels, which clipping would keep from following the gradient.
    place = next(k for k, image in enumerate(data.images) if image.min() > 2 and image.max() < 253)
    image, label = data.images[place].astype(np.float32) / 255, int(data.labels[place])
    classifier = load_classifier(name, data.classes)
    expected = first_order_map(classifier, image, label, 15, seed=0)
    found = [
        rank_correlation(expected, change_of_loss(classifier, image, label, 15, v, seed=0))
        for v in (4, 0.25, 0.02, 0.002)
    ]
    assert found == sorted(found) and found[0] < 0.9 and found[-1] > 0.98
