import pytest
import torch

from core.training.adversary import attack_l2
from core.training.data import seeded_generator


def linear(seed: int = 0):
    weight = torch.randn(4, 3 * 6 * 6, generator=torch.Generator().manual_seed(seed))
    return weight, lambda images: images.flatten(1) @ weight.T


def attack(images, labels, steps, epsilon=0.5, step_size=0.3):
    return attack_l2(linear()[1], images, labels, epsilon=epsilon, steps=steps, step_size=step_size,
                     generator=seeded_generator(2))  # fmt: skip


@pytest.mark.parametrize("steps", [0, 5])
def test_attack_stays_in_the_ball_and_in_range(steps):
    images, labels = torch.rand(16, 3, 6, 6), torch.arange(16) % 4
    before = images.clone()
    found = attack(images, labels, steps)
    assert torch.equal(images, before)
    assert (found - images).flatten(1).norm(dim=1).max() <= 0.5 + 1e-5
    assert found.min() >= 0 and found.max() <= 1
    assert not found.requires_grad


def test_attack_reaches_the_optimum_of_two_linear_classes():
    """For two classes the loss grows fastest along the difference of their weights: known on paper."""
    weight, logits_of = linear()
    two = weight[:2]
    images, labels = torch.full((1, 3, 6, 6), 0.5), torch.tensor([0])
    found = attack_l2(lambda x: x.flatten(1) @ two.T, images, labels, epsilon=0.5, steps=30, step_size=0.3,
                      generator=seeded_generator(3))  # fmt: skip
    direction = (two[1] - two[0]) / (two[1] - two[0]).norm()
    assert torch.allclose((found - images).flatten(), 0.5 * direction, atol=1e-3)
