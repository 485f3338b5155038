import numpy as np
import pytest
import torch

from core.pgd.objectives import Generation, Inpainting
from tests.core.toy import centre_mask, random_images, random_targets


def outside_change(images, start):
    return (images - start) * ~centre_mask()


def test_generation_has_no_penalty():
    assert Generation(torch.tensor([0])).prepare(random_images(1, 0)).penalty is None


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("penalty", ["norm", "mean_square"])
def test_penalty_and_its_gradient_are_those_of_the_formula(seed, penalty):
    start, images = random_images(4, seed), random_images(4, seed + 50).double().requires_grad_()
    change = outside_change(images, start.double()).flatten(1)
    value = 3 * (change.norm(dim=1) if penalty == "norm" else change.square().mean(dim=1))
    wanted = torch.autograd.grad(value.sum(), images)[0]
    objective = Inpainting(random_targets(4, seed), centre_mask(), weight=3, penalty=penalty)
    given, centre = images.detach().float().flatten(1), start.flatten(1)
    kept = given.clone(), centre.clone()
    found = objective.prepare(start).penalty(given, centre)
    torch.testing.assert_close(found.value.view(-1), value.detach().float())
    torch.testing.assert_close(found.gradient, wanted.float().flatten(1))
    assert torch.equal(given, kept[0]) and torch.equal(centre, kept[1])


@pytest.mark.parametrize("penalty", ["norm", "mean_square"])
def test_penalty_does_not_pull_where_nothing_has_changed(penalty):
    images = random_images(2, 0)
    prepared, rows = Inpainting(random_targets(2, 0), centre_mask(), penalty=penalty).prepare(images), images.flatten(1)
    for change in (torch.zeros_like(images), 0.01 * centre_mask().expand_as(images)):
        found = prepared.penalty(rows + change.flatten(1), rows)
        assert torch.equal(found.gradient, torch.zeros_like(rows)) and not found.value.any()


def test_prepare_repeats_targets_and_masks_for_restarts():
    masks, images = torch.stack([centre_mask(), ~centre_mask()]), random_images(2, 0)
    prepared = Inpainting(torch.tensor([2, 1]), masks).prepare(images, 3)
    assert prepared.targets.tolist() == [2, 2, 2, 1, 1, 1]
    rows = images.repeat_interleave(3, dim=0).flatten(1)
    pulled = prepared.penalty(rows + 0.1, rows).gradient.view(6, 3, *masks.shape[-2:]) != 0
    assert torch.equal(pulled[2], ~masks[0].expand(3, -1, -1)) and torch.equal(pulled[3], ~masks[1].expand(3, -1, -1))
    assert Generation(torch.tensor([1])).prepare(random_images(2, 0), 2).targets.tolist() == [1, 1, 1, 1]


def test_inpainting_takes_numpy_masks():
    mask = centre_mask()
    assert torch.equal(Inpainting(torch.tensor([0]), mask.numpy()).mask, Inpainting(torch.tensor([0]), mask).mask)
    with pytest.raises(ValueError, match="must be bool"):
        Inpainting(torch.tensor([0]), np.zeros((1, 8, 8), np.uint8)).prepare(random_images(1, 0))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weight": -1}, "weight .lambda. must be"),
        ({"weight": float("nan")}, "weight .lambda. must be"),
        ({"weight": float("inf")}, "weight .lambda. must be"),
        ({"penalty": "l1"}, "penalty must be 'norm' or 'mean_square'"),
    ],
)
def test_inpainting_refuses_settings_out_of_range(changes, message):
    with pytest.raises(ValueError, match=message):
        Inpainting(torch.tensor([0]), centre_mask(), **changes)


def test_objectives_describe_their_settings():
    assert Generation(torch.tensor([0])).to_json() == {"kind": "generation"}
    wanted = {"kind": "inpainting", "weight": 2.0, "penalty": "mean_square"}
    assert Inpainting(torch.tensor([0]), centre_mask(), weight=2.0, penalty="mean_square").to_json() == wanted
