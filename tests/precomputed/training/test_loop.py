"""The training loop, with either part: it learns, resumes bit for bit, and is not disturbed by evaluations."""

import pytest
import torch
from torch.nn import functional as F

from precomputed.training.data import LabelledImages, alternating_flips, batch_indices, flip_and_shift, seeded_generator
from precomputed.training.loop import (
    Accuracy,
    Attack,
    Muon,
    attack_l2,
    clean_accuracy,
    load_checkpoint,
    orthogonalise,
    robust_accuracy,
    save_checkpoint,
    write_bundle,
)


def assert_same_weights(first, other):
    for name, tensor in first.network.state_dict().items():
        assert torch.equal(tensor, other.network.state_dict()[name]), name


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["resnet", "clip"])
def test_a_run_with_evaluations_and_a_restart_ends_at_the_same_bits(kind, make_training, coloured, tmp_path):
    whole = make_training(kind, attack_steps=1)
    states = list(whole.steps())
    assert [state.step for state in states] == list(range(1, whole.total_steps + 1))
    first = make_training(kind, attack_steps=1)
    steps = first.steps()
    for _ in range(3):
        next(steps)
        clean_accuracy(first.classifier(), coloured)
    save_checkpoint(tmp_path / "checkpoint.pt", first.state())
    second = make_training(kind, attack_steps=1)
    stored = load_checkpoint(tmp_path / "checkpoint.pt", second.facts)
    assert stored is not None
    second.restore(stored)
    for training in (first, second):
        for _ in training.steps():
            pass
        assert_same_weights(whole, training)
    images = torch.rand(4, 3, 32, 32)
    whole.network.eval()
    assert torch.equal(whole.classifier()(images), whole.logits(images).detach())


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "attack_steps", "share"), [("resnet", 1, 0.7), ("clip", 0, 0.85)])
def test_steps_reduce_the_loss(kind, attack_steps, share, make_training):
    losses = [state.loss for state in make_training(kind, attack_steps=attack_steps, epochs=8).steps()]
    assert sum(losses[-3:]) < share * sum(losses[:3])


def test_start_takes_up_exactly_the_weights_that_the_recipe_names(make_training, tmp_path):
    path = tmp_path / "weights.safetensors"
    first = make_training("resnet")
    sha256 = write_bundle(tmp_path, path.name, first.network, {}, "")
    assert not torch.equal(first.network.head.weight, make_training("resnet", seed=3).network.head.weight)
    assert_same_weights(first, make_training("resnet", path, seed=3, start_sha256=sha256))
    with pytest.raises(RuntimeError, match="expected 0000"):
        make_training("resnet", path, start_sha256="0" * 64)
    write_bundle(tmp_path, path.name, torch.nn.Linear(2, 2), {}, "")
    with pytest.raises(RuntimeError, match="does not fit MiniResNet"):
        make_training("resnet", path)


def test_other_recipes_and_too_few_images_are_refused(make_training, tmp_path):
    save_checkpoint(tmp_path / "c.pt", make_training("resnet").state())
    with pytest.raises(ValueError, match=r"another recipe: expected \{'epochs': 5\}, found \{'epochs': 3\}"):
        load_checkpoint(tmp_path / "c.pt", make_training("resnet", epochs=5).facts)
    with pytest.raises(ValueError, match="a batch needs 100 images; the training set has 60"):
        make_training("resnet", batch_size=100)
    for changes, message in (({"epochs": 0}, "epochs must be positive"), ({"attack_steps": -1}, "not be negative")):
        with pytest.raises(ValueError, match=message):
            make_training("resnet", **changes)


@pytest.mark.parametrize("shape", [(8, 30), (30, 8), (16, 16)])
def test_orthogonalise_keeps_directions_and_levels_sizes(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    u, sizes, vt = torch.linalg.svd(matrix, full_matrices=False)
    levelled = u.T @ orthogonalise(matrix, steps=6) @ vt.T
    assert (levelled - torch.diag(levelled.diagonal())).abs().max() < 1e-3
    assert levelled.diagonal().min() > 0.6 and levelled.diagonal().max() < 1.3


def test_muon_keeps_the_norm_and_learns():
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(6, 10))
    target = torch.randn(6, 10)
    target = target * (6**0.5 / target.norm())
    optimiser = Muon([weight], 0.1, momentum=0.6, weight_decay=None)
    for k in range(120):
        optimiser.param_groups[0]["lr"] = 0.1 * (1 - k / 120)
        optimiser.zero_grad()
        (weight - target).square().sum().backward()
        optimiser.step()
    assert (weight - target).norm() < 0.3 * target.norm()
    assert weight.norm().item() == pytest.approx(6**0.5, rel=0.05)


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


class TwoPixels(torch.nn.Module):
    """Predicts class 1 if the first pixel is brighter than the second; its robustness is known."""

    def forward(self, images):
        gap = images[:, 0, 0, 0] - images[:, 0, 0, 1]
        return torch.stack([-gap, gap], dim=1)


def pairs(*gaps: int) -> LabelledImages:
    images = torch.full((len(gaps), 3, 4, 4), 100, dtype=torch.uint8)
    images[:, 0, 0, 0] += torch.tensor(gaps, dtype=torch.uint8)
    return LabelledImages(images, torch.ones(len(gaps), dtype=torch.int64), "pairs")


def test_clean_accuracy_counts_an_uneven_last_batch():
    data = pairs(10, 20, 0, 30, 40)
    assert [len(labels) for _, labels in data.batches(2)] == [2, 2, 1]
    assert str(Accuracy(8, 10)) == "80.00% (95 % interval 49.02% to 94.33%, n = 10)"  # Wilson 1927 by hand
    assert clean_accuracy(TwoPixels(), pairs(*[10, 0] * 260)) == Accuracy(260, 520)


def test_robust_accuracy_finds_what_can_be_fooled():
    # Closing a gap of g takes an L2 length of g / sqrt(2): 102 / 255 / 1.41 = 0.28 and 153 / 255 / 1.41 = 0.42.
    accuracy = robust_accuracy(TwoPixels().eval(), pairs(102, 153), Attack(epsilon=0.35, step_size=0.05))
    assert accuracy == Accuracy(1, 2)


def test_batch_indices_cover_every_image_once_an_epoch_in_another_order():
    epochs = [torch.cat([batch_indices(100, 20, epoch * 5 + k, seed) for k in range(5)]).tolist()
              for epoch, seed in ((0, 3), (1, 3), (0, 4))]  # fmt: skip
    assert all(sorted(order) == list(range(100)) for order in epochs)
    assert epochs[0] != epochs[1] and epochs[0] != epochs[2]


def test_alternating_flips_show_both_sides_in_two_epochs():
    first, second = (alternating_flips(torch.arange(1000), 1000, epoch, seed=0) for epoch in (0, 1))
    assert torch.equal(first, ~second)
    assert 400 < int(first.sum()) < 600


@pytest.mark.parametrize("shift", [0, 2])
def test_flip_and_shift_agrees_with_a_slow_twin(shift):
    images, flips = torch.rand(6, 3, 8, 8), torch.tensor([True, False] * 3)
    result = flip_and_shift(images, flips, shift, seeded_generator(1))
    shifts = torch.randint(2 * shift + 1, (2, 6), generator=seeded_generator(1))
    for k, (row, column) in enumerate(shifts.T.tolist()):
        image = images[k].flip(-1) if flips[k] else images[k]
        padded = F.pad(image, (shift,) * 4, mode="reflect")
        assert torch.equal(result[k], padded[:, row : row + 8, column : column + 8])
