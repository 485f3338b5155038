import numpy as np
import pytest
import torch
from toy import LinearClassifier, centre_mask, random_images, random_targets

from core.objectives import Generation, Inpainting


def gradient(objective, classifier, images, start):
    prepared = objective.prepare(start)
    variable = images.clone().requires_grad_()
    terms = prepared.terms(classifier(variable), variable - start)
    return torch.autograd.grad(sum(terms.values()).sum(), variable)[0]


def test_generation_has_the_gradient_on_paper():
    classifier, images, targets = LinearClassifier(), random_images(4, 0), random_targets(4, 0)
    found = gradient(Generation(targets), classifier, images, images)
    torch.testing.assert_close(found, classifier.gradient(images, targets))


@pytest.mark.parametrize("seed", range(3))
def test_inpainting_has_the_gradient_on_paper(seed):
    classifier, targets, mask = LinearClassifier(), random_targets(4, seed), centre_mask()
    start, images = random_images(4, seed), random_images(4, seed + 50)
    change = (images - start) * ~mask
    length = change.flatten(1).norm(dim=1)[:, None, None, None]
    cross_entropy = classifier.gradient(images, targets)
    norm = gradient(Inpainting(targets, mask, weight=3), classifier, images, start)
    torch.testing.assert_close(norm, cross_entropy + 3 * change / length)
    square = gradient(Inpainting(targets, mask, weight=3, penalty="mean_square"), classifier, images, start)
    torch.testing.assert_close(square, cross_entropy + 3 * 2 * change / 192)


def test_inpainting_terms_are_those_of_the_formula():
    classifier, targets, mask = LinearClassifier(), random_targets(2, 1), centre_mask()
    start, images = random_images(2, 1), random_images(2, 2)
    logits = classifier(images)
    change = ((images - start) * ~mask).double()
    for penalty, wanted in (
        ("norm", 10 * change.flatten(1).norm(dim=1)),
        ("mean_square", 10 * (change**2).flatten(1).mean(dim=1)),
    ):
        terms = Inpainting(targets, mask, penalty=penalty).prepare(start).terms(logits, images - start)
        torch.testing.assert_close(terms["penalty"], wanted.float())
        wanted_loss = -logits.log_softmax(dim=1)[torch.arange(2), targets]
        torch.testing.assert_close(terms["cross_entropy"], wanted_loss)


@pytest.mark.parametrize("penalty", ["norm", "mean_square"])
def test_penalty_gradient_is_finite_where_nothing_has_changed(penalty):
    classifier, images, targets = LinearClassifier(), random_images(2, 0), random_targets(2, 0)
    found = gradient(Inpainting(targets, centre_mask(), penalty=penalty), classifier, images, images)
    torch.testing.assert_close(found, classifier.gradient(images, targets))
    inside_only = images + 0.01 * centre_mask()
    assert torch.isfinite(
        gradient(Inpainting(targets, centre_mask(), penalty=penalty), classifier, inside_only, images)
    ).all()


def test_prepare_repeats_targets_and_masks_for_restarts():
    masks = torch.stack([centre_mask(), ~centre_mask()])
    prepared = Inpainting(torch.tensor([2, 1]), masks).prepare(random_images(2, 0), 3)
    assert prepared.targets.tolist() == [2, 2, 2, 1, 1, 1]
    assert torch.equal(prepared.mask[2], masks[0]) and torch.equal(prepared.mask[3], masks[1])
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
