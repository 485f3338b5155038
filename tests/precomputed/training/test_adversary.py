import pytest
import torch

from precomputed.training.data import seeded_generator
from precomputed.training.loop import attack_l2

WEIGHT = torch.randn(4, 3 * 6 * 6, generator=torch.Generator().manual_seed(0))


def attack(images, labels, steps, classes=4):
    return attack_l2(lambda images: images.flatten(1) @ WEIGHT[:classes].T, images, labels, epsilon=0.5, steps=steps,
                     step_size=0.3, generator=seeded_generator(2))  # fmt: skip


@pytest.mark.parametrize("steps", [0, 5])
def test_attack_stays_in_the_ball_and_in_range(steps):
    images = torch.rand(16, 3, 6, 6)
    before = images.clone()
    adversarial = attack(images, torch.arange(16) % 4, steps)
    assert torch.equal(images, before)
    assert (adversarial - images).flatten(1).norm(dim=1).max() <= 0.5 + 1e-5
    assert adversarial.min() >= 0 and adversarial.max() <= 1
    assert not adversarial.requires_grad


def test_attack_reaches_the_optimum_of_two_linear_classes():
    """For two classes the loss grows fastest along the difference of their weights."""
    images = torch.full((1, 3, 6, 6), 0.5)
    adversarial = attack(images, torch.tensor([0]), steps=30, classes=2)
    direction = (WEIGHT[1] - WEIGHT[0]) / (WEIGHT[1] - WEIGHT[0]).norm()
    assert torch.allclose((adversarial - images).flatten(), 0.5 * direction, atol=1e-3)
