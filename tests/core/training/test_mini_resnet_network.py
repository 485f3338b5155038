import pytest
import torch

from core.classifiers.networks.mini_resnet import MiniResNet


def test_network_gives_logits():
    assert MiniResNet((8, 8, 8), num_classes=7)(torch.randn(2, 3, 32, 32)).shape == (2, 7)


def test_set_whitening_decorrelates_patches():
    generator = torch.Generator().manual_seed(0)
    # Neighbouring pixels and channels that go together, as in photographs.
    images = torch.nn.functional.avg_pool2d(torch.randn(50, 3, 18, 18, generator=generator), 3, 1)
    images = images + images.mean(dim=1, keepdim=True)
    network = MiniResNet((8, 8, 8))
    network.set_whitening(images, regularisation=0.0)
    with torch.no_grad():
        outputs = torch.nn.functional.conv2d(images, network.whitening.weight)  # without the bias
    outputs = outputs.permute(1, 0, 2, 3).flatten(1)
    assert torch.allclose(outputs[:12], -outputs[12:])
    assert torch.allclose(outputs[:12].cov(correction=0), torch.eye(12), atol=0.02)


def test_whitening_weights_are_not_trained():
    assert not MiniResNet((8, 8, 8)).whitening.weight.requires_grad


@pytest.mark.parametrize("widths", [(8, 8), (8, 0, 8)])
def test_network_refuses_widths(widths):
    with pytest.raises(ValueError, match="three positive channel counts; got"):
        MiniResNet(widths)
