"""Penalties and the step of Eq. 3, against formulas and minima found slowly."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from core.pgd.settings import PENALTIES
from core.pgd.steps import Inpainting
from tests.core.toy import centre_mask, random_images, random_targets


@pytest.mark.parametrize("share", [1, 0])
def test_the_mean_square_has_the_gradient_of_its_formula(share):
    x0, mask = random_images(4, 0), centre_mask()
    variable = (x0 + (random_images(4, 50) - x0) * (mask if not share else 1)).requires_grad_()
    change = (variable.detach() - x0).numpy() * ~mask.numpy()
    term = Inpainting(random_targets(4, 0), mask, weight=3, penalty="mean_square").penalty_term(variable, x0)
    gradient = torch.autograd.grad(term.sum(), variable)[0].numpy()
    np.testing.assert_allclose(gradient, 6 * change / change[0].size, atol=1e-6)
    assert gradient.any() == bool(share)
    eq3 = Inpainting(random_targets(4, 0), mask).penalty_term(variable, x0)
    assert not eq3.requires_grad, "the step handles the penalty"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weight": -1}, "weight .lambda. must be"),
        ({"weight": float("nan")}, "weight .lambda. must be"),
        ({"penalty": "l1"}, f"penalty must be one of {', '.join(PENALTIES)}"),
        ({"mask": centre_mask().float()}, "mask must be bool"),
        ({"mask": centre_mask()[0]}, "mask must be bool"),
    ],
)
def test_inpainting_refuses_settings_out_of_range(changes, message):
    with pytest.raises(ValueError, match=message):
        Inpainting(**({"targets": torch.tensor([0]), "mask": centre_mask()} | changes))


# The forward-backward step of Eq. 3, against its definition.


@pytest.mark.parametrize("weight", [0.0, 0.5, 30.0])
@pytest.mark.parametrize("changed", [False, True])
def test_step_of_eq3_is_the_slow_minimum_of_its_definition(weight, changed):
    outside = (~centre_mask()).expand(3, 8, 8).numpy()
    gradient = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    change = 0.05 * torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(2)) * changed
    x0 = random_images(1, 9)
    images = Inpainting(torch.zeros(1, dtype=torch.int64), centre_mask(), weight).step(x0 + change, x0, gradient, 0.1)
    g, y = gradient[0].double().numpy(), (x0 + change - x0)[0].double().numpy()
    # The shortest subgradient: outside, the shortest of g + weight * (any vector of the unit ball, or y / ||y||).
    if changed:
        shortest = np.where(outside, g + weight * y / np.linalg.norm(y[outside]), g)
    else:
        ball = minimize(
            lambda z: np.sum((g[outside] + z) ** 2),
            np.zeros(outside.sum()),
            constraints={"type": "ineq", "fun": lambda z: weight**2 - z @ z},
            options={"maxiter": 500},
        ).x
        shortest = g.copy()
        shortest[outside] += ball
    t = 0.1 / np.linalg.norm(shortest)
    after = (images - x0)[0].double().numpy()
    np.testing.assert_allclose(after[~outside], (y - t * g)[~outside], atol=1e-5)
    # The proximal map: no point outside has a lower t * weight * ||z|| + 1/2 ||z - (y - t g)||^2.
    to, minimum = (y - t * g)[outside], after[outside]

    def value(z):
        return t * weight * np.linalg.norm(z) + 0.5 * np.sum((z - to) ** 2)

    best = min(minimize(value, to * share, options={"gtol": 1e-9}).fun for share in (1e-3, 0.5, 1.0))
    assert value(minimum) <= min(best, value(np.zeros_like(to))) + 1e-7
