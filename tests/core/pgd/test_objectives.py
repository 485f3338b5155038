import numpy as np
import pytest
import torch

from core.pgd.objectives import Generation, Inpainting
from tests.core.toy import centre_mask, random_images, random_targets


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("penalty", ["norm", "mean_square"])
def test_penalty_and_its_gradient_are_those_of_the_formula(seed, penalty):
    x0, images = random_images(4, seed), random_images(4, seed + 50)
    change = (images - x0).double().numpy() * ~centre_mask().numpy()
    square = (change**2).sum(axis=(1, 2, 3))
    if penalty == "norm":
        value, gradient = 3 * np.sqrt(square), 3 * change / np.sqrt(square)[:, None, None, None]
    else:
        value, gradient = 3 * square / change[0].size, 6 * change / change[0].size
    variable = images.clone().requires_grad_()
    found = Inpainting(random_targets(4, seed), centre_mask(), weight=3, penalty=penalty).penalty_term(variable, x0)
    np.testing.assert_allclose(found.detach().numpy(), value, rtol=1e-5)
    np.testing.assert_allclose(torch.autograd.grad(found.sum(), variable)[0].numpy(), gradient, atol=1e-6)


@pytest.mark.parametrize("penalty", ["norm", "mean_square"])
def test_penalty_has_no_gradient_where_nothing_outside_has_changed(penalty):
    x0 = random_images(2, 0)
    objective = Inpainting(random_targets(2, 0), centre_mask(), penalty=penalty)
    for change in (torch.zeros_like(x0), 0.01 * centre_mask().expand_as(x0)):
        variable = (x0 + change).requires_grad_()
        found = objective.penalty_term(variable, x0)
        assert not found.any() and not torch.autograd.grad(found.sum(), variable)[0].any()


def test_each_image_may_have_a_hole_of_its_own():
    masks, x0 = torch.stack([centre_mask(), ~centre_mask()]), random_images(2, 0)
    objective = Inpainting(torch.tensor([2, 1]), masks, weight=1.0)
    change = 0.1 * centre_mask().expand_as(x0)
    assert objective.penalty_term(x0 + change, x0).gt(0.1).tolist() == [False, True]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weight": -1}, "weight .lambda. must be"),
        ({"weight": float("nan")}, "weight .lambda. must be"),
        ({"weight": float("inf")}, "weight .lambda. must be"),
        ({"penalty": "l1"}, "penalty must be one of norm, mean_square, frozen"),
        ({"mask": centre_mask().float()}, "mask must be bool"),
        ({"mask": centre_mask()[0]}, "mask must be bool"),
    ],
)
def test_inpainting_refuses_settings_out_of_range(changes, message):
    with pytest.raises(ValueError, match=message):
        Inpainting(**({"targets": torch.tensor([0]), "mask": centre_mask()} | changes))


def test_objectives_describe_their_settings():
    assert Generation(torch.tensor([0])).to_json() == {"kind": "generation"}
    wanted = {"kind": "inpainting", "weight": 2.0, "penalty": "mean_square"}
    assert Inpainting(torch.tensor([0]), centre_mask(), weight=2.0, penalty="mean_square").to_json() == wanted
